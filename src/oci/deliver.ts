import { OCI_LIMITS } from './limits.ts';
import { type OciOutcome, settled } from './outcome.ts';
import { chainOf, type OciChain, type PulledFile, pullFile, resolve } from './pull.ts';
import type { Reference } from './reference.ts';
import { Registry } from './registry.ts';
import { findImageSignatures, type ImageSignature } from './signatures.ts';

export interface DeliveryRequest {
  readonly reference: Reference;
  /** In Go's terms, to choose from an index: `linux/amd64`. */
  readonly target: string;
  /** Where docker's configuration is found. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /**
   * `needed`: without the file there is nothing to judge. `when-named`: an image may stand for itself, a file is taken
   * when the reference names one or the artifact is one.
   */
  readonly file: 'needed' | 'when-named';
  readonly signatures: boolean;
}

/** What a registry delivered: every digest was computed here, and nothing of it is signed by anybody yet. */
export interface Delivery {
  readonly chain: OciChain;
  readonly file?: PulledFile;
  readonly signatures: readonly ImageSignature[];
}

/**
 * Resolves a reference once, and takes file and signatures by the digests that this gave.
 * @throws UsageError for a reference that leaves the file open, or a damaged configuration of docker
 */
export async function deliver(request: DeliveryRequest): Promise<OciOutcome<Delivery>> {
  const { reference, target, environment } = request;
  return await settled(async () => {
    const registry = new Registry(reference, environment);
    const resolved = await resolve(registry, target);
    const { manifest, top } = resolved;
    const small = manifest.layers.every(({ size }) => size <= OCI_LIMITS.blobBytes);
    const file =
      request.file === 'needed' || reference.path !== undefined || (small && isOneFile(manifest.layers))
        ? await pullFile(registry, resolved)
        : undefined;
    const signatures = request.signatures ? await findImageSignatures(registry, [manifest.digest, top]) : [];
    return { chain: chainOf(reference, resolved, file), signatures, ...(file === undefined ? {} : { file }) };
  });
}

function isOneFile(layers: readonly { readonly annotations: Readonly<Record<string, unknown>> }[]): boolean {
  return layers.length === 1 && typeof layers[0]?.annotations['org.opencontainers.image.title'] === 'string';
}
