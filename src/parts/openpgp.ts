/** Heavy part: OpenPGP signatures. Loaded with `await import('../parts/openpgp.ts')` when OpenPGP keys are given. */
export { judgeOpenPgp, readOpenPgpKeys } from '../signature/openpgp.ts';
