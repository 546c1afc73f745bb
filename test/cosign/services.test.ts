import './tools.ts';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type VerifyModeOptions, verifyAsAsked } from '../../src/commands/verify-mode.ts';
import { SILENT } from '../../src/gate/step.ts';
import { describeWith } from '../support/needs.ts';
import { IDENTITY, PREDICATE } from '../support/sigstore-stack.ts';
import { recordingTerminal } from '../support/terminal.ts';
import { workspace } from '../support/workspace.ts';
import { bundledGate, type TokenService, tokenService } from '../verdict/signing-gate.ts';
import { signingProject, VERIFIER } from '../verdict/signing-project.ts';
import { type Services, startServices } from './services.ts';
import { cosignIn } from './tools.ts';

const root = workspace();
const at = (name: string) => join(root, name);
const cosign = cosignIn(root);
const SUMMARY = 'https://slsa.dev/verification_summary/v1';
const OTHER = IDENTITY.replace('v1.2.3', 'v6.6.6');

let services: Services;
let tokens: TokenService;

async function verify(file: string, options: VerifyModeOptions): Promise<{ code: number; out: string }> {
  const terminal = recordingTerminal();
  const code = await verifyAsAsked(
    file,
    {
      offline: true,
      trustedRoot: services.trustedRoot,
      certificateIdentity: IDENTITY,
      certificateOidcIssuer: services.issuer,
      // Fulcio runs without a certificate log here.
      insecureIgnoreSct: true,
      ...options,
    },
    terminal,
  );
  return { code, out: terminal.written.out };
}

describeWith(
  ['cosign', 'fulcio', 'rekor-server', 'timestamp-server', 'openssl', 'cc'],
  'cosign with the real Fulcio, Rekor and timestamp authority',
  () => {
    beforeAll(async () => {
      services = await startServices(root);
      tokens = await tokenService(() => ({ body: JSON.stringify({ value: services.token() }) }));
      writeFileSync(at('plugin.so'), '\x7fELF what cosign signs');
      writeFileSync(at('other.so'), '\x7fELF another');
      writeFileSync(at('predicate.json'), '{}');
    }, 30_000);
    afterAll(async () => {
      await tokens?.stop();
      await services?.stop();
    });

    const signing = (bundle: string): string[] => [
      ...['--yes', '--identity-token', services.token(), '--signing-config', services.signingConfig],
      ...['--trusted-root', services.trustedRoot, '--bundle', at(bundle)],
    ];

    it('what it signs we verify: certificate, log entry, timestamp and the facts of the job', async () => {
      expect(await cosign('sign-blob', ...signing('blob.json'), at('plugin.so'))).toMatchObject({ ok: true });
      const { code, out } = await verify(at('plugin.so'), {
        bundle: at('blob.json'),
        sourceRepository: 'example/plugin',
        sourceRef: 'refs/tags/v1.2.3',
        sourceDigest: 'a'.repeat(40),
        denySelfHostedRunners: true,
      });
      expect([code, out]).toEqual([0, expect.stringContaining('✓ verified')]);
      expect(out).toMatch(/time +\S+ \(timestamp-authority\)/);
      expect(out).toMatch(/log +http:\/\/127\.0\.0\.1:\d+, entry \d+ \(hashedrekord 0\.0\.2\)/);
    });

    it.each<[string, VerifyModeOptions, string?]>([
      ['sig/digest-mismatch', {}, 'other.so'],
      ['sig/wrong-identity', { certificateIdentity: OTHER }],
      ['sig/wrong-issuer', { certificateOidcIssuer: 'https://token.actions.githubusercontent.com' }],
      ['sig/wrong-claim', { sourceRepository: 'example/other' }],
      ['sig/wrong-claim', { sourceRef: 'refs/heads/main' }],
      ['sig/no-sct', { insecureIgnoreSct: false }],
    ])('and refuse with %s: %j', async (rule, options, file = 'plugin.so') => {
      const { code, out } = await verify(at(file), { bundle: at('blob.json'), ...options });
      expect([code, out]).toEqual([1, expect.stringContaining(rule)]);
    });

    it('an attestation that it signs we verify', async () => {
      const args = ['--predicate', at('predicate.json'), '--type', PREDICATE, at('plugin.so')];
      expect(await cosign('attest-blob', ...signing('attested.json'), ...args)).toMatchObject({ ok: true });
      const asked = { bundle: at('attested.json'), predicateType: [PREDICATE] };
      const { code, out } = await verify(at('plugin.so'), asked);
      expect([code, out]).toEqual([0, expect.stringContaining(`${PREDICATE} about plugin.so`)]);
      expect(await verify(at('other.so'), asked)).toMatchObject({
        code: 1,
        out: expect.stringContaining('sig/wrong-subject'),
      });
    });

    it('verifies what the gate signs as the job, offline, and nothing else', async () => {
      const whole = `verdict:
  verifier: ${VERIFIER}
  sigstore: { fulcio: "${services.fulcio}", rekor: none, timestamp: "${services.timestamp}" }
`;
      const directory = signingProject(root, '', whole);
      const { report } = await bundledGate(root)({
        configFile: 'plugin-gate.yml',
        directory,
        environment: { PATH: process.env.PATH },
        secrets: tokens.environment,
        progress: SILENT,
        version: '0.0.0-test',
        now: new Date(),
      });
      expect(report.findings.filter(({ blocks }) => blocks)).toEqual([]);
      const bundle = join(directory, 'p.so.vsa.sigstore.json');
      const check = (identity: string, file: string) =>
        cosign(
          ...['verify-blob-attestation', '--bundle', bundle, '--trusted-root', services.trustedRoot],
          ...['--certificate-identity', identity, '--certificate-oidc-issuer', services.issuer, '--type', SUMMARY],
          ...['--use-signed-timestamps', '--insecure-ignore-tlog', '--insecure-ignore-sct', file],
        );
      expect(await check(IDENTITY, join(directory, 'p.so'))).toMatchObject({ ok: true });
      expect(await check(OTHER, join(directory, 'p.so'))).toMatchObject({ ok: false });
      expect(await check(IDENTITY, at('other.so'))).toMatchObject({ ok: false });

      const asked: VerifyModeOptions = { summary: true, bundle, verifierId: VERIFIER, insecureIgnoreTlog: true };
      expect(await verify(join(directory, 'p.so'), asked)).toMatchObject({ code: 0 });
      expect(await verify(join(directory, 'p.so'), { ...asked, certificateIdentity: OTHER })).toMatchObject({
        code: 1,
      });
      // The same with the authority's own certificates in place of a trusted root.
      const terminal = recordingTerminal();
      const own: VerifyModeOptions = {
        ...asked,
        certificateIdentity: IDENTITY,
        certificateOidcIssuer: services.issuer,
        caRoots: at('ca.pem'),
        timestampCertificateChain: at('tsa.pem'),
        offline: true,
      };
      const code = await verifyAsAsked(join(directory, 'p.so'), own, terminal);
      expect([code, terminal.written.out]).toEqual([0, expect.stringContaining('✓ verified')]);
      const { insecureIgnoreTlog: _, ...strict } = asked;
      expect(await verify(join(directory, 'p.so'), strict)).toMatchObject({
        code: 1,
        out: expect.stringContaining('sig/no-log-entry'),
      });
      expect(JSON.parse(readFileSync(bundle, 'utf8')).verificationMaterial.tlogEntries ?? []).toEqual([]);
    });
  },
);
