/** `inspect` with what it needs, and nothing else. */
export { inspectCommand } from '../commands/inspect.ts';
