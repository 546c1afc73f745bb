import { createHash } from 'node:crypto';
import { UsageError } from '../errors.ts';
import { Budget } from './decompress.ts';
import { lookInLayer } from './layers.ts';
import { OCI_LIMITS } from './limits.ts';
import { choosePlatform, type Descriptor, type Index, type Manifest, readManifest } from './manifest.ts';
import { Refusal } from './outcome.ts';
import { cleanPath, type Reference } from './reference.ts';
import type { Registry } from './registry.ts';

/** The way from a reference to a manifest; each digest was computed here from what was served. */
export interface Resolved {
  /** Of what the tag or digest names: an index, or the manifest itself. */
  readonly top: string;
  readonly manifest: Manifest;
  /** Target, where an index was chosen from. */
  readonly platform?: string;
}

/** A file out of an image or artifact, with the way to it. */
export interface PulledFile {
  readonly bytes: Buffer;
  /** Path in the image, or title in the artifact. */
  readonly path: string;
  readonly digest: string;
  /** Digest of the layer as it is stored. */
  readonly layer: string;
}

const TITLE = 'org.opencontainers.image.title';
const TAR_LAYER =
  /^application\/vnd\.(?:oci\.image\.layer(?:\.nondistributable)?\.v1\.tar|docker\.image\.rootfs\.(?:diff|foreign\.diff)\.tar)(?:[.+](?:gzip|zstd))?$/;
const UNPACK = 'io.deis.oras.content.unpack';

/**
 * What a reference names, asked for once: later steps go by the digests alone. A digest in the reference must be that of
 * what is served; where a tag stands beside it, only the digest counts.
 * @param target in Go's terms, for an index: `linux/amd64`
 * @throws Refusal
 */
export async function resolve(registry: Registry, target: string): Promise<Resolved> {
  const { reference } = registry;
  const name = reference.digest ?? reference.tag ?? '';
  const top = await registry.manifest(name);
  if (top === undefined) {
    throw new Refusal(
      'oci/unavailable',
      `The registry ${reference.host} has no ${reference.repository} under ${name}.`,
    );
  }
  const read = readManifest(top);
  if (read.kind === 'manifest') return { top: top.digest, manifest: read };
  const manifest = await manifestOf(registry, read, target);
  return { top: top.digest, manifest, platform: target };
}

async function manifestOf(registry: Registry, index: Index, target: string): Promise<Manifest> {
  const chosen = choosePlatform(index, target);
  const content = await registry.manifest(chosen.digest);
  if (content === undefined) {
    throw new Refusal(
      'oci/unavailable',
      `The registry does not have the manifest ${chosen.digest} that its index names.`,
    );
  }
  if (content.bytes.length !== chosen.size) {
    throw new Refusal(
      'oci/digest-mismatch',
      `Expected ${chosen.size} bytes of the manifest ${chosen.digest}, found ${content.bytes.length}.`,
    );
  }
  const manifest = readManifest(content);
  if (manifest.kind !== 'manifest')
    throw new Refusal('oci/malformed', `The index ${index.digest} leads to another index.`);
  return manifest;
}

function titleOf({ annotations }: Descriptor): string | undefined {
  const title = Object.hasOwn(annotations, TITLE) ? annotations[TITLE] : undefined;
  return typeof title === 'string' ? title : undefined;
}

/** A layer that is a file of its own, as `oras push` makes them. */
function isPlainFile(layer: Descriptor): boolean {
  return titleOf(layer) !== undefined && layer.annotations[UNPACK] !== 'true';
}

/** The file of an artifact by its title; the only one when none is named. */
function plainFile(manifest: Manifest, path: string | undefined): Descriptor | undefined {
  const files = manifest.layers.filter(isPlainFile);
  const fitting = path === undefined ? files : files.filter((each) => cleanPath(titleOf(each) ?? '') === path);
  const [only, ...more] = fitting;
  if (more.length === 0) return only;
  const titles = files
    .map((each) => JSON.stringify(titleOf(each)?.slice(0, 100)))
    .slice(0, 10)
    .join(', ');
  if (path !== undefined)
    throw new Refusal('oci/unsafe-layer', `The artifact ${manifest.digest} has ${path} more than once.`);
  throw new Refusal(
    'oci/no-file',
    `The artifact ${manifest.digest} has several files, ${titles}: name one behind # in the reference.`,
  );
}

/**
 * The file that a reference means, out of the layers of a manifest. Upper layers hide lower ones as in a running
 * container; layers are never written to a disk.
 * @throws Refusal; UsageError when an image needs the path of the file
 */
export async function pullFile(registry: Registry, { manifest }: Resolved): Promise<PulledFile> {
  const { path } = registry.reference;
  const plain = plainFile(manifest, path);
  if (plain !== undefined) {
    const bytes = await registry.blob(plain.digest, plain.size, OCI_LIMITS.blobBytes);
    return { bytes, path: titleOf(plain) ?? '', digest: plain.digest, layer: plain.digest };
  }
  const layers = manifest.layers.filter(
    ({ mediaType, annotations }) => TAR_LAYER.test(mediaType) || annotations[UNPACK] === 'true',
  );
  if (layers.length === 0) {
    throw new Refusal(
      'oci/no-file',
      `The artifact ${manifest.digest} holds no file${path === undefined ? '' : ` ${path}`}.`,
    );
  }
  if (path === undefined) {
    throw new UsageError(
      `${registry.reference.text} is an image: name the file in it behind #, such as ${registry.reference.text}#usr/lib/plugin.so.`,
    );
  }
  return await fileInLayers(registry, manifest.digest, layers, path);
}

async function fileInLayers(
  registry: Registry,
  image: string,
  layers: readonly Descriptor[],
  path: string,
): Promise<PulledFile> {
  const budget = new Budget();
  const count = { entries: 0 };
  for (const layer of [...layers].reverse()) {
    const stored = await registry.blob(layer.digest, layer.size, OCI_LIMITS.blobBytes);
    const seen = await lookInLayer(stored, path, budget, count);
    if (seen.kind === 'nothing') continue;
    if (seen.kind === 'removed') break;
    const digest = `sha256:${createHash('sha256').update(seen.bytes).digest('hex')}`;
    return { bytes: seen.bytes, path, digest, layer: layer.digest };
  }
  throw new Refusal('oci/no-file', `The image ${image} has no file ${path}.`);
}

/** The way from a reference to a file, for evidence. */
export interface OciChain {
  readonly reference: string;
  readonly resolved: string;
  readonly manifest: string;
  readonly platform?: string;
  readonly file?: { readonly path: string; readonly layer: string; readonly digest: string; readonly size: number };
}

export function chainOf({ text }: Reference, { top, manifest, platform }: Resolved, file?: PulledFile): OciChain {
  return {
    reference: text,
    resolved: top,
    manifest: manifest.digest,
    ...(platform === undefined ? {} : { platform }),
    ...(file === undefined
      ? {}
      : { file: { path: file.path, layer: file.layer, digest: file.digest, size: file.bytes.length } }),
  };
}
