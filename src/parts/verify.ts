/** `verify` with what it needs, and nothing else. */
export { verify } from '../commands/verify.ts';
