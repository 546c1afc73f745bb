/** `explain` with what it needs, and nothing else. */
export { explainCommand } from '../commands/explain.ts';
