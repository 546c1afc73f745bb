/** `verify` with what it needs, and nothing else. */
export { verifyAsAsked } from '../commands/verify-mode.ts';
