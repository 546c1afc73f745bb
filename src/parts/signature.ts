/** Heavy part: reads certificates and checks sigstore bundles. Loaded with `await import('../parts/signature.ts')`. */
export { parseAuthority } from '../signature/authority.ts';
export { parseTrustedRoot, publicGoodRoot, type Trust, withTimestampAuthority } from '../signature/trust.ts';
export { type SignatureFile, type VerifyInput, verifyArtifact } from '../signature/verify.ts';
