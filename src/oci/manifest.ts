import { member, parseStrictJson, record } from '../signature/json.ts';
import { OCI_LIMITS } from './limits.ts';
import { Refusal } from './outcome.ts';
import { SHA256 } from './reference.ts';
import type { Content } from './registry.ts';

/** A pointer to content by digest (OCI image specification, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly artifactType?: string;
  readonly platform?: Platform;
}

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

export interface Manifest {
  readonly kind: 'manifest';
  readonly digest: string;
  readonly layers: readonly Descriptor[];
  readonly artifactType?: string;
  /** The digest that this manifest refers to: what it is a signature of. */
  readonly subject?: string;
}

export interface Index {
  readonly kind: 'index';
  readonly digest: string;
  readonly manifests: readonly Descriptor[];
}

const MANIFEST_TYPES: readonly string[] = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];
const INDEX_TYPES: readonly string[] = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

function malformed(digest: string, why: string): Refusal {
  return new Refusal('oci/malformed', `The manifest ${digest} cannot be read: ${why}.`);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= OCI_LIMITS.path ? value : undefined;
}

function platformOf(value: unknown): Platform | undefined {
  const os = text(member(value, 'os'));
  const architecture = text(member(value, 'architecture'));
  if (os === undefined || architecture === undefined) return undefined;
  const variant = text(member(value, 'variant'));
  return { os, architecture, ...(variant === undefined || variant === '' ? {} : { variant }) };
}

function descriptor(value: unknown, within: string): Descriptor {
  const digest = member(value, 'digest');
  const size = member(value, 'size');
  const mediaType = text(member(value, 'mediaType'));
  if (typeof digest !== 'string' || !SHA256.test(digest)) {
    throw malformed(within, 'it names content by another digest than a sha256 in lower-case hex');
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw malformed(within, `it gives no size for ${digest}`);
  }
  if (mediaType === undefined) throw malformed(within, `it gives no media type for ${digest}`);
  const artifactType = text(member(value, 'artifactType'));
  const platform = platformOf(member(value, 'platform'));
  return {
    mediaType,
    digest,
    size,
    annotations: record(member(value, 'annotations')) ?? {},
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(platform === undefined ? {} : { platform }),
  };
}

function descriptors(value: unknown, within: string, what: string): readonly Descriptor[] {
  if (!Array.isArray(value)) throw malformed(within, `it has no list of ${what}`);
  if (value.length > OCI_LIMITS.descriptors) {
    throw new Refusal(
      'oci/too-large',
      `The manifest ${within} lists ${value.length} ${what}; at most ${OCI_LIMITS.descriptors} are read.`,
    );
  }
  return value.map((each: unknown) => descriptor(each, within));
}

/**
 * A manifest or index. Content that could be read as both, or whose own type is another than the registry's, is refused:
 * two programs could take it for two things.
 */
export function readManifest({ bytes, digest, mediaType }: Content): Manifest | Index {
  const parsed = parseStrictJson(bytes, {
    bytes: OCI_LIMITS.manifestBytes,
    depth: OCI_LIMITS.depth,
    values: OCI_LIMITS.values,
  });
  if (!parsed.ok) throw malformed(digest, parsed.problem);
  const { value } = parsed;
  const own = member(value, 'mediaType');
  const known = [...MANIFEST_TYPES, ...INDEX_TYPES];
  if (own !== undefined && own !== mediaType && known.includes(mediaType)) {
    throw malformed(digest, `the registry calls it ${mediaType}, and it calls itself ${String(own).slice(0, 100)}`);
  }
  const type = text(own) ?? mediaType;
  const has = (name: string) => member(value, name) !== undefined;
  if (INDEX_TYPES.includes(type)) {
    if (has('layers') || has('config') || has('fsLayers'))
      throw malformed(digest, 'it is an index and a manifest at once');
    return { kind: 'index', digest, manifests: descriptors(member(value, 'manifests'), digest, 'manifests') };
  }
  if (!MANIFEST_TYPES.includes(type)) {
    throw malformed(
      digest,
      `its type is ${JSON.stringify(type.slice(0, 100))}, which is not one of an OCI or docker image`,
    );
  }
  if (has('manifests') || has('fsLayers')) throw malformed(digest, 'it is a manifest and an index at once');
  const artifactType = text(member(value, 'artifactType')) ?? text(member(value, 'config', 'mediaType'));
  const subject = member(value, 'subject', 'digest');
  return {
    kind: 'manifest',
    digest,
    layers: descriptors(member(value, 'layers'), digest, 'layers'),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(typeof subject === 'string' ? { subject } : {}),
  };
}

/** Variants of a target in Go's terms, the best one first; the empty one is a manifest without variant. */
const VARIANTS: Readonly<Record<string, readonly string[]>> = {
  amd64: ['', 'v1'],
  arm64: ['', 'v8'],
  arm: ['v7', '', 'v6', 'v5'],
};

/**
 * The one manifest of an index for a target; never simply the first that fits.
 * @param target in Go's terms: `linux/amd64`, also with a variant, `linux/arm/v6`
 */
export function choosePlatform({ manifests, digest }: Index, target: string): Descriptor {
  const [os, architecture, variant] = target.split('/');
  const fitting = manifests.filter(({ platform }) => platform?.os === os && platform?.architecture === architecture);
  const order = variant === undefined ? (VARIANTS[architecture ?? ''] ?? ['']) : [variant];
  for (const wanted of order) {
    const found = fitting.filter(({ platform }) => (platform?.variant ?? '') === wanted);
    const [only, ...more] = found;
    if (only === undefined) continue;
    if (more.every((each) => each.digest === only.digest)) return only;
    throw new Refusal(
      'oci/no-platform',
      `Expected one image for ${target} in the index ${digest}, found ${found.length} different ones.`,
    );
  }
  const there = manifests.flatMap(({ platform }) =>
    platform === undefined ? [] : [[platform.os, platform.architecture, platform.variant].filter(Boolean).join('/')],
  );
  const list = [...new Set(there)].sort().slice(0, 20).join(', ');
  throw new Refusal(
    'oci/no-platform',
    `Expected an image for ${target} in the index ${digest}, found ${list === '' ? 'none with a platform' : list}.`,
  );
}
