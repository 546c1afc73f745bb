/** Heavy part: signs with Sigstore. It connects, so it is apart from what verifies. */
export { signWithIdentity } from '../signature/sign-identity.ts';
