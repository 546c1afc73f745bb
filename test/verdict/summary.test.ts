import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { type VerifyModeOptions, verifyAsAsked } from '../../src/commands/verify-mode.ts';
import { UsageError } from '../../src/errors.ts';
import { verifySummaryJsonSchema } from '../../src/report/verify-summary-schema.ts';
import { type Statement, testResult, verificationSummary } from '../../src/verdict/statement.ts';
import { decision } from '../record/decision.ts';
import { IDENTITY, ISSUER, type Json, keyPair, keySigner, SigstoreStack, sha256 } from '../support/sigstore-stack.ts';
import { recordingTerminal } from '../support/terminal.ts';
import { workspace } from '../support/workspace.ts';

const directory = workspace();
const at = (name: string) => join(directory, name);
const bytes = Buffer.from('\x7fELF and more');
const DIGEST = `sha256:${sha256(bytes)}`;
const VERIFIER = 'https://example.org/release-gate';
const POLICY = `sha256:${'2'.repeat(64)}`;
const NOW = new Date('2026-11-22T18:00:00Z');
const keys = keyPair();
const otherKeys = keyPair();

/** What the gate states of the file, six hours before NOW. */
const passed = decision({ artifact: { file: 'build/plugin.so', digest: DIGEST, size: bytes.length } });
const PASSED = stated(verificationSummary(passed, { id: VERIFIER }));

function stated(statement: Statement | undefined): Json {
  return JSON.parse(JSON.stringify(statement));
}

const published: unknown = JSON.parse(
  readFileSync(new URL('../../schema/verify-summary.v1.json', import.meta.url), 'utf8'),
);
const ajv = new Ajv2020({ strict: false });
formats.default(ajv);
const conforms = ajv.compile(Object(published));

let stack: SigstoreStack;
beforeAll(async () => {
  stack = await SigstoreStack.start();
  writeFileSync(at('plugin.so'), bytes);
  writeFileSync(at('other.so'), 'another');
  writeFileSync(at('trusted_root.json'), JSON.stringify(stack.trustedRoot));
  writeFileSync(at('key.pub'), keys.publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(at('other.pub'), otherKeys.publicKey.export({ type: 'spki', format: 'pem' }));
  await sign('plugin.so.vsa.sigstore.json', PASSED);
  writeFileSync(at('keyless.json'), JSON.stringify(await stack.attest(PASSED)));
});
afterAll(() => stack.stop());

async function sign(name: string, statement: unknown, pair = keys): Promise<string> {
  const signer = keySigner(pair.privateKey, pair.publicKey);
  writeFileSync(at(name), JSON.stringify(await stack.attest(statement, signer, { log: 'none' })));
  return at(name);
}

/** The statement with another predicate. */
function changed(change: (predicate: Json) => unknown): Json {
  const statement: Json = structuredClone(PASSED);
  change(statement.predicate);
  return statement;
}

const ASKED: VerifyModeOptions = { summary: true, key: at('key.pub'), verifierId: VERIFIER };

async function run(options: VerifyModeOptions = {}, file = at('plugin.so')) {
  const terminal = recordingTerminal();
  const { verifySummary } = await import('../../src/commands/verify-summary.ts');
  const { summary: _, ...rest } = { ...ASKED, ...options };
  const code = await verifySummary(file, rest, terminal, NOW);
  return { code, out: terminal.written.out };
}

async function json(options: VerifyModeOptions = {}, file?: string): Promise<Json> {
  const { code, out } = await run({ ...options, format: 'json' }, file);
  const result: Json = JSON.parse(out);
  expect(conforms(result) ? [] : conforms.errors).toEqual([]);
  return { ...result, code, rules: result.findings.map(({ rule }: { rule: string }) => rule) };
}

describe('plugin-gate verify --summary', () => {
  it('accepts the verdict of the gate, found beside the file, and shows it', async () => {
    const { code, out } = await run();
    expect(code).toBe(0);
    expect(out).toContain('✓ verified');
    expect(out).toMatch(new RegExp(`verifier +${VERIFIER}`));
    expect(out).toMatch(/result +PASSED/);
    expect(out).toMatch(new RegExp(`policy +${POLICY}`));
    expect(out).toMatch(/level +PLUGIN_GATE_LOADED/);
  });

  it('accepts everything that is pinned, with a key and with an identity, by file and by digest', async () => {
    const pinned: VerifyModeOptions = {
      policyDigest: [`sha256:${'9'.repeat(64)}`, POLICY],
      resourceUri: 'pkg:generic/p@1.2.0?arch=amd64&os=linux',
      verifiedLevel: ['PLUGIN_GATE_READ', 'PLUGIN_GATE_LOADED'],
      maxAge: '7h',
    };
    expect((await json(pinned)).verdict).toBe('verified');
    expect((await json({ ...pinned, bundle: at('plugin.so.vsa.sigstore.json') }, DIGEST)).verdict).toBe('verified');
    const { key: _, ...anybody } = ASKED;
    const keyless: VerifyModeOptions = {
      ...anybody,
      ...pinned,
      bundle: at('keyless.json'),
      trustedRoot: at('trusted_root.json'),
      certificateIdentity: IDENTITY,
      certificateOidcIssuer: ISSUER,
    };
    const terminal = recordingTerminal();
    expect(await verifyAsAsked(at('plugin.so'), { ...keyless, maxAge: '9999d' }, terminal)).toBe(0);
    const wrong = { ...keyless, certificateIdentity: `${IDENTITY}x`, maxAge: '9999d' };
    expect(await verifyAsAsked(at('plugin.so'), wrong, terminal)).toBe(1);
    expect(terminal.written.out).toContain('sig/wrong-identity');
  });

  it.each<[string, string, VerifyModeOptions, string]>([
    [
      'verdict/wrong-verifier',
      'another verifier',
      { verifierId: `${VERIFIER}/` },
      `Expected the verifier "${VERIFIER}/", found "${VERIFIER}".`,
    ],
    [
      'verdict/wrong-policy',
      'another policy',
      { policyDigest: [`sha256:${'9'.repeat(64)}`] },
      `Expected the policy sha256:${'9'.repeat(64)}, found ${POLICY}.`,
    ],
    [
      'verdict/wrong-resource',
      'another resource',
      { resourceUri: 'pkg:generic/p@1.3.0' },
      'Expected the resource "pkg:generic/p@1.3.0", found "pkg:generic/p@1.2.0?arch=amd64&os=linux".',
    ],
    [
      'verdict/level-missing',
      'a level that was not verified',
      { verifiedLevel: ['PLUGIN_GATE_FITS_HOSTS'] },
      'Expected the level "PLUGIN_GATE_FITS_HOSTS", found SLSA_BUILD_LEVEL_UNEVALUATED, PLUGIN_GATE_READ, PLUGIN_GATE_LOADED.',
    ],
    [
      'verdict/too-old',
      'an old verdict',
      { maxAge: '5h' },
      'Expected a verification of the last 5 hours, found one of "2026-11-22T12:00:00.000Z", 6 hours ago.',
    ],
    [
      'sig/key-mismatch',
      'another signer',
      { key: at('other.pub') },
      'Expected a signature by the key in the policy, found one that it did not make.',
    ],
  ])('refuses %s: %s', async (rule, _, options, message) => {
    const result = await json(options);
    expect(result).toMatchObject({ code: 1, verdict: 'refused', rules: [rule] });
    expect(result.findings[0].message).toBe(message);
  });

  it.each<[string, string, () => Json, string]>([
    [
      'verdict/not-passed',
      'FAILED',
      () => stated(verificationSummary({ ...passed, result: 'failed' }, { id: VERIFIER })),
      'Expected the result "PASSED", found "FAILED".',
    ],
    [
      'verdict/not-passed',
      'undecided',
      () => stated(verificationSummary({ ...passed, result: 'undecided' }, { id: VERIFIER })),
      'Expected the result "PASSED", found "FAILED".',
    ],
    [
      'verdict/not-passed',
      'no result',
      () => changed((one) => delete one.verificationResult),
      'Expected the result "PASSED", found nothing.',
    ],
    [
      'verdict/not-passed',
      'another word',
      () => changed((one) => (one.verificationResult = 'passed')),
      'Expected the result "PASSED", found "passed".',
    ],
    [
      'verdict/not-passed',
      'a list',
      () => changed((one) => (one.verificationResult = ['PASSED'])),
      'Expected the result "PASSED", found nothing.',
    ],
    [
      'verdict/wrong-verifier',
      'no verifier',
      () => changed((one) => delete one.verifier),
      `Expected the verifier "${VERIFIER}", found nothing.`,
    ],
    [
      'verdict/wrong-verifier',
      'a verifier of another form',
      () => changed((one) => (one.verifier = VERIFIER)),
      `Expected the verifier "${VERIFIER}", found nothing.`,
    ],
    [
      'verdict/malformed',
      'no time',
      () => changed((one) => delete one.timeVerified),
      'Expected a time of verification, found nothing.',
    ],
    [
      'verdict/malformed',
      'a time that is none',
      () => changed((one) => (one.timeVerified = 'today')),
      'Expected a time of verification, found "today".',
    ],
    [
      'verdict/malformed',
      'no predicate',
      () => ({ ...PASSED, predicate: null }),
      'Expected a verification summary, found a statement without one.',
    ],
    [
      'sig/wrong-predicate',
      'a test result',
      () => stated(testResult(passed)),
      'Expected the predicate type "https://slsa.dev/verification_summary/v1", found "https://in-toto.io/attestation/test-result/v0.1".',
    ],
    [
      'sig/wrong-predicate',
      'an older summary',
      () => ({ ...PASSED, predicateType: 'https://slsa.dev/verification_summary/v0.2' }),
      'Expected the predicate type "https://slsa.dev/verification_summary/v1", found "https://slsa.dev/verification_summary/v0.2".',
    ],
    [
      'sig/wrong-subject',
      'another file',
      () => ({ ...PASSED, subject: [{ name: 'plugin.so', digest: { sha256: '0'.repeat(64) } }] }),
      `Expected the attestation to be about sha256 ${sha256(bytes)}, found 1 other subject: "plugin.so" with sha256 "${'0'.repeat(64)}".`,
    ],
    [
      'sig/wrong-subject',
      'no file',
      () => ({ ...PASSED, subject: [] }),
      `Expected the attestation to be about sha256 ${sha256(bytes)}, found no subject in it.`,
    ],
  ])('refuses %s: %s', async (rule, _, statement, message) => {
    const result = await json({ bundle: await sign('changed.json', statement()) });
    expect(result).toMatchObject({ code: 1, rules: [rule] });
    expect(result.findings[0].message).toBe(message);
  });

  it('refuses a policy without SHA-256 where one is pinned, and a verdict from the future where its age counts', async () => {
    const md5 = changed((one) => (one.policy = { uri: 'x', digest: { md5: 'abc' } }));
    const weak = await json({ bundle: await sign('weak.json', md5), policyDigest: [POLICY] });
    expect(weak.rules).toEqual(['verdict/wrong-policy']);
    expect(weak.findings[0].message).toContain('found none with a SHA-256');
    const future = changed((one) => (one.timeVerified = '2026-11-22T18:06:00Z'));
    const early = await json({ bundle: await sign('future.json', future), maxAge: '1h' });
    expect(early.rules).toEqual(['verdict/too-old']);
    expect(early.findings[0].message).toContain('Check the clock of this machine');
    const skewed = changed((one) => (one.timeVerified = '2026-11-22T18:04:00Z'));
    expect((await json({ bundle: await sign('skewed.json', skewed), maxAge: '1h' })).code).toBe(0);
  });

  it('says everything that differs at once', async () => {
    const statement = changed((one) => {
      one.verificationResult = 'FAILED';
      one.verifier.id = 'https://evil.example';
    });
    const { rules } = await json({
      bundle: await sign('worse.json', statement),
      policyDigest: [`sha256:${'9'.repeat(64)}`],
      maxAge: '1m',
    });
    expect(rules).toEqual(['verdict/wrong-verifier', 'verdict/wrong-policy', 'verdict/not-passed', 'verdict/too-old']);
  });

  it('says nothing of what an unsigned statement claims', async () => {
    const bundle: Json = JSON.parse(readFileSync(at('plugin.so.vsa.sigstore.json'), 'utf8'));
    const forged = changed((one) => (one.resourceUri = 'forged'));
    bundle.dsseEnvelope.payload = Buffer.from(JSON.stringify(forged)).toString('base64');
    writeFileSync(at('forged.json'), JSON.stringify(bundle));
    const result = await json({ bundle: at('forged.json') });
    expect(result).toMatchObject({ code: 1, rules: ['sig/key-mismatch'] });
    expect(result.summary).toBeUndefined();
    expect(JSON.stringify(result)).not.toContain('forged"');
  });

  it('refuses several bundles in one file, a signature of the file alone, and none', async () => {
    const one = readFileSync(at('plugin.so.vsa.sigstore.json'), 'utf8').trim();
    writeFileSync(at('two.json'), `${one}\n${one}\n`);
    expect(await json({ bundle: at('two.json') })).toMatchObject({ code: 1, rules: ['verdict/malformed'] });
    const signer = keySigner(keys.privateKey, keys.publicKey);
    writeFileSync(at('blob.json'), JSON.stringify(await stack.signBlob(bytes, signer, { log: 'none' })));
    expect((await json({ bundle: at('blob.json') })).rules).toEqual(['sig/no-attestation']);
    expect((await json({}, at('other.so'))).rules).toEqual(['sig/missing']);
  });

  it.each<[RegExp, VerifyModeOptions]>([
    [/--summary needs --verifier-id/, { verifierId: '' }],
    [/--policy-digest "abc" is not a digest/, { policyDigest: ['abc'] }],
    [/--max-age is a time such as 30m, 12h or 90d, not "soon"/, { maxAge: 'soon' }],
    [/--max-age is a time/, { maxAge: '0d' }],
    [/--predicate-type does not go with --summary/, { predicateType: ['x'] }],
    [/--signature and --certificate do not go with it/, { signature: 'x' }],
    [/goes with --summary: without it only the signature is checked/, { summary: false }],
    [/With a digest, name the verdict/, {}],
  ])('says what is wrong with the options: %s', async (why, options) => {
    const file = Object.keys(options).length === 0 ? DIGEST : at('plugin.so');
    const asked = verifyAsAsked(file, { ...ASKED, ...options }, recordingTerminal());
    await expect(asked).rejects.toThrow(UsageError);
    await expect(asked).rejects.toThrow(why);
  });

  it('has a schema that is published as it is made', () => {
    expect(published).toEqual(JSON.parse(JSON.stringify(verifySummaryJsonSchema())));
  });
});
