import { createHash, type X509Certificate } from 'node:crypto';
import { UsageError } from '../errors.ts';
import { CODE_SIGNING } from './certificate.ts';
import { signingKey } from './key.ts';
import { LIMITS } from './limits.ts';
import { certificatesIn } from './pem.ts';
import { basicConstraints, EXTENSION, extendedKeyUsage, keyUsage, USAGE, x509Fields } from './x509-fields.ts';

/** A certificate authority of one's own: roots that are believed, and intermediates that only help to reach them. */
export interface OwnAuthority {
  /** Where the roots come from, for a person. */
  readonly source: string;
  /** `sha256:<hex>` of the file with the roots. */
  readonly digest: string;
  readonly roots: readonly X509Certificate[];
  readonly intermediates: readonly X509Certificate[];
}

/** A file that the user named. */
export interface NamedFile {
  readonly bytes: Uint8Array;
  readonly name: string;
}

const ANY_USAGE = '2.5.29.37.0';
/** Signature algorithms whose digests can be forged: MD2, MD5 and SHA-1 with RSA, SHA-1 with ECDSA and DSA. */
const BROKEN_SIGNATURES: readonly string[] = [
  '1.2.840.113549.1.1.2',
  '1.2.840.113549.1.1.4',
  '1.2.840.113549.1.1.5',
  '1.2.840.10045.4.1',
  '1.2.840.10040.4.3',
];
/** Extensions of an authority that are evaluated here, or that only describe (RFC 5280 section 4.2). */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  EXTENSION.basicConstraints,
  EXTENSION.extendedKeyUsage,
  EXTENSION.keyUsage,
]);
/** Paths of more certificates than this are not looked for. */
const LONGEST_PATH = 8;
/** Signatures that one search may check; certificates with one name and many keys would else multiply. */
const MOST_ATTEMPTS = 200;

function certificatesOf({ bytes, name }: NamedFile, most: number): readonly X509Certificate[] {
  try {
    return certificatesIn(bytes, most);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`The certificates in ${name} cannot be used: ${why}.`);
  }
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}

/**
 * The roots (self-signed certificates in PEM) and intermediates of an authority of one's own.
 * @throws UsageError when a file is none, or a root is not one
 */
export function parseAuthority(roots: NamedFile, intermediates?: NamedFile): OwnAuthority {
  const anchors = certificatesOf(roots, LIMITS.authorityCertificates);
  for (const anchor of anchors) {
    if (!isSelfSigned(anchor)) {
      throw new UsageError(
        `${roots.name} holds ${JSON.stringify(nameOf(anchor))}, which is not a root: another authority signed it. ` +
          'Give it with the intermediates (--ca-intermediates), and the root that signed it here.',
      );
    }
    const unfit = unfitAuthority(anchor, 0);
    if (unfit !== undefined) {
      throw new UsageError(`${roots.name} holds ${JSON.stringify(nameOf(anchor))}, which cannot be a root: ${unfit}.`);
    }
  }
  return {
    source: roots.name,
    digest: `sha256:${createHash('sha256').update(roots.bytes).digest('hex')}`,
    roots: anchors,
    intermediates: intermediates === undefined ? [] : certificatesOf(intermediates, LIMITS.authorityCertificates),
  };
}

/** The subject on one line, for messages. */
function nameOf({ subject }: X509Certificate): string {
  const line = (subject ?? '').split('\n').join(', ');
  return line.length > 200 ? `${line.slice(0, 200)}…` : line || '(no subject)';
}

/**
 * Why a certificate may not issue a signing certificate; undefined when it may (RFC 5280 section 6.1.4).
 * @param below how many intermediates lie between it and the leaf
 */
function unfitAuthority(certificate: X509Certificate, below: number): string | undefined {
  const { extensions, signatureAlgorithm } = x509Fields(certificate.raw);
  const read = <T>(wanted: string, parse: (value: Uint8Array) => T): T | undefined => {
    const found = extensions.find(({ oid }) => oid === wanted);
    return found === undefined ? undefined : parse(found.value);
  };
  const basic = read(EXTENSION.basicConstraints, basicConstraints);
  if (basic?.ca !== true) return 'it is no CA certificate';
  const { pathLength } = basic;
  if (pathLength !== undefined && below > pathLength) {
    return `it allows ${pathLength} intermediates below it, and there are ${below}`;
  }
  const usage = read(EXTENSION.keyUsage, keyUsage);
  if (usage !== undefined && (usage & USAGE.keyCertSign) === 0) {
    return 'its key usage does not allow to sign certificates';
  }
  const purposes = read(EXTENSION.extendedKeyUsage, extendedKeyUsage);
  if (purposes !== undefined && !purposes.some((oid) => oid === CODE_SIGNING || oid === ANY_USAGE)) {
    return `it may issue certificates only for ${purposes.join(', ')}, not for code signing`;
  }
  for (const { oid, critical } of extensions) {
    if (oid === EXTENSION.nameConstraints) return 'it has name constraints, which are not evaluated here';
    if (critical && !UNDERSTOOD.has(oid)) return `it has an unknown critical extension, ${oid}`;
  }
  if (BROKEN_SIGNATURES.includes(signatureAlgorithm)) return 'it is signed with a broken digest (SHA-1 or MD5)';
  const key = signingKey(certificate.publicKey);
  return typeof key === 'string' ? `its key cannot be used: ${key}` : undefined;
}

export type PathOutcome =
  | { readonly ok: true; readonly path: readonly X509Certificate[] }
  /** @property reason why the path that came furthest ends, a clause */
  | { readonly ok: false; readonly reason: string };

/**
 * A path from a leaf to a root of the authority, in which every certificate may issue the one before. Dates are left to
 * {@link invalidAt}.
 * @param sent certificates that came with the signature: they may help, and are not believed
 */
export function pathTo(authority: OwnAuthority, leaf: X509Certificate, sent: readonly X509Certificate[]): PathOutcome {
  const leafAlgorithm = x509Fields(leaf.raw).signatureAlgorithm;
  if (BROKEN_SIGNATURES.includes(leafAlgorithm)) {
    return { ok: false, reason: 'the certificate is signed with a broken digest (SHA-1 or MD5)' };
  }
  const helpers = [...authority.intermediates, ...sent.slice(0, LIMITS.certificates)];
  let attempts = 0;
  let reason = `no authority in ${authority.source} signed the certificate`;
  const issued = (certificate: X509Certificate, by: X509Certificate): boolean => {
    if (!certificate.checkIssued(by)) return false;
    attempts++;
    return attempts <= MOST_ATTEMPTS && certificate.verify(by.publicKey);
  };
  const search = (path: readonly X509Certificate[]): readonly X509Certificate[] | undefined => {
    const last = path.at(-1);
    if (last === undefined || path.length > LONGEST_PATH) return undefined;
    for (const candidate of [...authority.roots, ...helpers]) {
      if (path.some((one) => one.raw.equals(candidate.raw)) || !issued(last, candidate)) continue;
      const unfit = unfitAuthority(candidate, path.length - 1);
      if (unfit !== undefined) {
        reason = `the authority ${JSON.stringify(nameOf(candidate))} may not issue it: ${unfit}`;
        continue;
      }
      const longer = [...path, candidate];
      if (authority.roots.includes(candidate)) return longer;
      const found = search(longer);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const path = search([leaf]);
  return path === undefined ? { ok: false, reason } : { ok: true, path };
}

/** Which certificate of a path was not valid at a time, and when it was; undefined when all were. */
export function invalidAt(path: readonly X509Certificate[], time: Date): string | undefined {
  const found = path.find(({ raw }) => {
    const { notBefore, notAfter } = x509Fields(raw);
    return time < notBefore || time > notAfter;
  });
  if (found === undefined) return undefined;
  const { validFrom, validTo } = found;
  const what = found === path[0] ? 'the signing certificate' : `the authority ${JSON.stringify(nameOf(found))}`;
  return `${what} is valid from ${new Date(validFrom).toISOString()} to ${new Date(validTo).toISOString()}`;
}
