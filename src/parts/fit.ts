/** `fit` with what it needs, and nothing else. */
export { fitCommand } from '../commands/fit.ts';
