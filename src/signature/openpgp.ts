import { createHash } from 'node:crypto';
import {
  createMessage,
  config as defaults,
  enums,
  type Key,
  readKeys,
  readSignature,
  type SignaturePacket,
  type Subkey,
  verify,
} from 'openpgp';
import { UsageError } from '../errors.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { Artifact } from './artifact.ts';
import type { OpenPgpFacts, SignatureEvidence } from './evidence.ts';
import type { Verdict } from './judge-bundle.ts';
import { LIMITS } from './limits.ts';
import { armorBlocks, isArmored, PACKET, type Packet, packetsIn } from './openpgp-packets.ts';
import type { OpenPgpSigner } from './policy.ts';

const { hash: HASH } = enums;
const GOOD_HASHES: readonly number[] = [HASH.sha256, HASH.sha384, HASH.sha512, HASH.sha3_256, HASH.sha3_512];
const WEAK = new Set([HASH.md5, HASH.sha1, HASH.ripemd]);

const CONFIG = {
  ...defaults,
  // Self-signatures and bindings too: a key that only SHA-1 holds together can be put together by others.
  rejectHashAlgorithms: WEAK,
  rejectMessageHashAlgorithms: WEAK,
  minRSABits: 2048,
  ignoreUnsupportedPackets: false,
  ignoreMalformedPackets: false,
  // A key that was extended has only its new self-signature. It is judged as of now, below, whatever time is claimed.
  allowInsecureVerificationWithReformattedKeys: true,
};

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 300);
}

/**
 * The public keys of a file that the user configured, armored or binary: exactly the keys that may sign.
 * @throws UsageError for anything else, above all a private key
 */
export async function readOpenPgpKeys({ keys, name }: OpenPgpSigner): Promise<readonly Key[]> {
  const refuse = (why: string): never => {
    throw new UsageError(`The OpenPGP keys in ${name} cannot be used: ${why}.`);
  };
  if (keys.length > LIMITS.openPgpKeyBytes) refuse(`it has ${keys.length} bytes`);
  if (keys.length === 0) refuse('it is empty');
  let packets: readonly Packet[] = [];
  let bytes: Uint8Array = new Uint8Array();
  try {
    const parts = isArmored(keys) ? armorBlocks(keys, true) : [{ label: '', bytes: keys }];
    bytes = Buffer.concat(parts.map((part) => part.bytes));
    packets = parts.flatMap((part) => packetsIn(part.bytes, LIMITS.openPgpKeyPackets));
  } catch (error) {
    refuse(reasonOf(error));
  }
  if (packets.some(({ tag }) => tag === PACKET.secretKey || tag === PACKET.secretSubkey)) {
    refuse('it holds a private key. Give the public half (gpg --export), and keep this file off build machines');
  }
  const count = packets.filter(({ tag }) => tag === PACKET.publicKey).length;
  if (count === 0) refuse('it holds no public key');
  if (count > LIMITS.openPgpKeys) refuse(`it holds ${count} keys; at most ${LIMITS.openPgpKeys} are read`);
  let found: readonly Key[] = [];
  try {
    found = await readKeys({ binaryKeys: bytes, config: CONFIG });
  } catch (error) {
    refuse(reasonOf(error));
  }
  if (found.length !== count || found.some((key) => key.isPrivate())) refuse('a key in it is of a form not supported');
  // One copy could be revoked, and the other one older.
  if (new Set(found.map((key) => key.getFingerprint())).size !== count) refuse('it holds the same key twice');
  return found;
}

function algorithmOf(key: Key | Subkey): string {
  const { algorithm, bits, curve } = key.getAlgorithmInfo();
  if (algorithm.startsWith('rsa')) return `RSA ${bits ?? ''}`.trim();
  if (algorithm.startsWith('ed25519') || curve?.startsWith('ed25519') === true) return 'Ed25519';
  return curve === undefined ? algorithm : `${algorithm} ${curve}`;
}

const fingerprint = (key: Key | Subkey): string => key.getFingerprint().toUpperCase();

/** Why a key may not sign now, as a clause about it; undefined when it may. */
async function unfit(key: Key, used: Key | Subkey, now: Date): Promise<string | undefined> {
  // The library passes over revocations that it cannot verify, as those by SHA-1: here each one that is there counts.
  if (key.revocationSignatures.length > 0) return 'is revoked';
  if (used !== key && used.revocationSignatures.length > 0) return 'has a signing subkey that is revoked';
  if (used.getCreationTime() > now || key.getCreationTime() > now) return 'was made in the future';
  try {
    await key.getSigningKey(used.getKeyID(), now, undefined, CONFIG);
    return undefined;
  } catch (error) {
    const why = reasonOf(error);
    if (/revoked/i.test(why)) return 'is revoked';
    if (/expired/i.test(why)) return 'has expired';
    return `may not sign (${why})`;
  }
}

/** What one signature in the file came to. */
type Judged =
  | { readonly kind: 'valid'; readonly facts: OpenPgpFacts }
  | { readonly kind: 'bad'; readonly finding: Finding; readonly facts: OpenPgpFacts }
  | { readonly kind: 'unknown'; readonly id: string };

interface Question {
  readonly artifact: Artifact;
  readonly keys: readonly Key[];
  readonly now: Date;
}

/** The key that a signature names, with the part of it that signed. */
function signerOf(signature: SignaturePacket, keys: readonly Key[]): readonly [Key, Key | Subkey] | undefined {
  const wanted = signature.issuerFingerprint;
  const named = wanted === null ? undefined : Buffer.from(wanted).toString('hex');
  for (const key of keys) {
    for (const used of key.getKeys(signature.issuerKeyID)) {
      if (named === undefined || used.getFingerprint() === named) return [key, used];
    }
  }
  return undefined;
}

async function judgeOne(packet: Packet, { artifact, keys, now }: Question): Promise<Judged> {
  const read = await readSignature({ binarySignature: packet.bytes, config: CONFIG });
  const [signature] = read.packets;
  if (signature === undefined || read.packets.length !== 1) throw new Error('it holds no signature');
  const who = signerOf(signature, keys);
  if (who === undefined) return { kind: 'unknown', id: signature.issuerKeyID.toHex().toUpperCase() };
  const [key, used] = who;
  const { created } = signature;
  const user = await key.getPrimaryUser(now, undefined, CONFIG).catch(() => undefined);
  const userId = user?.user.userID?.userID.slice(0, LIMITS.userId);
  const facts: OpenPgpFacts = {
    kind: 'openpgp',
    algorithm: algorithmOf(used),
    fingerprint: fingerprint(key),
    ...(used === key ? {} : { signingKey: fingerprint(used) }),
    ...(userId === undefined ? {} : { userId }),
    ...(created === null ? {} : { claimedTime: created.toISOString() }),
  };
  const bad = (rule: Finding['rule'], message: string, details?: string): Judged => ({
    kind: 'bad',
    facts,
    finding: finding(rule, message, {
      subject: facts.fingerprint,
      details: details ?? 'To look at it: gpg --list-packets SIGNATURE, and gpg --show-keys KEYS.',
    }),
  });
  const { signatureType: type, hashAlgorithm: hash } = signature;
  if (type !== enums.signature.binary) {
    const found = `type 0x${(type ?? 0).toString(16).padStart(2, '0')}${type === enums.signature.text ? ' (of a text)' : ''}`;
    return bad('sig/unsupported', `Expected a signature over the bytes of the file (type 0x00), found ${found}.`);
  }
  if (hash === null || !GOOD_HASHES.includes(hash)) {
    const found = Object.entries(HASH).find(([, value]) => value === hash)?.[0] ?? `number ${hash}`;
    return bad('sig/unsupported', `Expected a signature with SHA-256 or a longer hash, found ${found.toUpperCase()}.`);
  }
  const why = await unfit(key, used, now);
  if (why !== undefined) {
    return bad('sig/unfit-key', `Expected a key that may sign now, found ${facts.fingerprint}, which ${why}.`);
  }
  if (created === null) return bad('sig/malformed', 'Expected a signature that says when it was made, found none.');
  if (created > now) {
    return bad('sig/wrong-time', `Expected a signature made before now, found one of ${created.toISOString()}.`);
  }
  if (created < used.getCreationTime() || created < key.getCreationTime()) {
    const since = new Date(Math.max(used.getCreationTime().getTime(), key.getCreationTime().getTime())).toISOString();
    return bad(
      'sig/wrong-time',
      `Expected a signature made after its key (${since}), found one of ${created.toISOString()}.`,
    );
  }
  const message = await createMessage({ binary: artifact.bytes ?? new Uint8Array(), format: 'binary' });
  try {
    // Exactly this key: another one of the same short id does not count.
    const results = await verify({
      message,
      signature: read,
      verificationKeys: key,
      format: 'binary',
      date: now,
      config: CONFIG,
    });
    const [only] = results.signatures;
    if (only === undefined || results.signatures.length !== 1) throw new Error('there is no signature');
    if ((await only.verified) !== true) throw new Error('the signature does not verify');
    return { kind: 'valid', facts };
  } catch (error) {
    const reason = reasonOf(error);
    if (/Signature is expired/.test(reason)) {
      const until = signature.getExpirationTime();
      const end = until instanceof Date ? until.toISOString() : 'before now';
      return bad('sig/wrong-time', `Expected a signature that is valid now, found one that expired (${end}).`);
    }
    return bad(
      'sig/invalid',
      `Expected a signature of this file by the OpenPGP key ${facts.fingerprint}, found one that this key did not make over these bytes.`,
      `Reason given: ${reason}. To look at it: gpg --verify SIGNATURE FILE, and sha256sum FILE (here sha256 ${artifact.sha256}).`,
    );
  }
}

function signaturePackets(bytes: Uint8Array): readonly Packet[] {
  const blocks = isArmored(bytes) ? armorBlocks(bytes, false) : [{ label: 'PGP SIGNATURE', bytes }];
  const [block] = blocks;
  if (block === undefined || blocks.length !== 1) throw new Error(`it has ${blocks.length} armored blocks`);
  if (block.label !== 'PGP SIGNATURE') throw new Error(`it holds a "${block.label}"`);
  const packets = packetsIn(block.bytes, LIMITS.openPgpSignatures);
  if (packets.length === 0) throw new Error('it holds no packet');
  const other = packets.find(({ tag }) => tag !== PACKET.signature);
  if (other !== undefined) throw new Error(`it holds a packet of type ${other.tag}`);
  return packets;
}

/**
 * Judges a detached OpenPGP signature, armored or binary. It holds when at least one signature in it is valid and by a
 * given key, and none that names a given key is not; those of other keys say nothing. Keys are judged as of now: when it
 * was made, a signature only claims.
 * @param file the signature file, of any content
 * @param keys from `readOpenPgpKeys`
 */
export async function judgeOpenPgp(
  file: Uint8Array,
  question: Question,
  base: Omit<SignatureEvidence, 'signature'>,
  name: string,
): Promise<Verdict> {
  const { artifact, keys } = question;
  const digest = `sha256:${createHash('sha256').update(file).digest('hex')}`;
  const evidence: SignatureEvidence = { ...base, signature: { form: 'detached', name, digest, mediaType: 'OpenPGP' } };
  const only = (...findings: Finding[]): Verdict => ({ findings, evidence });
  if (file.length > LIMITS.signatureBytes) {
    const { signature: _, ...rest } = evidence;
    const message = `Expected a signature of at most ${LIMITS.signatureBytes} bytes, found a longer file.`;
    return {
      findings: [finding('sig/too-large', message)],
      evidence: { ...rest, signature: { form: 'detached', name } },
    };
  }
  if (file.length === 0) return only(finding('sig/malformed', 'Expected a signature, found an empty file.'));
  if (artifact.bytes === undefined) {
    const message = 'The signature is over the bytes of the file, and only its digest was given.';
    return only(finding('sig/needs-file', message));
  }
  const judged: Judged[] = [];
  try {
    for (const packet of signaturePackets(file)) {
      const version = packet.body[0];
      if (version !== 4 && version !== 6) {
        const message = `Expected an OpenPGP signature of version 4 or 6, found version ${version ?? 'none'}.`;
        return only(finding('sig/unsupported', message));
      }
      judged.push(await judgeOne(packet, question));
    }
  } catch (error) {
    const message = 'Expected a detached OpenPGP signature, found a file that cannot be read as one.';
    return only(finding('sig/malformed', message, { details: `Reason given: ${reasonOf(error)}` }));
  }
  const bad = judged.flatMap((each) => (each.kind === 'bad' ? [each] : []));
  const valid = judged.find((each) => each.kind === 'valid');
  const facts = bad[0]?.facts ?? valid?.facts;
  const told = facts === undefined ? evidence : { ...evidence, signer: facts };
  if (bad.length > 0) return { findings: bad.map((each) => each.finding), evidence: told };
  if (valid !== undefined) return { findings: [], evidence: told };
  const ids = judged.flatMap((each) => (each.kind === 'unknown' ? [each.id] : [])).join(', ');
  const given = keys.map(fingerprint).join(', ');
  return only(
    finding(
      'sig/key-mismatch',
      `Expected a signature by the OpenPGP key ${given}, found one by the key with id ${ids}.`,
      {
        subject: keys.length === 1 ? given : 'OpenPGP keys',
        details: 'To look at it: gpg --list-packets SIGNATURE, and gpg --show-keys KEYS.',
      },
    ),
  );
}
