import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** Digests of files by their paths, each file read once as long as it stays what it is. */
export interface FileDigests {
  /**
   * @param path absolute; links are followed
   * @returns `sha256:<hex>`; undefined for what is no regular file, cannot be read, or changes while it is read
   */
  readonly of: (path: string) => string | undefined;
  /** Of a text in UTF-8. */
  readonly text: (text: string) => string;
}

const PIECE = 1 << 20;
/** Bytes; larger files have no digest. */
const LARGEST = 4 * 1024 * 1024 * 1024;

/**
 * Whether a file is still the same is told by device, inode, size and both times in nanoseconds. A program can set the
 * time of the last write, but not that of the last change (ctime, inode(7)).
 */
export function fileDigests(): FileDigests {
  const known = new Map<string, { readonly mark: string; readonly digest: string }>();
  const buffer = new Uint8Array(PIECE);
  return {
    text: (text) => `sha256:${createHash('sha256').update(text).digest('hex')}`,
    of: (path) => {
      let descriptor: number;
      try {
        descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      } catch {
        return undefined;
      }
      try {
        const mark = markOf(descriptor);
        if (mark === undefined) return undefined;
        const before = known.get(path);
        if (before?.mark === mark) return before.digest;
        const hash = createHash('sha256');
        for (;;) {
          const count = readSync(descriptor, buffer, 0, PIECE, null);
          if (count === 0) break;
          hash.update(buffer.subarray(0, count));
        }
        if (markOf(descriptor) !== mark) return undefined;
        const digest = `sha256:${hash.digest('hex')}`;
        known.set(path, { mark, digest });
        return digest;
      } catch {
        return undefined;
      } finally {
        closeSync(descriptor);
      }
    },
  };
}

function markOf(descriptor: number): string | undefined {
  const stat = fstatSync(descriptor, { bigint: true });
  if (!stat.isFile() || stat.size > LARGEST) return undefined;
  return [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(':');
}
