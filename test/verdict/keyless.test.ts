import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { verifyAsAsked } from '../../src/commands/verify-mode.ts';
import type { GateRequest, GateRun } from '../../src/gate/run.ts';
import { SILENT } from '../../src/gate/step.ts';
import { describeWith } from '../support/needs.ts';
import { IDENTITY, ISSUER, type Json, SigstoreStack } from '../support/sigstore-stack.ts';
import { recordingTerminal } from '../support/terminal.ts';
import { workspace } from '../support/workspace.ts';
import { bundledGate, type TokenService, tokenService } from './signing-gate.ts';
import { recordIn, signingProject, VERIFIER } from './signing-project.ts';

const root = workspace();
const runGate = bundledGate(root);
let stack: SigstoreStack;
let tokens: TokenService;
/** What the runner answers, when not with a token. */
let answer: { readonly status?: number; readonly body: string } | undefined;

beforeAll(async () => {
  stack = await SigstoreStack.start();
  writeFileSync(join(root, 'trusted_root.json'), JSON.stringify(stack.trustedRoot));
  tokens = await tokenService(() => answer ?? { body: JSON.stringify({ value: stack.token() }) });
});
afterAll(async () => {
  await tokens.stop();
  await stack.stop();
});

const services = (more = '') => `verdict:
  verifier: ${VERIFIER}
  sigstore: { fulcio: "${stack.url}", rekor: "${stack.url}"${more} }
report: { record: audit.jsonl }
`;

async function gate(directory: string, more: Partial<GateRequest> = {}): Promise<GateRun> {
  return await runGate({
    configFile: 'plugin-gate.yml',
    directory,
    environment: { PATH: process.env.PATH },
    secrets: tokens.environment,
    progress: SILENT,
    version: '0.0.0-test',
    now: new Date(),
    ...more,
  });
}

async function check(directory: string, identity = IDENTITY): Promise<{ code: number; out: string }> {
  const terminal = recordingTerminal();
  const options = {
    summary: true,
    verifierId: VERIFIER,
    trustedRoot: join(root, 'trusted_root.json'),
    certificateIdentity: identity,
    certificateOidcIssuer: ISSUER,
    maxAge: '1h',
    offline: true,
  };
  const code = await verifyAsAsked(join(directory, 'p.so'), options, terminal);
  return { code, out: terminal.written.out };
}

const notSigned = ({ report }: GateRun) =>
  report.findings.find(({ rule }) => rule === 'verdict/not-signed')?.message ?? 'signed';

describeWith(['cc'], 'a verdict signed by Sigstore', () => {
  it('is one of the job, with certificate and log entry, and is accepted where the plugin is deployed', async () => {
    const directory = signingProject(root, '', services());
    const run = await gate(directory);
    expect(run.report.verdict).toBe('pass');
    expect(tokens.asked.at(-1)).toBe('Bearer token-of-the-runner /token?api-version=2.0&audience=sigstore');
    const bundle: Json = JSON.parse(readFileSync(join(directory, 'p.so.vsa.sigstore.json'), 'utf8'));
    expect(bundle.mediaType).toBe('application/vnd.dev.sigstore.bundle.v0.3+json');
    expect(bundle.verificationMaterial.tlogEntries).toHaveLength(1);
    const { code, out } = await check(directory);
    expect([code, out]).toEqual([0, expect.stringContaining('✓ verified')]);
    expect(out).toContain(`uri ${IDENTITY}`);
    expect(await check(directory, IDENTITY.replace('v1.2.3', 'v1.2.4'))).toMatchObject({ code: 1 });
    expect(recordIn(directory)[0].verdict.signer).toBe(stack.url);
  });

  it('has a timestamp where an authority is named', async () => {
    const directory = signingProject(root, '', services(`, timestamp: "${stack.url}"`));
    expect((await gate(directory)).report.verdict).toBe('pass');
    const { code, out } = await check(directory);
    expect(code).toBe(0);
    expect(out).toMatch(/time .*\(timestamp-authority\)/);
  });

  it('is needed for every artifact: without a token the gate fails', async () => {
    const directory = signingProject(root, '', services());
    const run = await gate(directory, { secrets: {} });
    expect(run.report.verdict).toBe('fail');
    expect(notSigned(run)).toContain('the job has no identity token (ACTIONS_ID_TOKEN_REQUEST_URL is not set)');
  });

  it.each<[string, { readonly status?: number; readonly body: string }, string]>([
    ['refuses', { status: 403, body: '{"message":"secret words"}' }, 'the runner answered 403'],
    ['answers with something else', { body: '<html>' }, 'the answer has no token in it'],
    ['answers with an empty object', { body: '{}' }, 'the answer has no token in it'],
    ['answers too much', { body: JSON.stringify({ value: 'a'.repeat(100_000) }) }, 'the answer is too long'],
  ])('says so when the runner %s', async (_, given, why) => {
    answer = given;
    try {
      const message = notSigned(await gate(signingProject(root, '', services())));
      expect(message).toContain(why);
      expect(message).not.toContain('secret words');
    } finally {
      answer = undefined;
    }
  });

  it('asks for a token by https only', async () => {
    const secrets = { ...tokens.environment, ACTIONS_ID_TOKEN_REQUEST_URL: 'http://token.example/t' };
    const run = await gate(signingProject(root, '', services()), { secrets });
    expect(notSigned(run)).toContain('ACTIONS_ID_TOKEN_REQUEST_URL is not https');
  });

  it('says which service did not answer, without the token', async () => {
    const token = stack.token();
    answer = { body: JSON.stringify({ value: token }) };
    try {
      const nowhere = services().replace(`fulcio: "${stack.url}"`, 'fulcio: "http://127.0.0.1:1"');
      const directory = signingProject(root, '', nowhere);
      const message = notSigned(await gate(directory));
      expect(message).toMatch(/Sigstore did not sign: .+/);
      expect(message).not.toContain(token);
      expect(recordIn(directory)[0].verdict.unsigned).toContain('Sigstore did not sign');
    } finally {
      answer = undefined;
    }
  });
});
