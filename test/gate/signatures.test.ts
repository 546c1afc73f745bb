import { generateKeyPairSync, sign } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeWith } from '../support/needs.ts';
import { digestOf, OCI_MANIFEST, OciRegistry } from '../support/oci-registry.ts';
import { CA, leafFor, OpensslAuthority } from '../support/openssl-authority.ts';
import {
  email,
  IDENTITY,
  ISSUER,
  type Json,
  PREDICATE,
  SigstoreStack,
  statement,
  uri,
} from '../support/sigstore-stack.ts';
import { tar } from '../support/tar.ts';
import { workspace } from '../support/workspace.ts';
import { compile, functions, gate, RUNNER, rules, summary } from './project.ts';

// Signatures as the gate asks for them: real plugins, a sigstore instance and a registry on loopback.
const directory = workspace();
const at = (...names: string[]) => join(directory, ...names);
const V1 = functions('greet_init');
const keys = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const others = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
let stack: SigstoreStack;
let bytes: Buffer;
let old: Buffer;

beforeAll(async () => {
  stack = await SigstoreStack.start();
  compile(directory, 'greet.so', V1);
  compile(directory, 'old.so', V1, ['-DOLD', '-Wl,--build-id=0x1234']);
  bytes = readFileSync(at('greet.so'));
  old = readFileSync(at('old.so'));
  writeFileSync(at('root.json'), JSON.stringify(stack.trustedRoot));
  for (const [name, pair] of [
    ['key', keys],
    ['other', others],
  ] as const) {
    writeFileSync(at(`${name}.pub`), pair.publicKey.export({ type: 'spki', format: 'pem' }));
  }
  const put = (name: string, content: string | Uint8Array) => writeFileSync(at(name), content);
  put('greet.sig', sign('sha256', bytes, keys.privateKey));
  put('old.sig', sign('sha256', old, keys.privateKey));
  put('old-other.sig', sign('sha256', old, others.privateKey));
  put('greet.json', JSON.stringify(await stack.signBlob(bytes)));
  put('attested.json', JSON.stringify(await stack.attest(statement(bytes))));
  const provenance = {
    buildDefinition: {
      externalParameters: {
        workflow: {
          ref: 'refs/tags/v1.2.3',
          repository: 'https://github.com/example/plugin',
          path: '.github/workflows/release.yml',
        },
      },
    },
    runDetails: { builder: { id: IDENTITY } },
  };
  put('provenance.json', JSON.stringify(await stack.attest(statement(bytes, { predicate: provenance }))));
  const earlier = IDENTITY.replace('v1.2.3', 'v1.2.2');
  put('old.json', JSON.stringify(await stack.signBlob(old, stack.signer({ names: [uri(earlier)], issuer: ISSUER }))));
  put(
    'old-person.json',
    JSON.stringify(await stack.signBlob(old, stack.signer({ names: [email('a@example.org')], issuer: ISSUER }))),
  );
});
afterAll(() => stack.stop());

/** Runs the gate over the plugin with these lines below it. */
async function check(...lines: readonly string[]) {
  const config = [
    'version: 1',
    'plugins:',
    '  - name: greet',
    '    kind: elf',
    '    artifact: greet.so',
    "    version: '1.2.3'",
    ...lines.map((line) => `    ${line}`),
  ];
  if (!lines.some((line) => line.startsWith('baseline:'))) config.push('    baseline: { none: first release }');
  writeFileSync(at('plugin-gate.yml'), `${config.join('\n')}\n`);
  const { report } = await gate(directory);
  const about = rules(report).filter(
    (rule) => /!?(?:sig|baseline|release|oci)\//.test(rule) && rule !== 'baseline/none',
  );
  return { about, report, messages: report.findings.map(({ message }) => message).join('\n') };
}
const WHO = `identity: '${IDENTITY}', issuer: '${ISSUER}', trustedRoot: root.json`;

describe('who must have signed the plugin', () => {
  it.each([
    ['an exact identity', `signature: { bundle: greet.json, ${WHO} }`, []],
    [
      'an identity with the version in it',
      `signature: { bundle: greet.json, identity: '${IDENTITY.replace('1.2.3', '{version}')}', issuer: '${ISSUER}', trustedRoot: root.json }`,
      [],
    ],
    [
      'another identity',
      `signature: { bundle: greet.json, ${WHO.replace('example', 'evil')} }`,
      ['!sig/wrong-identity'],
    ],
    [
      'a claim that the certificate does not state',
      `signature: { bundle: greet.json, ${WHO}, claims: { runnerEnvironment: github-hosted } }`,
      ['!sig/wrong-claim'],
    ],
    ['a kind of name', `signature: { bundle: greet.json, ${WHO}, identityType: email }`, ['!sig/wrong-identity']],
    [
      'an otherName digest that is not there',
      `signature: { bundle: greet.json, ${WHO}, digestOid: 1.3.6.1.4.1.99999.1 }`,
      ['!sig/wrong-certificate-digest'],
    ],
    ['an attestation', `signature: { bundle: attested.json, ${WHO}, predicateTypes: ['${PREDICATE}'] }`, []],
    [
      'an attestation of another type',
      `signature: { bundle: attested.json, ${WHO}, predicateTypes: ['https://spdx.dev/Document'] }`,
      ['!sig/wrong-predicate'],
    ],
    [
      'a provenance',
      `signature: { bundle: provenance.json, ${WHO}, provenance: { sourceRepository: 'https://github.com/example/plugin', sourceRef: 'refs/tags/v{version}', builder: '${IDENTITY.split('@')[0]}' } }`,
      [],
    ],
    [
      'a provenance of another source',
      `signature: { bundle: provenance.json, ${WHO}, provenance: { sourceRepository: 'https://github.com/example/other' } }`,
      ['!sig/wrong-provenance'],
    ],
    ['a key with a detached signature', 'signature: { key: key.pub, signature: greet.sig }', []],
    ['another key', 'signature: { key: other.pub, signature: greet.sig }', ['!sig/key-mismatch']],
    [
      'a key, and the bundle has a certificate',
      'signature: { key: key.pub, bundle: greet.json }',
      ['!sig/key-mismatch'],
    ],
    [
      'the built-in root, offline',
      `signature: { bundle: greet.json, ${WHO.replace(', trustedRoot: root.json', '')}, offline: true }`,
      ['!sig/untrusted-root'],
    ],
  ])('%s', async (_, line, expected) => {
    expect((await check(line)).about).toEqual(expected);
  });
});

describeWith(['openssl'], 'an authority of the project', () => {
  it('roots, certificate and signature in files of their own', async () => {
    const openssl = new OpensslAuthority(at('ca'));
    const root = openssl.issue('Example root', { extensions: CA });
    const leaf = openssl.issue('signer', { extensions: leafFor('URI:spiffe://example.org/ci') }, root);
    copyFileSync(root.certificate, at('roots.pem'));
    copyFileSync(leaf.certificate, at('greet.crt'));
    writeFileSync(at('greet.ca.sig'), openssl.sign(leaf, bytes));
    const line =
      'signature: { signature: greet.ca.sig, certificate: greet.crt, identity: spiffe://example.org/ci, caRoots: roots.pem';
    expect((await check(`${line}, unprovenTime: true }`)).about).toEqual([]);
    expect((await check(`${line} }`)).about).toEqual(['!sig/no-time']);
    expect((await check(`${line.replace('/ci', '/cj')}, unprovenTime: true }`)).about).toEqual(['!sig/wrong-identity']);
  });
});

describe('the previous release is verified before it is compared with', () => {
  const SIGNED = 'signature: { key: key.pub, signature: greet.sig }';

  it('by the same key: nothing to say', async () => {
    const { about, report } = await check(
      SIGNED,
      'baseline: { file: old.so, signature: { key: key.pub, signature: old.sig } }',
    );
    expect(about).toEqual([]);
    expect(summary(report, 'compare')).toContain('with file old.so');
  });

  it('by another than it must be: neither compared with nor loaded', async () => {
    const { about, report, messages } = await check(
      SIGNED,
      'baseline: { file: old.so, signature: { key: key.pub, signature: old-other.sig } }',
    );
    expect(about).toEqual(['!baseline/unverified']);
    expect(messages).toMatch(
      /The previous release of greet \(file old\.so\) is not verified\. Expected a signature of this file/,
    );
    expect(report.plugins[0]?.baseline).toBeUndefined();
  });

  it('without a signature where one must be', async () => {
    const { about } = await check(
      SIGNED,
      'baseline: { file: old.so, signature: { key: key.pub, signature: none.sig } }',
    );
    expect(about).toEqual(['!baseline/unverified']);
  });

  it('by another signer, as the configuration allows: the change is told', async () => {
    const { about, messages } = await check(
      SIGNED,
      'baseline: { file: old.so, signature: { key: other.pub, signature: old-other.sig } }',
    );
    expect(about).toEqual(['sig/signer-changed']);
    expect(messages).toMatch(/was signed by the ECDSA P-256 key sha256:\w+, this one by the ECDSA P-256 key/);
  });

  it('the same workflow at another tag is the same signer; a person is another', async () => {
    const workflow = IDENTITY.split('@')[0];
    const now = `signature: { bundle: greet.json, ${WHO} }`;
    const earlier = (bundle: string, who: string) =>
      check(
        now,
        `baseline: { file: old.so, version: '1.2.2', signature: { bundle: ${bundle}, ${who}, issuer: '${ISSUER}', trustedRoot: root.json } }`,
      );
    expect((await earlier('old.json', `identity: '${workflow}@refs/tags/v{version}'`)).about).toEqual([]);
    expect((await earlier('old.json', `identity: '${IDENTITY}'`)).about).toEqual(['!baseline/unverified']);
    expect((await earlier('old-person.json', 'identity: a@example.org')).about).toEqual(['sig/signer-changed']);
  });
});

describeWith(['docker-registry'], 'a previous release in a registry', () => {
  let registry: OciRegistry;
  beforeAll(async () => {
    mkdirSync(at('registry'));
    registry = await OciRegistry.start(at('registry'));
    const layer = await registry.blob(
      'plugins/greet',
      tar({ name: 'usr/lib/greet.so', content: old }),
      'application/vnd.oci.image.layer.v1.tar',
    );
    const image = await registry.image('plugins/greet', [layer], '1.2.2');
    const payload = Buffer.from(
      JSON.stringify({
        critical: { type: 'cosign container image signature', image: { 'docker-manifest-digest': image.digest } },
      }),
    );
    const signed = await registry.blob('plugins/greet', payload, 'application/vnd.dev.cosign.simplesigning.v1+json', {
      'dev.cosignproject.cosign/signature': sign('sha256', payload, keys.privateKey).toString('base64'),
    });
    await registry.image('plugins/greet', [signed], `${image.digest.replace(':', '-')}.sig`);
    expect(image.mediaType).toBe(OCI_MANIFEST);
  });
  afterAll(() => registry.stop());
  const from = (more = '', path = '#usr/lib/greet.so') =>
    `baseline: { oci: 'oci://${registry.host}/plugins/{name}:{version}${path}', version: '1.2.2'${more} }`;

  it('is compared with', async () => {
    const { about, report } = await check(from());
    expect(about).toEqual([]);
    expect(report.plugins[0]?.baseline).toMatchObject({
      digest: digestOf(old),
      version: '1.2.2',
      source: expect.stringMatching(/^oci:\/\/.*greet:1\.2\.2#usr\/lib\/greet\.so \(sha256:/),
    });
  });

  it('by the signature of its image, or by one of the file', async () => {
    expect((await check(from(', signature: { key: key.pub }'))).about).toEqual([]);
    expect((await check(from(', signature: { key: other.pub }'))).about).toEqual(['!baseline/unverified']);
    expect((await check(from(', signature: { key: key.pub, signature: old.sig }'))).about).toEqual([]);
    expect((await check(from(', signature: { key: key.pub, signature: greet.sig }'))).about).toEqual([
      '!baseline/unverified',
    ]);
  });

  it('that is not there, or does not hold the file, is undecided', async () => {
    expect((await check(from().replace('1.2.2', '9.9.9'))).about).toEqual(['!baseline/unreachable']);
    const { about, messages } = await check(from('', '#usr/lib/other.so'));
    expect(about).toEqual(['!baseline/unusable']);
    expect(messages).toContain('has no file usr/lib/other.so');
  });

  it('with another digest than is pinned', async () => {
    expect((await check(from(`, digest: 'sha256:${'0'.repeat(64)}'`))).about).toEqual(['!baseline/unusable']);
    expect((await check(from(`, digest: '${digestOf(old)}'`))).about).toEqual([]);
  });
});

describe('rollback', () => {
  const ledger = (...lines: readonly Json[]) =>
    writeFileSync(at('releases.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'));
  const release = (version: string, digest = `sha256:${'1'.repeat(64)}`) => ({
    plugin: 'greet',
    target: RUNNER,
    version,
    digest,
  });

  it.each([
    ['1.2.0', []],
    ['1.2.3', []],
    ['1.2.4', ['!release/below-floor']],
    ['2.0.0', ['!release/below-floor']],
    ['1.2.3-rc.1', []],
  ])('a floor of %s', async (floor, expected) => {
    expect((await check(`rollback: { floor: '${floor}' }`)).about).toEqual(expected);
  });

  it('a ledger: what was released, under its version or another, and what is newer', async () => {
    const asked = 'rollback: { ledger: releases.jsonl }';
    ledger();
    expect((await check(asked)).about).toEqual([]);
    ledger(release('1.2.2'), { ...release('9.0.0'), plugin: 'other' }, { ...release('1.9.0'), target: 'linux/s390x' });
    expect((await check(asked)).about).toEqual([]);
    ledger(release('1.3.0'));
    expect((await check(asked)).about).toEqual(['!release/rollback']);
    ledger(release('2.0.0'));
    expect((await check(asked)).about).toEqual([]);
    ledger(release('1.2.3'));
    expect((await check(asked)).about).toEqual(['!release/version-reused']);
    ledger(release('1.2.3', digestOf(bytes)));
    expect((await check(asked)).about).toEqual([]);
    ledger(release('1.2.3', digestOf(bytes)), release('2.0.0'));
    expect((await check(asked)).about).toEqual(['!release/rollback']);
    ledger(release('1.0.0', digestOf(bytes)));
    expect((await check(asked)).about).toEqual(['!release/known-content']);
  });

  it('a signed plugin is held back as well, with its signature verified', async () => {
    const { about } = await check('signature: { key: key.pub, signature: greet.sig }', "rollback: { floor: '3.0.0' }");
    expect(about).toEqual(['!release/below-floor']);
  });

  it.each([
    ['no JSON', 'x', 'Line 1 of the ledger releases.jsonl'],
    ['no version', '{"plugin":"a","target":"b","digest":"c"}', 'version is missing'],
    [
      'a version that is none',
      `{"plugin":"a","target":"b","version":"v1","digest":"sha256:${'0'.repeat(64)}"}`,
      'not a semantic version',
    ],
    ['a digest that is none', '{"plugin":"a","target":"b","version":"1.0.0","digest":"x"}', 'its digest'],
    ['a key twice', '{"plugin":"a","plugin":"greet"}', 'given twice'],
  ])('a ledger with %s is a wrong configuration', async (_, line, why) => {
    writeFileSync(at('releases.jsonl'), `${line}\n`);
    await expect(check('rollback: { ledger: releases.jsonl }')).rejects.toThrow(why);
  });
});
