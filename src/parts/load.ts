/** `load` with what it needs, and nothing else. */
export { loadCommand } from '../commands/load.ts';
