import { type Budget, unpacked } from './decompress.ts';
import { OCI_LIMITS } from './limits.ts';
import { Refusal } from './outcome.ts';
import { type EntryCount, type TarEntry, TarReader } from './tar.ts';

/** What one layer says about a path. */
export type Seen =
  | { readonly kind: 'file'; readonly bytes: Buffer }
  /** A layer above takes it away (whiteout), or puts something else in its place. */
  | { readonly kind: 'removed' }
  | { readonly kind: 'nothing' };

function parentsOf(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** The marks that remove a path or one of its directories (OCI image specification, layer.md, "Whiteouts"). */
function marksFor(path: string): ReadonlySet<string> {
  const marks = [...parentsOf(path), path].map((each) => {
    const slash = each.lastIndexOf('/');
    return `${each.slice(0, slash + 1)}.wh.${each.slice(slash + 1)}`;
  });
  return new Set([...marks, ...parentsOf(path).map((each) => `${each}/.wh..wh..opq`), '.wh..wh..opq']);
}

/**
 * Looks for one file in a layer, as data. A link in its place or on the way to it, and a file that is there twice, are
 * refused: programs that unpack the layer would not agree on what lies there.
 * @param layer stored bytes, whose digest was verified
 */
export async function lookInLayer(layer: Uint8Array, path: string, budget: Budget, count: EntryCount): Promise<Seen> {
  const parents = new Set(parentsOf(path));
  const marks = marksFor(path);
  const pieces: Buffer[] = [];
  let found: TarEntry | undefined;
  let removed = false;
  const visit = (entry: TarEntry) => {
    const { kind, size } = entry;
    if (marks.has(entry.path)) removed = true;
    if (parents.has(entry.path) && kind !== 'directory') {
      if (kind === 'link') {
        throw new Refusal(
          'oci/unsafe-layer',
          `The way to ${path} leads over a link, ${entry.path}. Name the file where it really lies.`,
        );
      }
      removed = true;
    }
    if (entry.path !== path) return undefined;
    if (kind === 'link') {
      throw new Refusal('oci/unsafe-layer', `${path} is a link in the image. Name the file that it leads to.`);
    }
    if (kind !== 'file') {
      throw new Refusal(
        'oci/no-file',
        `${path} is no regular file in the image, but ${kind === 'directory' ? 'a directory' : 'a device or pipe'}.`,
      );
    }
    if (found !== undefined) throw new Refusal('oci/unsafe-layer', `${path} is in one layer twice.`);
    if (size > OCI_LIMITS.blobBytes) {
      throw new Refusal('oci/too-large', `${path} has ${size} bytes; at most ${OCI_LIMITS.blobBytes} are read.`);
    }
    found = entry;
    return (piece: Uint8Array) => void pieces.push(Buffer.from(piece));
  };
  const reader = new TarReader(visit, count);
  await unpacked(layer, budget, (piece) => reader.push(piece));
  reader.end();
  // What a layer itself brings is not removed by its own marks.
  if (found !== undefined) return { kind: 'file', bytes: Buffer.concat(pieces) };
  return removed ? { kind: 'removed' } : { kind: 'nothing' };
}
