import { spawnSync } from 'node:child_process';
import { sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { buildSync } from 'esbuild';
import { verificationSummary } from '../../src/verdict/statement.ts';
import { decision } from '../record/decision.ts';
import { IDENTITY, ISSUER, keyPair, keySigner, SigstoreStack, sha256 } from '../support/sigstore-stack.ts';
import { workspace } from '../support/workspace.ts';

const root = workspace();
const at = (name: string) => join(root, name);
const VERIFIER = 'https://example.org/release-gate';
const bytes = Buffer.from('\x7fELF and more');
const keys = keyPair();

/** Words that run a program where there is no network: neither interface nor route. */
const ISOLATED = [
  ['unshare', '-rn'],
  ['sudo', '-n', 'unshare', '-n'],
].find(([program = '', ...args]) => spawnSync(program, [...args, 'true']).status === 0);

const shipped = new URL('../fixtures/signature/public-good/oci-attestation.sigstore.json', import.meta.url).pathname;

beforeAll(async () => {
  const source = new URL('../../src/cli.ts', import.meta.url);
  buildSync({
    entryPoints: [source.pathname],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    outfile: at('cli.cjs'),
    logLevel: 'error',
    define: { 'import.meta.url': JSON.stringify(source.href) },
  });
  // Whatever would connect, look a name up or open a socket ends the program instead.
  writeFileSync(
    at('watch.cjs'),
    `const refuse = (what) => () => { require('node:fs').writeSync(2, 'tried: ' + what); process.exit(97); };
     require('node:net').Socket.prototype.connect = refuse('connect');
     const dns = require('node:dns');
     for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6']) dns[name] = dns.promises[name] = refuse(name);
     require('node:dgram').createSocket = refuse('datagram');
     globalThis.fetch = refuse('fetch');`,
  );
  const stack = await SigstoreStack.start();
  try {
    const stated = verificationSummary(
      decision({ artifact: { file: 'plugin.so', digest: `sha256:${sha256(bytes)}`, size: bytes.length } }),
      { id: VERIFIER },
    );
    const signer = keySigner(keys.privateKey, keys.publicKey);
    const files: Readonly<Record<string, unknown>> = {
      'trusted_root.json': stack.trustedRoot,
      'plugin.so.sigstore.json': await stack.signBlob(bytes),
      'timestamped.json': await stack.signBlob(bytes, stack.signer(), { timestamp: true, log: 'v2' }),
      'summary.json': await stack.attest(stated),
      'key-summary.json': await stack.attest(stated, signer, { log: 'none' }),
    };
    for (const [name, value] of Object.entries(files)) writeFileSync(at(name), JSON.stringify(value));
  } finally {
    await stack.stop();
  }
  writeFileSync(at('plugin.so'), bytes);
  writeFileSync(at('other.so'), 'another');
  writeFileSync(at('key.pub'), keys.publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(at('plugin.so.sig'), sign('sha256', bytes, keys.privateKey));
});

interface Answer {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function cli(prefix: readonly string[], ...args: readonly string[]): Answer {
  const [program = '', ...rest] = [...prefix, process.execPath, '--require', at('watch.cjs'), at('cli.cjs'), ...args];
  const { status, stdout, stderr } = spawnSync(program, rest, { encoding: 'utf8', timeout: 30_000 });
  return { status, out: stdout, err: stderr };
}

const WHO = ['--certificate-identity', IDENTITY, '--certificate-oidc-issuer', ISSUER];
const ROOT = ['--trusted-root', 'trusted_root.json'];
const SUMMARY = ['--summary', '--verifier-id', VERIFIER];

/** What is asked, and what comes of it: with --offline, or where nothing needs a connection anyway. */
const CASES: readonly (readonly [string, number, ...string[]])[] = [
  ['a bundle, with a trusted root', 0, 'plugin.so', ...WHO, ...ROOT],
  ['the same, told to stay offline', 0, 'plugin.so', ...WHO, ...ROOT, '--offline'],
  [
    'a bundle with a timestamp and an entry of Rekor v2',
    0,
    'plugin.so',
    '--bundle',
    'timestamped.json',
    ...WHO,
    ...ROOT,
  ],
  ['a bundle of another file', 1, 'other.so', '--bundle', 'plugin.so.sigstore.json', ...WHO, ...ROOT],
  ['a bundle under the built-in root, which did not sign it', 1, 'plugin.so', ...WHO, '--offline'],
  ['a signature by a key', 0, 'plugin.so', '--signature', 'plugin.so.sig', '--key', 'key.pub'],
  ['no signature', 1, 'other.so', ...WHO, '--offline'],
  ['a verdict by an identity', 0, 'plugin.so', '--bundle', 'summary.json', ...SUMMARY, ...WHO, ...ROOT],
  ['a verdict by a key', 0, 'plugin.so', '--bundle', 'key-summary.json', ...SUMMARY, '--key', 'key.pub', '--offline'],
  ['a verdict about another file', 1, 'other.so', '--bundle', 'summary.json', ...SUMMARY, ...WHO, ...ROOT],
];

if (ISOLATED === undefined) {
  describe.skip('without a network [skipped: network namespaces are not permitted here]', () =>
    it('is not run', () => {}));
} else {
  describe('without a network', () => {
    it('is really without one', () => {
      const [program = '', ...args] = ISOLATED;
      const script = `require('node:net').connect(443, '192.0.2.1').on('error', (error) => console.log(error.code))`;
      const { stdout } = spawnSync(program, [...args, process.execPath, '-e', script], { encoding: 'utf8' });
      expect(stdout.trim()).toMatch(/^(?:ENETUNREACH|EHOSTUNREACH)$/);
      const routes = spawnSync(program, [...args, 'cat', '/proc/net/route'], { encoding: 'utf8' }).stdout;
      expect(routes.trim().split('\n')).toHaveLength(1);
    });

    it.each(CASES)('%s: exit %i', (_, status, ...args) => {
      const words = args.map((word) => (/\.(?:json|so|sig|pub)$/.test(word) ? at(word) : word));
      const there = cli(ISOLATED, 'verify', ...words);
      expect(there).toMatchObject({ status, err: '' });
      // The same words as with a network.
      expect(there.out).toBe(cli([], 'verify', ...words).out);
    });

    it('a real attestation of the public instance verifies with the root that is built in', () => {
      const { status, err } = cli(
        ISOLATED,
        ...['verify', 'sha256:732112270d7e59418a8c080b134b24cabd67d250d0d0147a97ed95ba5c280aa4', '--bundle', shipped],
        ...[
          '--certificate-identity',
          'cody@soyland.com',
          '--certificate-oidc-issuer',
          'https://github.com/login/oauth',
        ],
        ...['--predicate-type', 'https://cosign.sigstore.dev/attestation/v1', '--offline'],
      );
      expect({ status, err }).toEqual({ status: 0, err: '' });
    });

    it('would be noticed: without --offline the current root is asked for', () => {
      expect(cli(ISOLATED, 'verify', at('plugin.so'), ...WHO).err).toMatch(/^tried: /);
    });
  });
}
