/** Asks for the current trusted root over the network. Loaded with `await import('../parts/tuf.ts')`. */
export { cacheDirectory, currentTrust } from '../signature/tuf.ts';
