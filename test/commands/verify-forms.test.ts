import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { type VerifyOptions, verify } from '../../src/commands/verify.ts';
import { describeWith } from '../support/needs.ts';
import { CA, leafFor, OpensslAuthority } from '../support/openssl-authority.ts';
import {
  email,
  IDENTITY,
  ISSUER,
  type Json,
  PREDICATE,
  RELEASE,
  SigstoreStack,
  sha256,
  statement,
} from '../support/sigstore-stack.ts';
import { workspace } from '../support/workspace.ts';

// The forms that a signature can come in, and what the options ask of it, as a user gives them.
const directory = workspace();
const at = (name: string) => join(directory, name);
const bytes = Buffer.from('\x7fELF and more');
const WORKFLOW = 'example/plugin/.github/workflows/release.yml';
const REPOSITORY = 'https://github.com/example/plugin';
const COMMIT = 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00';
const CLAIMS: Readonly<Record<string, string>> = {
  '1.3.6.1.4.1.57264.1.9': IDENTITY,
  '1.3.6.1.4.1.57264.1.11': 'github-hosted',
  '1.3.6.1.4.1.57264.1.12': REPOSITORY,
  '1.3.6.1.4.1.57264.1.13': COMMIT,
  '1.3.6.1.4.1.57264.1.14': 'refs/tags/v1.2.3',
};
const ajv = new Ajv2020({ strict: false });
formats.default(ajv);
const conforms = ajv.compile(JSON.parse(readFileSync(new URL('../../schema/verify.v1.json', import.meta.url), 'utf8')));

let stack: SigstoreStack;
beforeAll(async () => {
  stack = await SigstoreStack.start();
  const put = (name: string, content: string | Uint8Array) => writeFileSync(at(name), content);
  put('plugin.so', bytes);
  put('other.so', 'another');
  put('root.json', JSON.stringify(stack.trustedRoot));
  const signed: Json = await stack.signBlob(bytes);
  const der: string =
    signed.verificationMaterial.certificate?.rawBytes ??
    signed.verificationMaterial.x509CertificateChain.certificates[0].rawBytes;
  const pem = `-----BEGIN CERTIFICATE-----\n${der}\n-----END CERTIFICATE-----\n`;
  put('plugin.sig', signed.messageSignature.signature);
  put('plugin.crt', pem);
  put('plugin.pem.b64', Buffer.from(pem).toString('base64'));
  const signer = () => stack.signer({ ...RELEASE, claims: CLAIMS });
  const predicate = {
    buildDefinition: {
      externalParameters: {
        workflow: { ref: 'refs/tags/v1.2.3', repository: REPOSITORY, path: '.github/workflows/release.yml' },
      },
      internalParameters: { github: { runner_environment: 'github-hosted' } },
      resolvedDependencies: [{ uri: `git+${REPOSITORY}@refs/tags/v1.2.3`, digest: { gitCommit: COMMIT } }],
    },
    runDetails: { builder: { id: IDENTITY } },
  };
  const provenance = await stack.attest(statement(bytes, { predicate }), signer());
  put('provenance.json', JSON.stringify(provenance));
  const other = await stack.attest(statement(Buffer.from('x'), { predicate }), signer());
  put('several.jsonl', `${JSON.stringify(other)}\n${JSON.stringify(provenance)}\n`);
  put('plain.json', JSON.stringify(await stack.signBlob(bytes, signer())));
  const person = stack.signer({ names: [email('a@example.org')], issuer: ISSUER, claims: CLAIMS });
  put('person.json', JSON.stringify(await stack.signBlob(bytes, person)));
});
afterAll(() => stack.stop());

async function run(options: VerifyOptions, file = at('plugin.so')) {
  let out = '';
  const terminal = {
    out: (text: string) => {
      out += text;
    },
    err: () => {},
    colour: false,
    interactive: false,
    width: 100,
  };
  const code = await verify(file, { format: 'json', ...options }, terminal);
  const result: Json = options.format === 'text' ? { findings: [] } : JSON.parse(out);
  if (options.format !== 'text') expect(conforms(result) ? [] : conforms.errors).toEqual([]);
  return { code, out, result, rules: result.findings.map(({ rule }: Json) => rule) };
}
const WHO: VerifyOptions = { certificateIdentity: IDENTITY, certificateOidcIssuer: ISSUER };
const trusted = (): VerifyOptions => ({ trustedRoot: at('root.json') });

describe('a signature and its certificate in files of their own', () => {
  it.each(['plugin.crt', 'plugin.pem.b64'])('of Fulcio (%s) prove no time, and no log entry', async (certificate) => {
    const options = { ...WHO, ...trusted(), signature: at('plugin.sig'), certificate: at(certificate) };
    const { code, rules, result } = await run(options);
    expect([code, rules]).toEqual([1, ['sig/no-log-entry', 'sig/no-time']]);
    expect(result.evidence.signer.names).toEqual([{ type: 'uri', value: IDENTITY }]);
  });

  it('that are missing', async () => {
    const missing = { ...WHO, ...trusted(), signature: at('none.sig'), certificate: at('plugin.crt') };
    expect((await run(missing)).rules).toEqual(['sig/missing']);
    const options = { ...WHO, ...trusted(), signature: at('plugin.sig'), certificate: at('none.crt') };
    await expect(run(options)).rejects.toThrow('The certificate cannot be used: there is no file');
  });
});

describeWith(['openssl'], 'an authority of our own', () => {
  const openssl = new OpensslAuthority(at('ca'));
  let options: VerifyOptions;
  beforeAll(() => {
    const root = openssl.issue('Example root', { extensions: CA });
    const middle = openssl.issue('Example signing', { extensions: CA }, root);
    const leaf = openssl.issue('signer', { extensions: leafFor('URI:spiffe://example.org/ci') }, middle);
    writeFileSync(at('own.sig'), openssl.sign(leaf, bytes));
    writeFileSync(at('own.crt'), leaf.pem);
    writeFileSync(at('roots.pem'), root.pem);
    writeFileSync(at('middle.pem'), middle.pem);
    options = {
      signature: at('own.sig'),
      certificate: at('own.crt'),
      caRoots: at('roots.pem'),
      caIntermediates: at('middle.pem'),
      certificateIdentity: 'spiffe://example.org/ci',
      insecureIgnoreTime: true,
    };
  });

  it('verifies, and the evidence names the authority and no other root', async () => {
    const { code, result } = await run(options);
    expect(code).toBe(0);
    expect(result.evidence.authority).toEqual({
      source: at('roots.pem'),
      digest: `sha256:${sha256(readFileSync(at('roots.pem')))}`,
    });
    expect(result.evidence.trust).toBeUndefined();
    const { out } = await run({ ...options, format: 'text', explain: true });
    expect(out).toContain('none: the authority itself vouches for the name');
    expect(out).toContain('nothing proves when it was signed');
  });

  it.each<readonly [string, () => VerifyOptions, string]>([
    ['another file', () => options, 'sig/invalid'],
    ['another name', () => ({ ...options, certificateIdentity: 'spiffe://example.org/cd' }), 'sig/wrong-identity'],
    ['no intermediate', () => ({ ...options, caIntermediates: undefined }), 'sig/untrusted-root'],
    ['a proof of time is asked for', () => ({ ...options, insecureIgnoreTime: undefined }), 'sig/no-time'],
    ['a log entry is asked for', () => ({ ...options, requireTlog: true }), 'sig/no-log-entry'],
    ['an issuer is asked for', () => ({ ...options, certificateOidcIssuer: ISSUER }), 'sig/wrong-issuer'],
    ['a claim is asked for', () => ({ ...options, sourceRef: 'refs/heads/main' }), 'sig/wrong-claim'],
  ])('refused: %s', async (title, make, rule) => {
    const { code, rules } = await run(make(), at(title === 'another file' ? 'other.so' : 'plugin.so'));
    expect([code, rules]).toEqual([1, [rule]]);
  });

  it('roots that are none', async () => {
    await expect(run({ ...options, caRoots: at('middle.pem') })).rejects.toThrow('which is not a root');
    await expect(run({ ...options, caRoots: at('none.pem') })).rejects.toThrow('there is no file');
    await expect(run({ ...options, caIntermediates: at('plugin.so') })).rejects.toThrow('no certificate in PEM');
  });
});

describe('what the job is asked for', () => {
  const ours = (more: VerifyOptions = {}): VerifyOptions => ({
    ...trusted(),
    certificateOidcIssuer: ISSUER,
    signerWorkflow: WORKFLOW,
    bundle: at('plain.json'),
    ...more,
  });
  const attested = (more: VerifyOptions = {}) =>
    ours({ bundle: at('provenance.json'), predicateType: [PREDICATE], ...more });

  it('a workflow stands for the identity, at any ref', async () => {
    expect((await run(ours())).code).toBe(0);
    expect((await run(ours({ signerWorkflow: `https://github.com/${WORKFLOW}` }))).code).toBe(0);
  });

  it.each<readonly [string, VerifyOptions, readonly string[]]>([
    [
      'another workflow',
      { signerWorkflow: WORKFLOW.replace('release', 'test') },
      ['sig/wrong-identity', 'sig/wrong-claim'],
    ],
    [
      'a workflow with dots as other letters',
      { signerWorkflow: WORKFLOW.replace('.yml', '.yaml') },
      ['sig/wrong-identity', 'sig/wrong-claim'],
    ],
    ['a person in place of the workflow', { bundle: 'person.json' }, ['sig/wrong-identity']],
    ['another repository', { sourceRepository: 'example/other' }, ['sig/wrong-claim']],
    ['another ref', { sourceRef: 'refs/heads/main' }, ['sig/wrong-claim']],
    ['another commit', { sourceDigest: 'f'.repeat(40) }, ['sig/wrong-claim']],
  ])('refused: %s', async (_, more, expected) => {
    const { bundle, ...rest } = more;
    const { code, rules } = await run(ours({ ...rest, ...(bundle === undefined ? {} : { bundle: at(bundle) }) }));
    expect([code, rules]).toEqual([1, expected]);
  });

  it('repository, ref, commit, runner and builder, of certificate and provenance alike', async () => {
    const asked = {
      sourceRepository: 'example/plugin',
      sourceRef: 'refs/tags/v1.2.3',
      sourceDigest: COMMIT,
      denySelfHostedRunners: true,
    };
    expect((await run(ours(asked))).code).toBe(0);
    const { code, result } = await run(attested({ ...asked, builderId: `https://github.com/${WORKFLOW}` }));
    expect(code).toBe(0);
    expect(result.evidence.statement.provenance).toMatchObject({
      sourceRepository: REPOSITORY,
      sourceDigest: COMMIT,
      runner: 'github-hosted',
      builder: IDENTITY,
    });
    expect((await run(attested({ builderId: IDENTITY }))).code).toBe(0);
  });

  it('another builder, or none that is asked for by its beginning', async () => {
    expect((await run(attested({ builderId: 'https://github.com/example' }))).rules).toEqual(['sig/wrong-provenance']);
    expect((await run(attested({ builderId: `${IDENTITY}x` }))).rules).toEqual(['sig/wrong-provenance']);
    await expect(run(attested({ builderId: '' }))).rejects.toThrow('builder is empty');
  });

  it('a builder asks for a provenance, also where no type is named', async () => {
    const asked = { builderId: IDENTITY, predicateType: undefined };
    expect((await run(attested(asked))).code).toBe(0);
    expect((await run(ours({ builderId: IDENTITY }))).rules).toEqual(['sig/no-attestation']);
  });

  it('one of several attestations in a file, also by the digest alone', async () => {
    const options = attested({ bundle: at('several.jsonl') });
    const { code, result } = await run(options);
    expect([code, result.evidence.signature.line, result.evidence.signature.lines]).toEqual([0, 2, 2]);
    expect((await run(options, `sha256:${sha256(bytes)}`)).code).toBe(0);
    expect((await run(options, `sha256:${'0'.repeat(64)}`)).rules).toEqual(['sig/wrong-subject']);
    expect((await run({ ...options, format: 'text' })).out).toContain('number 2 of 2');
  });
});

describe('options that contradict each other, or lack each other', () => {
  it.each<readonly [string, VerifyOptions, string]>([
    ['bundle and signature', { bundle: 'b', signature: 's' }, 'Give either --bundle or --signature'],
    ['bundle and certificate', { bundle: 'b', certificate: 'c' }, '--certificate does not go with --bundle'],
    ['key and certificate', { key: 'k', certificate: 'c', signature: 's' }, '--certificate does not go with --key'],
    ['key and roots', { key: 'k', caRoots: 'r' }, '--ca-roots does not go with --key'],
    ['certificate alone', { certificate: 'c' }, '--certificate needs --signature'],
    ['signature alone', { signature: 's' }, '--signature needs --key, --gpg-key or --certificate'],
    ['intermediates alone', { caIntermediates: 'i' }, '--ca-intermediates needs --ca-roots'],
    ['timestamp alone', { rfc3161Timestamp: 't' }, '--rfc3161-timestamp goes with --signature and --certificate'],
    ['roots without identity', { caRoots: 'r', bundle: 'b' }, '--certificate-identity is missing'],
    ['time without roots', { ...WHO, insecureIgnoreTime: true }, '--insecure-ignore-time goes only with --ca-roots'],
    [
      'a workflow that is a name',
      { certificateOidcIssuer: ISSUER, signerWorkflow: 'release' },
      'is not a workflow file',
    ],
    [
      'a workflow with a ref',
      { certificateOidcIssuer: ISSUER, signerWorkflow: `${WORKFLOW}@main` },
      'is not a workflow file',
    ],
    ['a workflow without issuer', { signerWorkflow: WORKFLOW }, '--certificate-oidc-issuer is missing'],
    ['an empty identity with roots', { caRoots: 'r', certificateIdentity: '' }, 'identity is empty'],
    [
      'a builder and another type',
      { ...WHO, builderId: 'b', predicateType: ['https://spdx.dev/Document'] },
      'accepts none',
    ],
  ])('%s', async (_, options, why) => {
    await expect(run(options)).rejects.toThrow(
      expect.objectContaining({ name: 'UsageError', message: expect.stringContaining(why) }),
    );
  });

  it('a ref and a key without provenance', async () => {
    writeFileSync(at('key.pub'), readFileSync(new URL('../fixtures/signature/p256.pub', import.meta.url)));
    await expect(run({ key: at('key.pub'), sourceRef: 'x' })).rejects.toThrow('only a provenance states it');
  });
});
