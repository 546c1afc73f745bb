import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { verifyProgram } from '../support/verify-program.ts';
import { workspace } from '../support/workspace.ts';

// In a network namespace with no routes: what needs a connection cannot have one, and what needs none asks for none.
const directory = workspace();
const run = verifyProgram(directory);
const WRAPPERS: readonly (readonly string[])[] = [
  ['unshare', '--net'],
  ['unshare', '--user', '--map-root-user', '--net'],
];
const wrapper = WRAPPERS.find(([command = '', ...args]) => spawnSync(command, [...args, 'true']).status === 0);
const fixture = (name: string) => new URL(`../fixtures/signature/${name}`, import.meta.url).pathname;
const KEY = { key: fixture('p256.pub'), bundle: fixture('p256.sigstore.json'), format: 'json' };
const WHO = {
  certificateIdentity: 'https://github.com/example/plugin/.github/workflows/release.yml@refs/tags/v1.2.3',
  certificateOidcIssuer: 'https://token.actions.githubusercontent.com',
  bundle: fixture('certificate.sigstore.json'),
  format: 'json',
};

const describeIsolated = wrapper === undefined ? describe.skip : describe;
describeIsolated('without any network', () => {
  it('has none: a program inside sees no route', () => {
    const [command = '', ...args] = wrapper ?? [];
    expect(
      spawnSync(command, [...args, 'cat', '/proc/net/route'], { encoding: 'utf8' })
        .stdout.trim()
        .split('\n'),
    ).toHaveLength(1);
  });

  it.each([
    ['a key', KEY, 0],
    ['a trusted root', { ...WHO, trustedRoot: fixture('trusted_root.json') }, 0],
    ['the root that is built in', { ...WHO, offline: true }, 1],
  ])('verifies with %s, and tries to reach nobody', (_, options, expected) => {
    const { status, tried } = run(fixture('plugin.so'), options, wrapper);
    expect([status, tried]).toEqual([expected, []]);
  });

  it('verifies a real bundle of the public instance with the root that is built in', () => {
    const options = {
      certificateIdentity: 'cody@soyland.com',
      certificateOidcIssuer: 'https://github.com/login/oauth',
      predicateType: ['https://cosign.sigstore.dev/attestation/v1'],
      bundle: fixture('public-good/oci-attestation.sigstore.json'),
      offline: true,
      format: 'json',
    };
    const digest = 'sha256:732112270d7e59418a8c080b134b24cabd67d250d0d0147a97ed95ba5c280aa4';
    const { status, tried } = run(digest, options, wrapper);
    expect([status, tried]).toEqual([0, []]);
  });

  it('without --offline the current root is asked for: undecided, with what to do, and exit 3', () => {
    const { status, out, tried } = run(fixture('plugin.so'), WHO, wrapper);
    expect(status).toBe(3);
    const [finding] = JSON.parse(out).findings;
    expect(finding).toMatchObject({ rule: 'sig/trust-unavailable', severity: 'undecided' });
    expect(finding.message).toContain('--offline');
    expect(tried).not.toEqual([]);
  });

  it('what is wrong whoever is believed is refused without an answer too', () => {
    writeFileSync(join(directory, 'other.so'), 'another file');
    const { status, out } = run(join(directory, 'other.so'), WHO, wrapper);
    expect(status).toBe(1);
    expect(JSON.parse(out).findings.map(({ rule }: { rule: string }) => rule)).toEqual([
      'sig/trust-unavailable',
      'sig/digest-mismatch',
    ]);
  });

  it('no signature is a refusal, for which nobody is asked', () => {
    const { status, tried } = run(fixture('plugin.so'), { ...WHO, bundle: join(directory, 'none.json') }, wrapper);
    expect([status, tried]).toEqual([1, []]);
  });
});
