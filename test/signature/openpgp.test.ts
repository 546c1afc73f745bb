import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { artifactOf } from '../../src/signature/artifact.ts';
import type { SignaturePolicy } from '../../src/signature/policy.ts';
import { type SignatureFile, verifyArtifact } from '../../src/signature/verify.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { FILE, findingsOf, rulesOf } from './verifying.ts';

const detached = (bytes: Uint8Array): SignatureFile => ({ form: 'detached', bytes, name: 'plugin.so.asc' });
const signedWith = (keys: Uint8Array, change: Partial<SignaturePolicy> = {}): SignaturePolicy => ({
  signer: { kind: 'openpgp', keys, name: 'release.asc' },
  log: 'optional',
  ...change,
});

const DAY = 24 * 3600;

describeWith(['gpg'], 'signatures that gpg made', () => {
  const directory = workspace();
  const at = (name: string) => join(directory, name);
  const home = at('g');
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(at('file'), FILE);
  const gpg = (...args: string[]): Buffer =>
    execFileSync('gpg', ['--homedir', home, '--batch', '--yes', '--quiet', '--passphrase', '', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 24,
    });
  afterAll(() => {
    execFileSync('gpgconf', ['--homedir', home, '--kill', 'gpg-agent']);
  });

  /** `--faked-system-time` of a moment, in days from now. */
  const days = (count: number): string[] => [
    '--faked-system-time',
    `${Math.floor(Date.now() / 1000) + count * DAY}!`,
    '--ignore-time-conflict',
    '--ignore-valid-from',
  ];
  const generate = (
    name: string,
    algorithm: string,
    usage = 'sign',
    expires = 'never',
    time: string[] = [],
  ): string => {
    gpg(...time, '--quick-gen-key', `${name} <${name}@example.org>`, algorithm, usage, expires);
    const list = gpg('--with-colons', '--list-keys', `${name}@example.org`).toString();
    return /^fpr:+([0-9A-F]{40}):/m.exec(list)?.[1] ?? '';
  };
  const exported = (...keys: string[]): Buffer => gpg('--export', ...keys);
  const sign = (key: string, ...options: string[]): Buffer =>
    gpg(...options, '--default-key', key, '--detach-sign', '--output', '-', at('file'));

  const ed = generate('ed', 'ed25519');
  const rsa = generate('rsa', 'rsa2048');
  const p256 = generate('p256', 'nistp256');
  const other = generate('other', 'ed25519');
  const withSubkey = generate('sub', 'ed25519', 'cert');
  gpg('--quick-add-key', withSubkey, 'ed25519', 'sign', 'never');
  const edKey = exported(ed);
  const armored = gpg('--armor', '--export', ed);
  const good = sign(ed);
  const goodArmored = sign(ed, '--armor');

  it.each([
    ['Ed25519, binary', good, edKey],
    ['Ed25519, armored', goodArmored, edKey],
    ['armored, with CRLF', Buffer.from(goodArmored.toString().replaceAll('\n', '\r\n')), edKey],
    ['armored, with a comment', sign(ed, '--armor', '--comment', 'hello'), edKey],
    ['armored key', good, armored],
    ['a list of keys with text around them', good, Buffer.concat([Buffer.from('KEYS\n\n'), armored])],
    ['one of two keys', good, exported(ed, other)],
    ['one of two armored blocks', good, Buffer.concat([gpg('--armor', '--export', other), armored])],
    ['RSA 2048 with SHA-512', sign(rsa), exported(rsa)],
    ['RSA 2048 with SHA-256', sign(rsa, '--digest-algo', 'SHA256'), exported(rsa)],
    ['ECDSA P-256', sign(p256), exported(p256)],
    ['a signing subkey', sign(withSubkey), exported(withSubkey)],
    ['two signatures by given keys', Buffer.concat([good, sign(other)]), exported(ed, other)],
    ['a second signature by somebody unknown', Buffer.concat([sign(other), good]), edKey],
    ['a signature from a year ago of a key that was extended', ...extended()],
  ])('%s verifies', async (_, bytes, keys) => {
    expect(await findingsOf(detached(bytes), { policy: signedWith(keys) })).toEqual([]);
  });

  function extended(): [Buffer, Buffer] {
    const key = generate('extended', 'ed25519', 'sign', '30d', days(-365));
    const signature = sign(key, ...days(-364));
    gpg('--quick-set-expire', key, '2y');
    return [signature, gpg('--export-options', 'export-minimal', '--export', key)];
  }

  const changed = Buffer.from(FILE);
  changed[100] = (changed[100] ?? 0) ^ 1;
  const flipped = Buffer.from(good);
  flipped[good.length - 3] = (flipped[good.length - 3] ?? 0) ^ 1;
  const issuerIn = (bytes: Buffer) => bytes.lastIndexOf(Buffer.from(ed.slice(-16), 'hex'));
  const nameless = Buffer.from(good);
  nameless.fill(7, issuerIn(good), issuerIn(good) + 8);

  it.each([
    ['sig/key-mismatch', 'another key', good, exported(other), FILE, ed.slice(-16)],
    ['sig/invalid', 'a changed file', good, edKey, changed, ed],
    ['sig/invalid', 'a cut file', good, edKey, FILE.subarray(0, -1), ed],
    ['sig/invalid', 'a changed signature', flipped, edKey, FILE, ed],
    ['sig/invalid', 'one good and one bad of given keys', Buffer.concat([good, flipped]), edKey, FILE, ed],
    ['sig/invalid', 'RSA over another file', sign(rsa), exported(rsa), changed, rsa],
    ['sig/invalid', 'a subkey over another file', sign(withSubkey), exported(withSubkey), changed, withSubkey],
    ['sig/unsupported', 'a signature of a text', sign(ed, '--textmode'), edKey, FILE, 'type 0x01 (of a text)'],
    ['sig/unsupported', 'SHA-1', sign(rsa, '--digest-algo', 'SHA1'), exported(rsa), FILE, 'found SHA1'],
    ['sig/unsupported', 'SHA-224', sign(rsa, '--digest-algo', 'SHA224'), exported(rsa), FILE, 'found SHA224'],
    ['sig/unsupported', 'MD5', md5(), exported(rsa), FILE, 'found MD5'],
    ['sig/wrong-time', 'a signature from the future', sign(ed, ...days(2)), edKey, FILE, 'made before now'],
    ['sig/wrong-time', 'a signature from before its key', sign(ed, ...days(-2)), edKey, FILE, 'made after its key'],
    ['sig/wrong-time', 'an expired signature', ...expiredSignature(), FILE, 'that expired'],
  ])('%s: %s', async (rule, _, bytes, keys, file, text) => {
    const findings = await findingsOf(detached(bytes), { policy: signedWith(keys), file });
    expect(findings.map((each) => each.rule)).toEqual([rule]);
    expect(findings[0]?.message).toContain(text);
  });

  /** gpg makes no such signature any more: the hash of a good one renamed. What matters is that it ends before. */
  function md5(): Buffer {
    const bytes = sign(rsa);
    const version = bytes.indexOf(Buffer.from([4, 0, 1, 10]));
    bytes[version + 3] = 1;
    return bytes;
  }
  function expiredSignature(): [Buffer, Buffer] {
    const key = generate('old', 'ed25519', 'sign', 'never', days(-30));
    return [sign(key, ...days(-20), '--default-sig-expire', '3d'), exported(key)];
  }

  function expired(): [Buffer, Buffer] {
    const key = generate('expired', 'ed25519', 'sign', '10d', days(-30));
    return [sign(key, ...days(-29)), exported(key)];
  }
  function revoked(reason: string): [Buffer, Buffer] {
    const name = `revoked${reason}`;
    const key = generate(name, 'ed25519');
    const signature = sign(key);
    const certificate = readFileSync(join(home, 'openpgp-revocs.d', `${key}.rev`), 'utf8').replace(':-----', '-----');
    writeFileSync(at(`${name}.rev`), certificate);
    gpg('--import', at(`${name}.rev`));
    return [signature, exported(key)];
  }
  function futureKey(): [Buffer, Buffer] {
    const key = generate('future', 'ed25519', 'sign', 'never', days(5));
    return [sign(key, ...days(6)), exported(key)];
  }
  function expiredSubkey(): [Buffer, Buffer] {
    const key = generate('subexp', 'ed25519', 'cert', 'never', days(-30));
    gpg(...days(-30), '--quick-add-key', key, 'ed25519', 'sign', '10d');
    return [sign(key, ...days(-29)), exported(key)];
  }
  /** Answers to the questions of `gpg --edit-key`. */
  const edit = (key: string, answers: string, ...options: string[]): void => {
    const how = ['--pinentry-mode', 'loopback', '--passphrase', '', '--command-fd', '0', '--no-tty', '--expert'];
    execFileSync('gpg', ['--homedir', home, '--quiet', ...how, ...options, '--edit-key', key], {
      input: answers,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  };
  /** The right to sign is taken from the key after it signed. */
  function noSigning(): [Buffer, Buffer] {
    const key = generate('mayno', 'rsa2048', 'sign');
    const signature = sign(key);
    edit(key, 'change-usage\nS\nQ\nsave\n');
    return [signature, gpg('--export-options', 'export-minimal', '--export', key)];
  }
  function revokedSubkey(hash: string): [Buffer, Buffer] {
    const key = generate(`subrev${hash}`, 'ed25519', 'cert');
    gpg('--quick-add-key', key, 'ed25519', 'sign', 'never');
    const signature = sign(key);
    edit(key, 'key 1\nrevkey\ny\n3\n\ny\nsave\n', '--cert-digest-algo', hash);
    return [signature, exported(key)];
  }
  function weakSelfSignature(): [Buffer, Buffer] {
    const key = generate('weak', 'rsa2048', 'sign', 'never', ['--cert-digest-algo', 'SHA1']);
    return [sign(key), exported(key)];
  }
  function shortRsa(): [Buffer, Buffer] {
    const key = generate('short', 'rsa1024');
    return [sign(key), exported(key)];
  }
  it.each([
    ['a short RSA key', 'shorter than 2048 bits', shortRsa()],
    ['an expired key', 'has expired', expired()],
    ['an expired subkey', 'has expired', expiredSubkey()],
    ['a revoked key', 'is revoked', revoked('x')],
    ['a revoked subkey', 'has a signing subkey that is revoked', revokedSubkey('SHA256')],
    ['a subkey revoked by SHA-1, as old ones are', 'has a signing subkey that is revoked', revokedSubkey('SHA1')],
    ['a key that only SHA-1 holds together', 'SHA1', weakSelfSignature()],
    ['a key from the future', 'made in the future', futureKey()],
    ['a key that may only certify', 'may not sign', noSigning()],
  ])('sig/unfit-key: %s', async (_, text, [bytes, keys]) => {
    const findings = await findingsOf(detached(bytes), { policy: signedWith(keys) });
    expect(findings.map((each) => each.rule)).toEqual(['sig/unfit-key']);
    expect(findings[0]?.message).toContain(text);
  });

  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['text', Buffer.from('hello')],
    ['cut, binary', good.subarray(0, -5)],
    ['cut, armored', goodArmored.subarray(0, -30)],
    ['bytes behind it', Buffer.concat([good, Buffer.from('x')])],
    ['a packet of another kind behind it', Buffer.concat([good, Buffer.from([0xca, 3, 0x50, 0x47, 0x50])])],
    ['text before the armor', Buffer.concat([Buffer.from('x\n'), goodArmored])],
    ['text behind the armor', Buffer.concat([goodArmored, Buffer.from('x\n')])],
    ['two armored blocks', Buffer.concat([goodArmored, goodArmored])],
    ['a key', edKey],
    ['an armored key', armored],
    ['a signed message', gpg('--default-key', ed, '--sign', '--output', '-', at('file')).subarray(0, 10_000)],
    ['nine signatures', Buffer.concat(Array.from({ length: 9 }, () => good))],
    ['zeros', Buffer.alloc(1000)],
    ['set bits', Buffer.alloc(1000, 255)],
  ])('sig/malformed: %s', async (_, bytes) => {
    expect(await rulesOf(detached(bytes), { policy: signedWith(edKey) })).toEqual(['sig/malformed']);
  });

  it('a signature cut anywhere is never accepted', async () => {
    for (let length = 1; length < good.length; length += 7) {
      expect(await rulesOf(detached(good.subarray(0, length)), { policy: signedWith(edKey) })).not.toEqual([]);
    }
  });

  it('a changed bit in what is signed, or in the signature, is never accepted', async () => {
    // The packet as gpg writes it: header, version, type, algorithms, and the hashed part with its length.
    const head = good.indexOf(Buffer.from([4, 0, 22]));
    const hashed = head + 6 + good.readUInt16BE(head + 4);
    const unhashed = hashed + 2 + good.readUInt16BE(hashed);
    for (let index = 0; index < good.length; index += 1) {
      // The part between may name any key: it is a hint and not signed.
      if (index >= hashed && index < unhashed) continue;
      const bytes = Buffer.from(good);
      bytes[index] = (bytes[index] ?? 0) ^ (1 << (index % 8));
      expect([index, await rulesOf(detached(bytes), { policy: signedWith(edKey) })]).not.toEqual([index, []]);
    }
  });

  it('a huge file is not read', async () => {
    const bytes = new Uint8Array(20_000).fill(0x88);
    expect(await rulesOf(detached(bytes), { policy: signedWith(edKey) })).toEqual(['sig/too-large']);
  });

  it('none, a bundle and a digest alone', async () => {
    const policy = signedWith(edKey);
    const file = `sha256:${artifactOf(FILE).sha256}` as const;
    expect(await rulesOf({ form: 'none', looked: ['x.asc'] }, { policy })).toEqual(['sig/missing']);
    expect(await rulesOf({ form: 'bundle', bytes: good, name: 'b' }, { policy })).toEqual(['sig/unsupported']);
    expect(await rulesOf(detached(good), { policy, file })).toEqual(['sig/needs-file']);
  });

  it('the evidence names key, subkey and user', async () => {
    const { evidence, summary } = await verifyArtifact({
      artifact: FILE,
      signature: detached(sign(withSubkey)),
      policy: signedWith(exported(withSubkey)),
    });
    const list = gpg('--with-colons', '--list-keys', withSubkey).toString();
    const [, subkey] = [...list.matchAll(/^fpr:+([0-9A-F]{40}):/gm)].map((match) => match[1]);
    expect(evidence).toMatchObject({
      verified: true,
      signer: {
        kind: 'openpgp',
        algorithm: 'Ed25519',
        fingerprint: withSubkey,
        signingKey: subkey,
        userId: 'sub <sub@example.org>',
      },
    });
    expect(summary).toContain(withSubkey);
  });

  it.each([
    ['a private key', gpg('--export-secret-keys', ed), 'private key'],
    ['an armored private key', gpg('--armor', '--export-secret-keys', ed), 'private key'],
    ['a private key behind a public one', Buffer.concat([edKey, gpg('--export-secret-keys', rsa)]), 'private key'],
    ['nothing', Buffer.alloc(0), 'empty'],
    ['text', Buffer.from('hello'), 'no "-----BEGIN PGP'],
    ['a key in PEM', Buffer.from('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'), 'BEGIN PGP'],
    ['a signature', good, 'no public key'],
    ['a cut key', edKey.subarray(0, -5), 'cut'],
    ['a cut armored key', armored.subarray(0, -40), 'not complete'],
    ['the same key twice', Buffer.concat([edKey, edKey]), 'twice'],
    ['a huge file', Buffer.alloc(2 << 20, 0x99), 'bytes'],
  ])('%s as the keys is a usage error', async (_, keys, why) => {
    await expect(rulesOf(detached(good), { policy: signedWith(keys) })).rejects.toThrow(
      expect.objectContaining({ name: 'UsageError', message: expect.stringContaining(why) }),
    );
  });

  it('a policy that asks for a log entry or an attestation is a usage error', async () => {
    for (const change of [{ log: 'required' as const }, { predicateTypes: ['t'] }]) {
      await expect(rulesOf(detached(good), { policy: signedWith(edKey, change) })).rejects.toThrow('OpenPGP');
    }
  });
});
