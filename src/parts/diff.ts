/** `diff` with what it needs, and nothing else. */
export { diffCommand } from '../commands/diff.ts';
