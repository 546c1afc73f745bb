import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseTrustedRoot } from '../../src/signature/trust.ts';
import { type Json, RELEASE, SigstoreStack } from '../support/sigstore-stack.ts';
import { bundleFile, copy, encode, POLICY, rulesOf, signedBy } from './verifying.ts';

// Trusted roots in files: several together, and an instance that has timestamps and no logs, as GitHub's own has.
let one: SigstoreStack;
let other: SigstoreStack;
let byOther: Json;
let unlogged: Json;
const lines = (...roots: readonly unknown[]) => Buffer.from(roots.map((root) => JSON.stringify(root)).join('\n'));
const FILE_BYTES = Buffer.from('\x7fELF');
beforeAll(async () => {
  [one, other] = await Promise.all([SigstoreStack.start(), SigstoreStack.start()]);
  byOther = await other.signBlob(FILE_BYTES);
  const signer = other.signer({ ...RELEASE, withoutSct: true });
  unlogged = await other.signBlob(FILE_BYTES, signer, { log: 'none', timestamp: true });
});
afterAll(async () => {
  await Promise.all([one.stop(), other.stop()]);
});
const ask = (bundle: Json, root: Uint8Array, policy = POLICY) =>
  rulesOf(bundleFile(bundle), { file: FILE_BYTES, trust: parseTrustedRoot(root, 'roots.jsonl'), policy });

describe('several trusted roots, one a line', () => {
  it('count together, in any order, and only those that are there', async () => {
    expect(await ask(byOther, lines(one.trustedRoot, other.trustedRoot))).toEqual([]);
    expect(await ask(byOther, lines(other.trustedRoot, one.trustedRoot))).toEqual([]);
    expect(await ask(byOther, lines(one.trustedRoot, one.trustedRoot))).toEqual(['sig/untrusted-root']);
  });

  it('are refused as a whole when one is none', () => {
    expect(() => parseTrustedRoot(lines(one.trustedRoot, { mediaType: 'x' }), 'r')).toThrow(
      'not a sigstore trusted root',
    );
    expect(() => parseTrustedRoot(Buffer.from(`${JSON.stringify(one.trustedRoot)}\nx`), 'r')).toThrow('cannot be read');
    const open = copy(one.trustedRoot);
    delete open.tlogs[0].publicKey.validFor;
    expect(() => parseTrustedRoot(lines(other.trustedRoot, open), 'r')).toThrow('validFor.start');
  });
});

describe('an instance without logs', () => {
  const root = () => encode({ ...other.trustedRoot, tlogs: [], ctlogs: [] });
  const policy = { ...signedBy({ sct: 'waived' }), log: 'optional' } as const;

  it('is verified by its timestamps, when the policy waives both logs', async () => {
    expect(await ask(unlogged, root(), policy)).toEqual([]);
  });

  it('is refused when the policy waives only one of them', async () => {
    expect(await ask(unlogged, root(), { ...policy, log: 'required' })).toEqual(['sig/no-log-entry']);
    expect(await ask(unlogged, root(), { ...POLICY, log: 'optional' })).toEqual(['sig/no-sct']);
  });

  it('is refused when its timestamps are not believed', async () => {
    const stranger = encode({
      ...other.trustedRoot,
      tlogs: [],
      ctlogs: [],
      timestampAuthorities: one.trustedRoot.timestampAuthorities,
    });
    expect(await ask(unlogged, stranger, policy)).toEqual(['sig/untrusted-time']);
  });
});
