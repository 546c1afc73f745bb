import { createHash, randomUUID } from 'node:crypto';
import { constants, existsSync, realpathSync } from 'node:fs';
import { lstat, mkdir, open, opendir, rename, rm, utimes } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isInside } from '../../artifact/read.ts';
import { type DigestCache, digestCache } from '../../baseline/digest-cache.ts';
import { UsageError } from '../../errors.ts';
import { type KeptRecord, LARGEST_RECORD, parseRecord, writeRecord } from './record.ts';
import type { CacheUse } from './use.ts';

/** What is kept of earlier runs, in a directory: a record for each plugin and target, and files that builds made. */
export interface Store {
  /** What is kept of a plugin, of the first scope that has it. Only what was there when the gate began is read. */
  readonly read: (plugin: string, target: string) => Promise<KeptRecord | undefined>;
  /** Left for later runs, when the store is closed. */
  readonly keep: (record: Omit<KeptRecord, 'schema' | 'scope'>) => void;
  /** Files that builds made, by their digest. */
  readonly files: DigestCache;
  /** Writes what was kept, and brings the directory back to its size. Never throws: a cache costs time only. */
  readonly close: () => Promise<void>;
}

export interface StoreLimits {
  /** Bytes of the whole directory. */
  readonly maxSize: number;
  /** Days after which what was not used again goes. */
  readonly maxDays: number;
}

export const STORE_LIMITS: StoreLimits = { maxSize: 2 * 1024 ** 3, maxDays: 30 };

/** Files that are looked at. */
const MOST_FILES = 100_000;
/** Of the form of the records; another one has another directory. */
const FORM = 'v1';

/**
 * Opens a cache. Every record that is there now is noted by its digest: what builds and plugins of this run write into the
 * directory is not believed, and goes when the store is closed.
 * @param directory absolute; made when something is written
 * @param repository absolute; a directory in it could be filled by the very change that is judged
 * @throws UsageError for a directory inside the repository
 */
export async function openStore(
  directory: string,
  repository: string,
  use: CacheUse,
  limits: StoreLimits = STORE_LIMITS,
): Promise<Store> {
  refuseInside(directory, repository);
  const root = join(directory, FORM);
  const before = new Map<string, string>();
  for (const { path } of await filesBelow(root)) {
    const bytes = isRecord(path) ? await readRegular(path) : undefined;
    if (bytes !== undefined) before.set(path, digestOf(bytes));
  }
  const waiting = new Map<string, KeptRecord>();
  const writable = use.write === undefined ? undefined : placeOf(root, use.write);
  const readable = use.read.map((scope) => join(placeOf(root, scope), 'files'));

  return {
    read: async (plugin, target) => {
      for (const scope of use.read) {
        const path = recordPath(placeOf(root, scope), plugin, target);
        const digest = before.get(path);
        const bytes = digest === undefined ? undefined : await readRegular(path);
        if (bytes === undefined || digestOf(bytes) !== digest) continue;
        const record = parseRecord(bytes, { scope, plugin, target });
        if (record !== undefined) {
          await touch(path);
          return record;
        }
      }
      return undefined;
    },
    keep: (record) => {
      if (use.write === undefined || writable === undefined) return;
      const { plugin, target } = record;
      waiting.set(recordPath(writable, plugin, target), { ...record, schema: 'plugin-gate/kept/v1', scope: use.write });
    },
    files: {
      read: async (digest) => {
        for (const place of readable) {
          const bytes = await digestCache(place).read(digest);
          if (bytes === undefined) continue;
          await touch(join(place, digest.slice('sha256:'.length)));
          return bytes;
        }
        return undefined;
      },
      write: async (digest, bytes) => {
        if (writable !== undefined) await digestCache(join(writable, 'files')).write(digest, bytes);
      },
    },
    close: async () => {
      // Of runs by hand several may be at work at once; on a runner there is but this one.
      if (use.write !== 'local') await removeStrangers(root, before);
      if (writable === undefined) return;
      for (const [path, record] of waiting) {
        const bytes = writeRecord(record);
        if (bytes !== undefined) await replace(path, bytes);
      }
      await shrink(root, limits);
    },
  };
}

function refuseInside(directory: string, repository: string): void {
  let existing = resolve(directory);
  const rest: string[] = [];
  while (!existsSync(existing) && dirname(existing) !== existing) {
    rest.unshift(basename(existing));
    existing = dirname(existing);
  }
  const real = join(realpathSync(existing), ...rest);
  if (!isInside(realpathSync(repository), real)) return;
  throw new UsageError(
    `The cache ${directory} lies inside the repository, where a change could bring its own results along. Name a directory outside, such as ~/.cache/plugin-gate; in a workflow, \${{ runner.temp }}/plugin-gate-cache.`,
  );
}

const hex = (text: string): string => createHash('sha256').update(text).digest('hex');

function placeOf(root: string, scope: string): string {
  return join(root, hex(scope).slice(0, 32));
}

function recordPath(place: string, plugin: string, target: string): string {
  return join(place, `${hex(JSON.stringify([plugin, target]))}.json`);
}

function isRecord(path: string): boolean {
  return /^[0-9a-f]{64}\.json$/.test(basename(path));
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function readRegular(path: string): Promise<Uint8Array | undefined> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = await handle.stat();
      return stat.isFile() && stat.size <= LARGEST_RECORD ? await handle.readFile() : undefined;
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}

/** Used again: it goes later than what is not. */
async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => {});
}

/** Written beside its place and renamed: who reads it sees the old record or the new one, whole. */
async function replace(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(bytes);
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch {
    await rm(temporary, { force: true, recursive: true }).catch(() => {});
  }
}

interface FoundFile {
  readonly path: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly used: number;
}

/** Regular files; links are not followed. */
async function filesBelow(directory: string): Promise<readonly FoundFile[]> {
  const found: FoundFile[] = [];
  const waiting = [directory];
  for (let at = waiting.pop(); at !== undefined && found.length < MOST_FILES; at = waiting.pop()) {
    try {
      for await (const entry of await opendir(at)) {
        const path = join(at, entry.name);
        if (entry.isDirectory()) waiting.push(path);
        else if (entry.isFile()) {
          const stat = await lstat(path);
          found.push({ path, size: stat.size, used: stat.mtimeMs });
        }
        if (found.length >= MOST_FILES) break;
      }
    } catch {
      // Not there, or taken away meanwhile.
    }
  }
  return found;
}

/** Takes away records that somebody else wrote since the store was opened, of whatever scope. */
async function removeStrangers(root: string, before: ReadonlyMap<string, string>): Promise<void> {
  const files = await filesBelow(root);
  if (files.length >= MOST_FILES) {
    // There may be more than were looked at.
    await rm(root, { recursive: true, force: true }).catch(() => {});
    return;
  }
  for (const { path } of files) {
    if (basename(dirname(path)) === 'files') continue; // they go by their digest, whoever wrote them
    const known = before.get(path);
    const bytes = known === undefined ? undefined : await readRegular(path);
    if (bytes === undefined || digestOf(bytes) !== known) await rm(path, { force: true }).catch(() => {});
  }
}

/** What was not used for long goes, and as much of the rest, the oldest first, as is too much. */
async function shrink(root: string, { maxSize, maxDays }: StoreLimits): Promise<void> {
  const files = (await filesBelow(root)).toSorted((a, b) => b.used - a.used);
  const oldest = Date.now() - maxDays * 86_400_000;
  let total = 0;
  for (const { path, size, used } of files) {
    total += size;
    if (total > maxSize || used < oldest) await rm(path, { force: true }).catch(() => {});
  }
}
