import { createHash, X509Certificate } from 'node:crypto';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import seeds from '@sigstore/tuf/seeds.json' with { type: 'json' };
import { type TrustMaterial, toTrustMaterial } from '@sigstore/verify';
import { UsageError } from '../errors.ts';
import type { NamedFile } from './authority.ts';
import { bundlesIn } from './bundle-lines.ts';
import { member, parseStrictJson } from './json.ts';
import { LIMITS } from './limits.ts';
import { certificatesIn } from './pem.ts';

/** Certificate authorities, logs and timestamp authorities that are believed, read once and used for many files. */
export interface Trust {
  /** Where it comes from, for a person. */
  readonly source: string;
  /** `sha256:<hex>` of the document. */
  readonly digest: string;
  readonly publicGood: boolean;
  /** Knows no public keys: a key comes from the policy alone, never from a hint in a bundle. */
  readonly material: TrustMaterial;
  /** Every certificate of every authority, as node reads it, to tell why a chain fails. */
  readonly authorities: readonly X509Certificate[];
  /** Base URLs of the logs by id in hex. */
  readonly logs: ReadonlyMap<string, string>;
}

const MEDIA_TYPES: readonly unknown[] = [
  'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  'application/vnd.dev.sigstore.trustedroot.v0.2+json',
];

/**
 * The library reads a missing start as "since ever", which would believe a log's key for times before it existed.
 */
function checkPeriods(root: TrustedRoot, name: string): void {
  const without = (what: string): never => {
    throw new UsageError(
      `The trusted root ${name} has a ${what} without a start of validity (validFor.start): add it.`,
    );
  };
  for (const log of root.tlogs) if (log.publicKey?.validFor?.start === undefined) without(`log, ${log.baseUrl},`);
  for (const log of root.ctlogs)
    if (log.publicKey?.validFor?.start === undefined) without('certificate transparency log');
  for (const ca of root.certificateAuthorities) {
    if (ca.validFor?.start === undefined) without(`certificate authority, ${ca.uri},`);
  }
  for (const ca of root.timestampAuthorities) {
    if (ca.validFor?.start === undefined) without(`timestamp authority, ${ca.uri},`);
  }
}

/**
 * A trusted root in the form of sigstore's trusted_root.json (protobuf-specs, sigstore_trustroot.proto).
 * @param name for messages and evidence: the file as the user gave it
 * @throws UsageError when it is not one, or leaves open for which time a key counts
 */
export function parseTrustedRoot(bytes: Uint8Array, name: string): Trust {
  return read(bytes, name, false);
}

/** The root of the public-good instance as its repository handed it out; see {@link parseTrustedRoot}. */
export function parsePublicGoodRoot(bytes: Uint8Array, name: string): Trust {
  return read(bytes, name, true);
}

/**
 * A file can hold several roots, one a line, as `gh attestation trusted-root` writes them: all are believed.
 */
function read(bytes: Uint8Array, name: string, publicGood: boolean): Trust {
  const lines = bundlesIn(bytes);
  if ('finding' in lines) throw new UsageError(`The trusted root ${name} cannot be read: ${lines.finding.message}`);
  const [first, ...more] = lines.bundles.map((document) => readOne(document, name, publicGood));
  if (first === undefined) throw new UsageError(`The trusted root ${name} is empty.`);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { ...more.reduce(together, first), digest };
}

function together(one: Trust, other: Trust): Trust {
  const { material: a } = one;
  const { material: b } = other;
  return {
    ...one,
    material: {
      ...a,
      certificateAuthorities: [...a.certificateAuthorities, ...b.certificateAuthorities],
      timestampAuthorities: [...a.timestampAuthorities, ...b.timestampAuthorities],
      tlogs: [...a.tlogs, ...b.tlogs],
      ctlogs: [...a.ctlogs, ...b.ctlogs],
    },
    authorities: [...one.authorities, ...other.authorities],
    logs: new Map([...one.logs, ...other.logs]),
  };
}

function readOne(bytes: Uint8Array, name: string, publicGood: boolean): Trust {
  const parsed = parseStrictJson(bytes, {
    bytes: LIMITS.documentBytes,
    depth: LIMITS.depth,
    values: LIMITS.bundleValues,
  });
  if (!parsed.ok) throw new UsageError(`The trusted root ${name} cannot be read: ${parsed.problem}.`);
  const mediaType = member(parsed.value, 'mediaType');
  if (!MEDIA_TYPES.includes(mediaType)) {
    throw new UsageError(
      `The file ${name} is not a sigstore trusted root: its mediaType is ${JSON.stringify(mediaType) ?? 'missing'}. ` +
        'Give a trusted_root.json, as "cosign trusted-root create" or your sigstore instance makes it.',
    );
  }
  try {
    const root = TrustedRoot.fromJSON(parsed.value);
    checkPeriods(root, name);
    const material = toTrustMaterial(root);
    const authorities = root.certificateAuthorities.flatMap((ca) =>
      (ca.certChain?.certificates ?? []).map(({ rawBytes }) => new X509Certificate(rawBytes)),
    );
    const logs = new Map(material.tlogs.map((log) => [log.logID.toString('hex'), log.baseURL]));
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    return { source: name, digest, publicGood, material, authorities, logs };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`The trusted root ${name} cannot be used: ${why}`);
  }
}

/**
 * The same trust with a timestamp authority of one's own besides: its certificate and those that lead to its root, in
 * this order (PEM).
 * @throws UsageError when the file holds no such chain
 */
export function withTimestampAuthority(trust: Trust, chain: NamedFile): Trust {
  try {
    const certificates = certificatesIn(chain.bytes, LIMITS.certificates);
    const [signer, ...authorities] = certificates;
    if (signer === undefined || authorities.length === 0) {
      throw new Error('it needs the certificate of the authority and, behind it, that of its root');
    }
    const root = TrustedRoot.fromJSON({
      mediaType: MEDIA_TYPES[0],
      timestampAuthorities: [
        {
          certChain: { certificates: certificates.map(({ raw }) => ({ rawBytes: raw.toString('base64') })) },
          validFor: { start: new Date(signer.validFrom).toISOString(), end: new Date(signer.validTo).toISOString() },
        },
      ],
    });
    const { timestampAuthorities } = toTrustMaterial(root);
    const material = {
      ...trust.material,
      timestampAuthorities: [...trust.material.timestampAuthorities, ...timestampAuthorities],
    };
    return { ...trust, source: `${trust.source}, with the timestamp authority in ${chain.name}`, material };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`The timestamp authority in ${chain.name} cannot be used: ${why}.`);
  }
}

let shipped: Trust | undefined;

/**
 * The root of sigstore's public-good instance that is built into this program (from @sigstore/tuf, Apache-2.0), so that
 * it needs no connection. It is as old as the release of this program; a newer one can be given as a file.
 */
export function publicGoodRoot(): Trust {
  const target = seeds['https://tuf-repo-cdn.sigstore.dev'].targets['trusted_root.json'];
  shipped ??= read(Buffer.from(target, 'base64'), 'sigstore public-good root, built in', true);
  return shipped;
}
