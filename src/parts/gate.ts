/** The whole gate with everything that it needs: configuration, builders, loader, reports. Loaded by `check`. */
export { checkCommand } from '../commands/check.ts';
