import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ProvenancePolicy, SignaturePolicy } from '../../src/signature/policy.ts';
import { atAnyRef } from '../../src/signature/policy.ts';
import type { Trust } from '../../src/signature/trust.ts';
import { type Json, keyPair, keySigner, RELEASE, SigstoreStack, statement } from '../support/sigstore-stack.ts';
import { bundleFile, FILE, findingsOf, keyPolicy, SIGNER, trustOf } from './verifying.ts';

const REPOSITORY = 'https://github.com/example/plugin';
const REF = 'refs/tags/v1.2.3';
const COMMIT = 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00';
const WORKFLOW = `${REPOSITORY}/.github/workflows/release.yml`;
const V1 = 'https://slsa.dev/provenance/v1';
const V02 = 'https://slsa.dev/provenance/v0.2';

/** As actions/attest-build-provenance writes it. */
const githubV1 = (): Json => ({
  buildDefinition: {
    buildType: 'https://actions.github.io/buildtypes/workflow/v1',
    externalParameters: { workflow: { ref: REF, repository: REPOSITORY, path: '.github/workflows/release.yml' } },
    internalParameters: { github: { event_name: 'push', runner_environment: 'github-hosted' } },
    resolvedDependencies: [{ uri: `git+${REPOSITORY}@${REF}`, digest: { gitCommit: COMMIT } }],
  },
  runDetails: { builder: { id: `${WORKFLOW}@${REF}` }, metadata: { invocationId: `${REPOSITORY}/actions/runs/1` } },
});
/** As slsa-github-generator writes it (generic generator). */
const generatorV02 = (): Json => ({
  builder: {
    id: 'https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml@refs/tags/v2.0.0',
  },
  buildType: 'https://github.com/slsa-framework/slsa-github-generator/generic@v1',
  invocation: {
    configSource: {
      uri: `git+${REPOSITORY}@${REF}`,
      digest: { sha1: COMMIT },
      entryPoint: '.github/workflows/release.yml',
    },
  },
  materials: [{ uri: `git+${REPOSITORY}@${REF}`, digest: { sha1: COMMIT } }],
});
const BUILDERS = {
  [V1]: atAnyRef(WORKFLOW),
  [V02]: atAnyRef(
    'https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml',
  ),
};
const PREDICATES = { [V1]: githubV1, [V02]: generatorV02 };
const source: ProvenancePolicy = {
  sourceRepository: REPOSITORY,
  sourceRef: REF,
  sourceDigest: COMMIT,
  workflow: WORKFLOW,
};

let stack: SigstoreStack;
let trust: Trust;
beforeAll(async () => {
  stack = await SigstoreStack.start();
  trust = trustOf(stack);
});
afterAll(() => stack.stop());

async function check(
  type: string,
  predicate: unknown,
  provenance: ProvenancePolicy,
  more: Partial<SignaturePolicy> = {},
): Promise<readonly string[]> {
  const bundle = await stack.attest(statement(FILE, { predicateType: type, predicate }));
  const policy: SignaturePolicy = { signer: SIGNER, log: 'required', predicateTypes: [type], provenance, ...more };
  return (await findingsOf(bundleFile(bundle), { policy, trust })).map(({ rule, message }) => `${rule}: ${message}`);
}
/** The predicate with one place changed; undefined takes it out. */
function changed(predicate: Json, path: readonly (string | number)[], value: unknown): Json {
  const copy: Json = structuredClone(predicate);
  let at = copy;
  for (const key of path.slice(0, -1)) at = at[key];
  at[path.at(-1) ?? ''] = value;
  return copy;
}

describe.each([V1, V02] as const)('%s', (type) => {
  const predicate = PREDICATES[type];

  it('that states what the policy expects', async () => {
    expect(await check(type, predicate(), { ...source, builder: BUILDERS[type] })).toEqual([]);
  });

  it.each([
    ['sourceRepository', 'https://github.com/evil/plugin', 'source repository'],
    ['sourceRepository', `${REPOSITORY}-evil`, 'source repository'],
    ['sourceRef', 'refs/heads/main', 'source ref'],
    ['sourceDigest', COMMIT.replace('c', 'd'), 'source commit'],
    ['workflow', WORKFLOW.replace('release', 'test'), 'workflow'],
  ] as const)('another %s than %s', async (name, value, words) => {
    const found = await check(type, predicate(), { ...source, [name]: value });
    expect(found).toEqual([
      expect.stringMatching(`^sig/wrong-provenance: Expected the provenance to state the ${words}`),
    ]);
  });

  it('another builder, also one that only begins alike', async () => {
    const builder = atAnyRef('https://github.com/example');
    const words = /^sig\/wrong-provenance: .*the builder a match of/;
    expect(await check(type, predicate(), { builder })).toEqual([expect.stringMatching(words)]);
  });
});

describe('what a provenance does not state clearly is not stated', () => {
  const wrong = (words: string) => [expect.stringMatching(`^sig/wrong-provenance: .*${words}.*found none`)];

  it.each([
    ['no predicate', null, 'source commit'],
    ['no dependencies', changed(githubV1(), ['buildDefinition', 'resolvedDependencies'], undefined), 'source commit'],
    [
      'the commit of another repository',
      changed(githubV1(), ['buildDefinition', 'resolvedDependencies', 0, 'uri'], `git+https://github.com/x/y@${REF}`),
      'source commit',
    ],
    [
      'two commits for one source',
      changed(githubV1(), ['buildDefinition', 'resolvedDependencies', 1], {
        uri: `git+${REPOSITORY}@${REF}`,
        digest: { gitCommit: 'f'.repeat(40) },
      }),
      'source commit',
    ],
    [
      'a commit that is no text',
      changed(githubV1(), ['buildDefinition', 'resolvedDependencies', 0, 'digest'], { gitCommit: [COMMIT] }),
      'source commit',
    ],
  ])('%s', async (_, predicate, words) => {
    expect(await check(V1, predicate, { sourceDigest: COMMIT })).toEqual(wrong(words));
  });

  it('commits of v0.2 that contradict each other', async () => {
    const predicate = changed(generatorV02(), ['materials', 0, 'digest', 'sha1'], 'f'.repeat(40));
    expect(await check(V02, predicate, { sourceDigest: COMMIT })).toEqual(wrong('source commit'));
  });

  it('a builder of another type than text', async () => {
    const predicate = changed(githubV1(), ['runDetails', 'builder', 'id'], { toString: WORKFLOW });
    expect(await check(V1, predicate, { builder: atAnyRef(WORKFLOW) })).toEqual(wrong('builder'));
  });
});

describe('runners', () => {
  const self = () =>
    changed(githubV1(), ['buildDefinition', 'internalParameters', 'github', 'runner_environment'], 'self-hosted');

  it('of GitHub are accepted, those of the project are not', async () => {
    expect(await check(V1, githubV1(), { runner: 'github-hosted' })).toEqual([]);
    expect(await check(V1, self(), { runner: 'github-hosted' })).toEqual([
      expect.stringMatching('^sig/wrong-provenance: .*kind of runner "github-hosted", found "self-hosted"'),
    ]);
    expect(await check(V1, self(), {})).toEqual([]);
  });

  it('that v0.2 does not state are taken from the certificate, where that is asked', async () => {
    const claims = { runnerEnvironment: { kind: 'exact', value: 'github-hosted' } } as const;
    const found = await check(V02, generatorV02(), { runner: 'github-hosted' }, { signer: { ...SIGNER, claims } });
    expect(found).toEqual([expect.stringMatching('^sig/wrong-claim: .*runnerEnvironment')]);
    const profile = { ...RELEASE, claims: { '1.3.6.1.4.1.57264.1.11': 'github-hosted' } };
    const bundle = await stack.attest(
      statement(FILE, { predicateType: V02, predicate: generatorV02() }),
      stack.signer(profile),
    );
    const policy: SignaturePolicy = {
      signer: { ...SIGNER, claims },
      log: 'required',
      predicateTypes: [V02],
      provenance: { runner: 'github-hosted' },
    };
    expect(await findingsOf(bundleFile(bundle), { policy, trust })).toEqual([]);
    expect(await check(V02, generatorV02(), { runner: 'github-hosted' })).toEqual([
      expect.stringMatching('kind of runner "github-hosted", found none'),
    ]);
  });
});

describe('with a key', () => {
  it('a provenance is accepted and refused for the same reasons', async () => {
    const { privateKey, publicKey } = keyPair();
    const bundle = await stack.attest(
      statement(FILE, { predicateType: V1, predicate: githubV1() }),
      keySigner(privateKey, publicKey),
    );
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const ask = (provenance: ProvenancePolicy) =>
      findingsOf(bundleFile(bundle), { policy: keyPolicy(pem, { predicateTypes: [V1], provenance }), trust });
    expect(await ask(source)).toEqual([]);
    expect(await ask({ ...source, sourceRef: 'refs/heads/main' })).toMatchObject([
      { rule: 'sig/wrong-provenance', subject: 'sourceRef' },
    ]);
  });
});

it.each([
  [
    'none of its types is accepted',
    { predicateTypes: ['https://spdx.dev/Document'], provenance: source },
    'accepts none',
  ],
  ['an empty ref', { predicateTypes: [V1], provenance: { sourceRef: '' } }, 'sourceRef of the provenance is empty'],
  [
    'a builder that is anybody',
    { predicateTypes: [V1], provenance: { builder: { kind: 'pattern', pattern: '.*' } as const } },
    'matches anybody',
  ],
])('a policy about provenance: %s', async (_, policy, why) => {
  const asked = findingsOf(bundleFile({}), { policy: { signer: SIGNER, log: 'required', ...policy }, trust });
  await expect(asked).rejects.toThrow(why);
});
