import { randomBytes } from 'node:crypto';
import type { Finding } from '../../src/rules/finding.ts';
import type { CertificateSigner, SignaturePolicy } from '../../src/signature/policy.ts';
import { parseTrustedRoot, type Trust } from '../../src/signature/trust.ts';
import { type SignatureFile, verifyArtifact } from '../../src/signature/verify.ts';
import { IDENTITY, ISSUER, type Json, type SigstoreStack } from '../support/sigstore-stack.ts';

/** The file that tests sign. */
export const FILE: Uint8Array = Buffer.concat([Buffer.from('\x7fELF'), randomBytes(20_000)]);

export const encode = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
export const bundleFile = (value: unknown): SignatureFile => ({ form: 'bundle', bytes: encode(value), name: 'b.json' });
export const trustOf = (stack: SigstoreStack): Trust =>
  parseTrustedRoot(encode(stack.trustedRoot), 'trusted_root.json');
export const copy = (value: Json): Json => structuredClone(value);

export const SIGNER: CertificateSigner = {
  kind: 'certificate',
  identity: { kind: 'exact', value: IDENTITY },
  identityType: 'uri',
  issuer: { kind: 'exact', value: ISSUER },
  sct: 'required',
};
export const POLICY: SignaturePolicy = { signer: SIGNER, log: 'required' };

/** The default policy with another signer. */
export const signedBy = (change: Partial<CertificateSigner>): SignaturePolicy => ({
  ...POLICY,
  signer: { ...SIGNER, ...change },
});
export const keyPolicy = (pem: string, change: Partial<SignaturePolicy> = {}): SignaturePolicy => ({
  signer: { kind: 'key', pem },
  log: 'optional',
  ...change,
});

export interface Asked {
  readonly policy?: SignaturePolicy;
  readonly file?: Uint8Array | `sha256:${string}`;
  readonly trust?: Trust;
}

/** The rules that a signature breaks; empty when it is verified. */
export async function rulesOf(
  signature: SignatureFile,
  { policy = POLICY, file = FILE, trust }: Asked,
): Promise<string[]> {
  return (await findingsOf(signature, { policy, file, ...(trust === undefined ? {} : { trust }) })).map(
    ({ rule }) => rule,
  );
}

export async function findingsOf(
  signature: SignatureFile,
  { policy = POLICY, file = FILE, trust }: Asked,
): Promise<readonly Finding[]> {
  const result = await verifyArtifact({
    artifact: file,
    signature,
    policy,
    ...(trust === undefined ? {} : { trust }),
  });
  if (result.evidence.verified !== (result.findings.length === 0)) throw new Error('verified and findings disagree');
  return result.findings;
}
