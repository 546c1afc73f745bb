import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { VerifyOptions } from '../../src/commands/verify.ts';
import { verifyAsAsked } from '../../src/commands/verify-mode.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';

const published: unknown = JSON.parse(readFileSync(new URL('../../schema/verify.v1.json', import.meta.url), 'utf8'));
const ajv = new Ajv2020({ strict: false });
formats.default(ajv);
const conforms = ajv.compile(Object(published));

describeWith(['gpg'], 'verify --gpg-key', () => {
  const directory = workspace();
  const at = (name: string) => join(directory, name);
  const home = at('g');
  mkdirSync(home, { mode: 0o700 });
  const gpg = (...args: string[]) =>
    execFileSync('gpg', ['--homedir', home, '--batch', '--quiet', '--passphrase', '', ...args], { stdio: 'pipe' });
  afterAll(() => {
    execFileSync('gpgconf', ['--homedir', home, '--kill', 'gpg-agent']);
  });
  writeFileSync(at('plugin.so'), '\x7fELF and more');
  writeFileSync(at('other.so'), 'another');
  // A user id can hold what a terminal would obey.
  gpg('--quick-gen-key', 'Release \u009b31m <release@example.org>', 'ed25519', 'sign', 'never');
  gpg('--quick-gen-key', 'other <other@example.org>', 'ed25519', 'sign', 'never');
  gpg('--armor', '--output', at('release.asc'), '--export', 'release@example.org');
  gpg('--output', at('other.gpg'), '--export', 'other@example.org');
  gpg('--armor', '--output', at('secret.asc'), '--export-secret-keys', 'release@example.org');
  gpg('--default-key', 'release@example.org', '--armor', '--detach-sign', at('plugin.so'));
  const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(
    gpg('--with-colons', '--list-keys', 'release@example.org').toString(),
  )?.[1];

  async function run(file: string, options: VerifyOptions) {
    let out = '';
    const code = await verifyAsAsked(at(file), options, {
      out: (text) => {
        out += text;
      },
      err: () => {},
      colour: false,
      interactive: false,
      width: 100,
    });
    return { code, out };
  }
  const GOOD = { signature: at('plugin.so.asc'), gpgKey: at('release.asc') };

  it('accepts, and names key and user, escaped', async () => {
    const { code, out } = await run('plugin.so', { ...GOOD, explain: true });
    expect(code).toBe(0);
    expect(out).toContain(`OpenPGP Ed25519 ${fingerprint}`);
    expect(out).toMatch(/user id +Release \S+31m <release@example\.org>/);
    expect(out).toContain('as the signer says');
    expect(out).not.toContain('\u009b');
  });

  it.each([
    ['another file', 'other.so', GOOD, 'sig/invalid'],
    ['another key', 'plugin.so', { ...GOOD, gpgKey: at('other.gpg') }, 'sig/key-mismatch'],
    ['no signature', 'plugin.so', { ...GOOD, signature: at('none.asc') }, 'sig/missing'],
    ['a key as the signature', 'plugin.so', { ...GOOD, signature: at('release.asc') }, 'sig/malformed'],
  ])('refuses %s', async (_, file, options, rule) => {
    const { code, out } = await run(file, options);
    expect(code).toBe(1);
    expect(out).toContain(rule);
    expect(out).not.toContain('\u009b');
  });

  it.each(['plugin.so', 'other.so'])('JSON about %s conforms to the published schema', async (file) => {
    const { out } = await run(file, { ...GOOD, format: 'json' });
    const result: unknown = JSON.parse(out);
    expect(result).toMatchObject({ evidence: { signer: { kind: 'openpgp', fingerprint } } });
    expect(conforms(result) ? [] : conforms.errors).toEqual([]);
  });

  it.each<[string, VerifyOptions & { summary?: boolean }, string]>([
    ['--key', { ...GOOD, key: at('x') }, '--key does not go with --gpg-key'],
    ['--bundle', { ...GOOD, bundle: at('x') }, '--bundle does not go with --gpg-key'],
    ['--certificate', { ...GOOD, certificate: at('x') }, '--certificate does not go with --gpg-key'],
    ['an identity', { ...GOOD, certificateIdentity: 'x' }, '--certificate-identity does not go with --gpg-key'],
    ['a source', { ...GOOD, sourceRef: 'x' }, '--source-ref does not go with --gpg-key'],
    ['an attestation', { ...GOOD, predicateType: ['x'] }, '--predicate-type does not go with --gpg-key'],
    ['a log', { ...GOOD, requireTlog: true }, '--require-tlog does not go with --gpg-key'],
    ['roots', { ...GOOD, trustedRoot: at('x') }, '--trusted-root does not go with --gpg-key'],
    ['--summary', { gpgKey: at('release.asc'), summary: true }, '--gpg-key does not go with --summary'],
    ['no signature', { gpgKey: at('release.asc') }, '--gpg-key needs --signature'],
    ['a private key', { ...GOOD, gpgKey: at('secret.asc') }, 'gpg --export'],
    ['keys that are not there', { ...GOOD, gpgKey: at('none') }, 'there is no file'],
  ])('%s is wrong usage', async (_, options, text) => {
    await expect(run('plugin.so', options)).rejects.toThrow(
      expect.objectContaining({ name: 'UsageError', message: expect.stringContaining(text) }),
    );
  });
});
