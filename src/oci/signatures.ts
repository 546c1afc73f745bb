import { LIMITS } from '../signature/limits.ts';
import { OCI_LIMITS } from './limits.ts';
import { type Descriptor, type Manifest, readManifest } from './manifest.ts';
import { Refusal } from './outcome.ts';
import type { Registry } from './registry.ts';

/** Something in the registry that says to be a signature of a manifest; nothing of it is believed yet. */
export type ImageSignature = {
  /** Where it was found, for a person. */
  readonly name: string;
  /** The manifest that it must be about. */
  readonly about: string;
} & (
  | { readonly kind: 'bundle'; readonly bytes: Buffer }
  /** Payload of cosign 1 and 2, signed as it is, with what the annotations of its layer hold. */
  | {
      readonly kind: 'cosign';
      readonly payload: Buffer;
      readonly signature: string;
      readonly certificate?: string;
      readonly chain?: string;
      readonly rekorBundle?: string;
    }
);

const BUNDLE = /^application\/vnd\.dev\.sigstore\.bundle(?:\.v0\.[0-9]{1,2})?\+json(?:;version=0\.[0-9]{1,2})?$/;
const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json';
const COSIGN_ARTIFACT = 'application/vnd.dev.cosign.artifact.sig.v1+json';

function annotation({ annotations }: Descriptor, name: string): string | undefined {
  const value = Object.hasOwn(annotations, name) ? annotations[name] : undefined;
  return typeof value === 'string' && value.length <= LIMITS.documentBytes ? value : undefined;
}

/** The layers of a manifest that are signatures. */
async function signaturesIn(
  registry: Registry,
  manifest: Manifest,
  about: string,
  place: string,
): Promise<readonly ImageSignature[]> {
  const found: ImageSignature[] = [];
  for (const layer of manifest.layers.slice(0, OCI_LIMITS.signatures)) {
    const name = `${place}, ${layer.digest}`;
    if (BUNDLE.test(layer.mediaType)) {
      found.push({
        kind: 'bundle',
        name,
        about,
        bytes: await registry.blob(layer.digest, layer.size, OCI_LIMITS.signatureBytes),
      });
      continue;
    }
    const signature = annotation(layer, 'dev.cosignproject.cosign/signature');
    if (layer.mediaType !== SIMPLE_SIGNING || signature === undefined) continue;
    const optional = {
      certificate: annotation(layer, 'dev.sigstore.cosign/certificate'),
      chain: annotation(layer, 'dev.sigstore.cosign/chain'),
      rekorBundle: annotation(layer, 'dev.sigstore.cosign/bundle'),
    };
    const { certificate, chain, rekorBundle } = optional;
    found.push({
      kind: 'cosign',
      name,
      about,
      payload: await registry.blob(layer.digest, layer.size, OCI_LIMITS.signatureBytes),
      signature,
      ...(certificate === undefined || certificate === '' ? {} : { certificate }),
      ...(chain === undefined || chain === '' ? {} : { chain }),
      ...(rekorBundle === undefined || rekorBundle === '' ? {} : { rekorBundle }),
    });
  }
  return found;
}

/** What refers to a manifest by the referrers API or its tag. */
async function fromReferrers(registry: Registry, about: string): Promise<readonly ImageSignature[]> {
  const content = await registry.referrers(about);
  if (content === undefined) return [];
  const index = readManifest(content);
  if (index.kind !== 'index') return [];
  const wanted = index.manifests.filter(
    ({ artifactType = '', mediaType }) =>
      BUNDLE.test(artifactType) || artifactType === COSIGN_ARTIFACT || BUNDLE.test(mediaType),
  );
  const found: ImageSignature[] = [];
  for (const { digest } of wanted.slice(0, OCI_LIMITS.signatures)) {
    const referrer = await registry.manifest(digest);
    const manifest = referrer === undefined ? undefined : readManifest(referrer);
    // A registry may list what it wants; only what says itself that it is about this manifest is looked at.
    if (manifest?.kind !== 'manifest' || manifest.subject !== about) continue;
    found.push(...(await signaturesIn(registry, manifest, about, `referrer ${digest}`)));
  }
  return found;
}

/** The tag under which cosign 1 and 2 put signatures: `sha256-<hex>.sig`. */
async function fromCosignTag(registry: Registry, about: string): Promise<readonly ImageSignature[]> {
  const tag = `${about.replace(':', '-')}.sig`;
  const content = await registry.manifest(tag);
  if (content === undefined) return [];
  const manifest = readManifest(content);
  return manifest.kind === 'manifest' ? await signaturesIn(registry, manifest, about, `tag ${tag}`) : [];
}

/**
 * Every signature that the registry has for these manifests. One place that cannot be read does not hide the others, but
 * when nothing is found at all its refusal is what is told.
 * @param abouts digests; of the index and of the manifest chosen from it
 */
export async function findImageSignatures(
  registry: Registry,
  abouts: readonly string[],
): Promise<readonly ImageSignature[]> {
  const found: ImageSignature[] = [];
  let refused: Refusal | undefined;
  for (const about of new Set(abouts)) {
    for (const place of [fromReferrers, fromCosignTag]) {
      try {
        found.push(...(await place(registry, about)));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        refused ??= error;
      }
    }
  }
  if (found.length === 0 && refused !== undefined) throw refused;
  return found.slice(0, OCI_LIMITS.signatures);
}
