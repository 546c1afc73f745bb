/** `diff` as far as two files are the same; the rest is in `compare`. */
export { diffCommand } from '../commands/diff.ts';
