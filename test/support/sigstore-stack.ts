import { createHash, generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { GeneralName } from '@peculiar/asn1-x509';
import { bundleToJSON } from '@sigstore/bundle';
import { HashAlgorithm, PublicKeyDetails, TransparencyLogEntry, TrustedRoot } from '@sigstore/protobuf-specs';
import type { Signer, Witness } from '@sigstore/sign';
import { Authority, type Profile } from './certificates.ts';
import { sigstorePackages } from './sigstore-packages.ts';

const {
  DSSEBundleBuilder,
  FulcioSigner,
  fulcioHandler,
  initializeCTLog,
  initializeTLog,
  initializeTSA,
  MessageSignatureBundleBuilder,
  RekorWitness,
  rekorHandler,
  TSAWitness,
  tsaHandler,
} = sigstorePackages;

/** JSON that tests change before they verify it. */
// biome-ignore lint/suspicious/noExplicitAny: tests take material apart in ways that no type describes
export type Json = any;

export const IDENTITY = 'https://github.com/example/plugin/.github/workflows/release.yml@refs/tags/v1.2.3';
export const ISSUER = 'https://token.actions.githubusercontent.com';
export const PREDICATE = 'https://slsa.dev/provenance/v1';
export const IN_TOTO = 'application/vnd.in-toto+json';

export const uri = (value: string): GeneralName => new GeneralName({ uniformResourceIdentifier: value });
export const email = (value: string): GeneralName => new GeneralName({ rfc822Name: value });
export const dns = (value: string): GeneralName => new GeneralName({ dNSName: value });

export const RELEASE: Profile = { names: [uri(IDENTITY)], issuer: ISSUER, legacyIssuer: ISSUER };

export function keyPair(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Which proofs a bundle gets. */
export interface Proofs {
  readonly log?: 'v1' | 'v2' | 'none';
  readonly timestamp?: boolean;
  /** Type of the log entry of an attestation. */
  readonly entry?: 'dsse' | 'intoto';
}

export interface Clocks {
  /** Time of certificates and certificate log. */
  readonly authority?: Date;
  readonly log?: Date;
  readonly timestamp?: Date;
}

interface Answer {
  readonly statusCode: number;
  readonly response: unknown;
  readonly contentType?: string | undefined;
  readonly etag?: string;
}

/** sigstore-go sends the token in a header, sigstore-js in the body, which is where the mock looks for it. */
function withCredentials(body: string, token: string): string {
  const request: Json = JSON.parse(body);
  return JSON.stringify({ credentials: { oidcIdentityToken: token }, ...request });
}

/** Rekor canonicalises a proposed dsse entry; the mock only repeats it (rekor pkg/types/dsse/v0.0.1/entry.go). */
function canonicalDsse(body: string): string {
  const proposal: Json = JSON.parse(body);
  if (proposal.kind !== 'dsse') return body;
  const { envelope, verifiers } = proposal.spec.proposedContent;
  const parsed: Json = JSON.parse(envelope);
  const hash = (value: string | Uint8Array) => ({
    algorithm: 'sha256',
    value: createHash('sha256').update(value).digest('hex'),
  });
  return JSON.stringify({
    apiVersion: proposal.apiVersion,
    kind: 'dsse',
    spec: {
      envelopeHash: hash(envelope),
      payloadHash: hash(Buffer.from(parsed.payload, 'base64')),
      signatures: parsed.signatures.map((each: Json, index: number) => ({
        signature: each.sig,
        verifier: verifiers[index],
      })),
    },
  });
}

/** @sigstore/sign passes a bare key off as a certificate; the real log would be told that it is a key. */
function honest(verifier: Json): Json {
  const { rawBytes } = verifier.x509Certificate;
  const der = Buffer.from(rawBytes, 'base64');
  try {
    return new X509Certificate(der) && verifier;
  } catch {
    return { publicKey: { rawBytes }, keyDetails: verifier.keyDetails };
  }
}

/** The body that rekor-tiles logs for a request (pkg/types/{hashedrekord,dsse}); the mock logs the request itself. */
function entryV2(request: Json): { readonly kind: string; readonly body: object } {
  if (request.hashedRekordRequestV002 !== undefined) {
    const { digest, signature } = request.hashedRekordRequestV002;
    const logged = { content: signature.content, verifier: honest(signature.verifier) };
    const spec = { hashedRekordV002: { data: { algorithm: 'SHA2_256', digest }, signature: logged } };
    return { kind: 'hashedrekord', body: { apiVersion: '0.0.2', kind: 'hashedrekord', spec } };
  }
  const { envelope, verifiers } = request.dsseRequestV002;
  const digest = createHash('sha256').update(Buffer.from(envelope.payload, 'base64')).digest('base64');
  const signatures = envelope.signatures.map((each: Json, index: number) => ({
    content: each.sig,
    verifier: honest(verifiers[index]),
  }));
  const spec = { dsseV002: { payloadHash: { algorithm: 'SHA2_256', digest }, signatures } };
  return { kind: 'dsse', body: { apiVersion: '0.0.2', kind: 'dsse', spec } };
}

/**
 * A sigstore instance of its own on loopback: certificate authority, certificate log, Rekor v1 and v2, timestamp
 * authority, each with fresh keys.
 */
export class SigstoreStack {
  readonly url: string;
  /** Its trusted_root.json. */
  readonly trustedRoot: Json;
  readonly authority: Authority;
  readonly #server: Server;
  readonly #profiles: Map<string, Profile>;

  private constructor(url: string, root: Json, authority: Authority, server: Server, profiles: Map<string, Profile>) {
    this.url = url;
    this.trustedRoot = root;
    this.authority = authority;
    this.#server = server;
    this.#profiles = profiles;
  }

  static async start(clocks: Clocks = {}): Promise<SigstoreStack> {
    const profiles = new Map<string, Profile>();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const url = `http://127.0.0.1:${address.port}`;

    const certificateLog = await initializeCTLog(keyPair(), clocks.authority);
    const authority = new Authority('sigstore test authority', keyPair());
    const authorityId = createHash('sha256').update(authorityKey(authority)).digest();
    const promise = (certificate: ArrayBuffer) => certificateLog.log(certificate, Uint8Array.from(authorityId).buffer);
    const log = await initializeTLog(url, keyPair(), clocks.log);
    const timestamps = await initializeTSA(keyPair(), clocks.timestamp);
    // @sigstore/core reads fractions of a second only with three digits, and DER leaves zeros at the end out.
    const wholeSeconds = () => new Date(Math.floor((clocks.timestamp?.getTime() ?? Date.now()) / 1000) * 1000);
    Object.assign(timestamps, { getCurrentTime: wholeSeconds });
    const fulcio = fulcioHandler({
      rootCertificate: bytesOf(authority.certificate),
      issueCertificate: async ({ publicKey, subjectAltName }) => {
        const profile = profiles.get(subjectAltName);
        if (profile === undefined) throw new Error(`no profile ${subjectAltName}`);
        const at = clocks.authority;
        const dates = at === undefined ? {} : { notBefore: at, notAfter: new Date(at.getTime() + 10 * 60_000) };
        const key = new Uint8Array(publicKey.buffer, publicKey.byteOffset, publicKey.byteLength);
        return bytesOf(await authority.issue(key, { ...dates, ...profile }, promise));
      },
    });
    const rekor = rekorHandler(log);
    const tsa = tsaHandler(timestamps);
    const answers: Record<string, (body: string, token: string) => Promise<Answer>> = {
      // The real one answers 200, which sigstore-go insists on.
      [fulcio.path]: async (body, token) => {
        const answer = await fulcio.fn(withCredentials(body, token));
        return { ...answer, statusCode: answer.statusCode === 201 ? 200 : answer.statusCode };
      },
      // sigstore-go finds the entry by its ETag.
      [rekor.path]: async (body) => {
        const answer = await rekor.fn(canonicalDsse(body));
        const etag = answer.statusCode === 201 ? Object.keys(JSON.parse(String(answer.response)))[0] : undefined;
        return { ...answer, ...(etag === undefined ? {} : { etag }) };
      },
      [tsa.path]: (body) => tsa.fn(body),
      '/api/v2/log/entries': async (body) => {
        const { kind, body: logged } = entryV2(JSON.parse(body));
        const entry = await log.logV2(logged as Json);
        // The mock's tree has this one leaf, and its entry names another index.
        const inclusionProof = entry.inclusionProof && { ...entry.inclusionProof, logIndex: '0' };
        const answer = { ...entry, logIndex: '0', inclusionProof, kindVersion: { kind, version: '0.0.2' } };
        return {
          statusCode: 201,
          response: JSON.stringify(TransparencyLogEntry.toJSON(answer)),
          contentType: 'application/json',
        };
      },
    };
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        const answer = answers[request.url ?? ''];
        if (answer === undefined) {
          response.writeHead(404).end();
          return;
        }
        const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
        void answer(Buffer.concat(chunks).toString(), token).then(
          (result) => {
            const { statusCode, contentType = 'text/plain', etag } = result;
            response.writeHead(statusCode, { 'content-type': contentType, ...(etag === undefined ? {} : { etag }) });
            response.end(result.response);
          },
          (error) => response.writeHead(500).end(String(error)),
        );
      });
    });

    const start = new Date(Date.now() - 365 * 864e5);
    const instance = (publicKey: Buffer) => ({
      baseUrl: url,
      hashAlgorithm: HashAlgorithm.SHA2_256,
      operator: '',
      checkpointKeyId: undefined,
      logId: { keyId: createHash('sha256').update(publicKey).digest() },
      publicKey: {
        rawBytes: publicKey,
        keyDetails: PublicKeyDetails.PKIX_ECDSA_P256_SHA_256,
        validFor: { start },
      },
    });
    const chain = (...certificates: Buffer[]) => ({
      subject: { commonName: 'test', organization: 'test' },
      uri: url,
      operator: '',
      validFor: { start },
      certChain: { certificates: certificates.map((rawBytes) => ({ rawBytes })) },
    });
    const root = TrustedRoot.toJSON({
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [instance(log.publicKey)],
      ctlogs: [instance(certificateLog.publicKey)],
      certificateAuthorities: [chain(authority.certificate)],
      timestampAuthorities: [chain(buffer(timestamps.intCertificate), buffer(timestamps.rootCertificate))],
    });
    return new SigstoreStack(url, root, authority, server, profiles);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** An identity token that the authority exchanges for a certificate by this profile; nothing checks its signature. */
  token(profile: Profile = RELEASE): string {
    const name = `profile-${this.#profiles.size}`;
    this.#profiles.set(name, profile);
    const claims = { sub: name, iss: ISSUER, aud: 'sigstore', exp: Math.floor(Date.now() / 1000) + 600 };
    return ['{"alg":"RS256"}', JSON.stringify(claims), 'signature']
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.');
  }

  /** Signs with a fresh key and a certificate by profile. */
  signer(profile: Profile = RELEASE): Signer {
    const token = this.token(profile);
    return new FulcioSigner({ fulcioBaseURL: this.url, identityProvider: { getToken: async () => token } });
  }

  #witnesses({ log = 'v1', timestamp = false, entry }: Proofs): Witness[] {
    const list: Witness[] = [];
    if (log !== 'none') {
      list.push(
        new RekorWitness({
          rekorBaseURL: this.url,
          ...(entry === undefined ? {} : { entryType: entry }),
          majorApiVersion: log === 'v1' ? 1 : 2,
        }),
      );
    }
    if (timestamp) list.push(new TSAWitness({ tsaBaseURL: this.url }));
    return list;
  }

  /** A bundle with a signature of the bytes, as JSON. */
  async signBlob(data: Uint8Array, signer: Signer = this.signer(), proofs: Proofs = {}): Promise<Json> {
    const builder = new MessageSignatureBundleBuilder({ signer, witnesses: this.#witnesses(proofs) });
    return bundleToJSON(await builder.create({ data: Buffer.from(data) }));
  }

  /** A bundle with a signed payload (a DSSE envelope), as JSON. */
  async attest(
    payload: unknown,
    signer: Signer = this.signer(),
    { type = IN_TOTO, ...proofs }: Proofs & { readonly type?: string } = {},
  ): Promise<Json> {
    const builder = new DSSEBundleBuilder({ signer, witnesses: this.#witnesses({ entry: 'dsse', ...proofs }) });
    const data = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
    return bundleToJSON(await builder.create({ data, type }));
  }
}

/** A signer that holds a key and no certificate. */
export function keySigner(privateKey: KeyObject, publicKey: KeyObject, hash: 'sha256' | null = 'sha256'): Signer {
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return {
    sign: async (data) => ({
      signature: sign(hash, data, privateKey),
      key: { $case: 'publicKey', publicKey: pem, hint: 'release-key' },
    }),
  };
}

/** An in-toto statement about a file. */
export function statement(bytes: Uint8Array, change: Readonly<Record<string, unknown>> = {}): Json {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'plugin.so', digest: { sha256: sha256(bytes) } }],
    predicateType: PREDICATE,
    predicate: {},
    ...change,
  };
}

function buffer(view: ArrayBufferView): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}

function bytesOf(bytes: Buffer): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes);
}

function authorityKey(authority: Authority): Buffer {
  return new X509Certificate(authority.certificate).publicKey.export({ type: 'spki', format: 'der' });
}
