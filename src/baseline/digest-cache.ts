import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ARTIFACT_LIMITS } from '../artifact/read.ts';

/** Files by their digest. What is read has that digest, whoever else can write the directory. */
export interface DigestCache {
  /** @param digest `sha256:<hex>` */
  readonly read: (digest: string) => Promise<Uint8Array | undefined>;
  /** Never throws: a cache that cannot be written costs time only. */
  readonly write: (digest: string, bytes: Uint8Array) => Promise<void>;
}

/** @param directory absolute; made when something is written */
export function digestCache(directory: string): DigestCache {
  const path = (digest: string): string | undefined =>
    /^sha256:[0-9a-f]{64}$/.test(digest) ? join(directory, digest.slice('sha256:'.length)) : undefined;
  return {
    read: async (digest) => {
      const file = path(digest);
      if (file === undefined) return undefined;
      try {
        const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
        try {
          const stat = await handle.stat();
          if (!stat.isFile() || stat.size > ARTIFACT_LIMITS.maxSize) return undefined;
          const bytes = await handle.readFile();
          return `sha256:${createHash('sha256').update(bytes).digest('hex')}` === digest ? bytes : undefined;
        } finally {
          await handle.close();
        }
      } catch {
        return undefined;
      }
    },
    write: async (digest, bytes) => {
      const file = path(digest);
      if (file === undefined) return;
      const temporary = `${file}.${randomUUID()}`;
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        const handle = await open(temporary, 'wx', 0o600);
        try {
          await handle.writeFile(bytes);
        } finally {
          await handle.close();
        }
        await rename(temporary, file);
      } catch {
        await rm(temporary, { force: true }).catch(() => {});
      }
    },
  };
}
