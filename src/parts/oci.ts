/** Takes plugins out of registries. Loaded with `await import('../parts/oci.ts')`. */
export { deliver } from '../oci/deliver.ts';
export { verifyImage } from '../oci/verify-image.ts';
