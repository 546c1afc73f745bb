import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { TransparencyLogEntry } from '@sigstore/bundle';
import type { LogEntryFacts } from './evidence.ts';
import { member, parseStrictJson } from './json.ts';
import { LIMITS } from './limits.ts';
import type { Trust } from './trust.ts';

/** Whose signature a log entry must be about. */
export type Signer = { readonly certificate: Uint8Array } | { readonly key: KeyObject };

type Named = { readonly pem: string } | { readonly certificateDer: Uint8Array } | { readonly keyDer: Uint8Array };

function bytesOf(base64: unknown): Uint8Array | undefined {
  return typeof base64 === 'string' ? Buffer.from(base64, 'base64') : undefined;
}

function pemOf(base64: unknown): Named | undefined {
  const bytes = bytesOf(base64);
  return bytes === undefined ? undefined : { pem: Buffer.from(bytes).toString('latin1') };
}

function verifierOf(verifier: unknown): Named | undefined {
  const certificateDer = bytesOf(member(verifier, 'x509Certificate', 'rawBytes'));
  if (certificateDer !== undefined) return { certificateDer };
  const keyDer = bytesOf(member(verifier, 'publicKey', 'rawBytes'));
  return keyDer === undefined ? undefined : { keyDer };
}

/** The only element of an array; undefined when there are none or several. */
function only(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : undefined;
}

/**
 * Who signed according to the entry: rekor types hashedrekord 0.0.1, dsse 0.0.1, intoto 0.0.2 (pkg/types/...) and
 * rekor-tiles hashedrekord 0.0.2, dsse 0.0.2.
 */
function namedSigner(kind: string, version: string, body: unknown): Named | undefined {
  const spec = member(body, 'spec');
  switch (`${kind} ${version}`) {
    case 'hashedrekord 0.0.1':
      return pemOf(member(spec, 'signature', 'publicKey', 'content'));
    case 'dsse 0.0.1':
      return pemOf(member(only(member(spec, 'signatures')), 'verifier'));
    case 'intoto 0.0.2':
      return pemOf(member(only(member(spec, 'content', 'envelope', 'signatures')), 'publicKey'));
    case 'hashedrekord 0.0.2':
      return verifierOf(member(spec, 'hashedRekordV002', 'signature', 'verifier'));
    case 'dsse 0.0.2':
      return verifierOf(member(only(member(spec, 'dsseV002', 'signatures')), 'verifier'));
    default:
      return undefined;
  }
}

function sameKey(named: Named, key: KeyObject): boolean {
  const logged =
    'pem' in named
      ? createPublicKey({ key: named.pem, format: 'pem' })
      : 'keyDer' in named
        ? createPublicKey({ key: Buffer.from(named.keyDer), format: 'der', type: 'spki' })
        : undefined;
  return logged?.equals(key) === true;
}

function sameCertificate(named: Named, der: Uint8Array): boolean {
  if ('pem' in named) return named.pem.includes('BEGIN CERTIFICATE') && new X509Certificate(named.pem).raw.equals(der);
  return 'certificateDer' in named && Buffer.from(named.certificateDer).equals(der);
}

/**
 * Whether a log entry was made for this signer. The library compares signature and digest with the entry, not who
 * signed: without this, an entry that somebody else made for the same bytes would count.
 */
export function entryNamesSigner(entry: TransparencyLogEntry, signer: Signer): boolean {
  const body = parseStrictJson(entry.canonicalizedBody, {
    bytes: LIMITS.documentBytes,
    depth: LIMITS.depth,
    values: LIMITS.bundleValues,
  });
  if (!body.ok) return false;
  const named = namedSigner(entry.kindVersion.kind, entry.kindVersion.version, body.value);
  if (named === undefined) return false;
  try {
    return 'certificate' in signer ? sameCertificate(named, signer.certificate) : sameKey(named, signer.key);
  } catch {
    return false;
  }
}

/** Text of the bundle's own choosing is cut, so that it cannot flood a report. */
function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

/** The last second that a Date of JavaScript can hold. */
const LATEST_SECOND = 8.64e12;

/** What an entry says about itself; proven only when the library has verified its proof. */
export function entryFacts(entry: TransparencyLogEntry, trust: Trust | undefined): LogEntryFacts {
  const logId = entry.logId.keyId.subarray(0, 64).toString('hex');
  const log = trust?.logs.get(logId);
  const integrated = Number(entry.integratedTime);
  return {
    logId,
    index: cut(entry.logIndex, 40),
    kind: cut(`${entry.kindVersion.kind} ${entry.kindVersion.version}`, 60),
    ...(log === undefined ? {} : { log }),
    ...(integrated > 0 && integrated < LATEST_SECOND
      ? { integratedTime: new Date(integrated * 1000).toISOString() }
      : {}),
  };
}
