import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { EnvironmentError } from '../errors.ts';
import type { LoadRequest } from './model.ts';
import { libraryDirectories } from './places.ts';
import { readBack } from './read-back.ts';

/** A private directory in which one plugin is loaded. */
export interface Stage {
  readonly loader: string;
  readonly plugin: string;
  /** Working directory, HOME and TMPDIR of the plugin. */
  readonly scratch: string;
  /** The audit library and the file that it writes to, where there is one. */
  readonly audit?: { readonly library: string; readonly trail: string };
  /** A program that loads the plugin in place of the loader's own code. */
  readonly host?: string;
  /**
   * Whether the plugin's file still has the bytes that were written, and was never another in between: neither it nor a
   * directory above it was moved, linked, or written to.
   */
  readonly unchanged: () => boolean;
  readonly remove: () => void;
}

/** Neighbours that are made reachable; a directory with more is a download folder, not a place of plugins. */
const MOST_NEIGHBOURS = 5000;

/** About 60,000 records of the dynamic linker. */
const TRAIL_BYTES = 4 * 1024 * 1024;

/** Names that can stand in a job, in /proc/PID/maps and in messages without escapes. */
const PLAIN_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,200}$/;

/**
 * Writes the loader and the plugin into a new directory that only this user can enter. The plugin keeps its name, and
 * finds the files beside its original, and beside that directory, at $ORIGIN and $ORIGIN/.. as links.
 * @throws EnvironmentError when there is no place for it
 */
export function makeStage(
  request: Pick<LoadRequest, 'file' | 'bytes' | 'directory'>,
  loader: Uint8Array,
  auditLibrary?: Uint8Array,
  hostBytes?: Uint8Array,
): Stage {
  const root = orEnvironmentError('make a private directory', () => mkdtempSync(join(tmpdir(), 'plugin-gate-load-')));
  const remove = () => removeTree(root);
  try {
    return orEnvironmentError('write the plugin', () => {
      if (/[\n\0]/.test(root)) throw new Error(`the path ${JSON.stringify(root)} has a line break`);
      const directory = request.directory === undefined ? undefined : resolve(request.directory);
      const home = join(root, 'tree', plain(directory === undefined ? '' : basename(directory), 'plugin'));
      const plugin = join(home, plain(basename(request.file), 'plugin.so'));
      const scratch = join(root, 'scratch');
      mkdirSync(home, { recursive: true });
      mkdirSync(scratch);
      const stage = { loader: join(root, 'plugin-gate-loader'), plugin, scratch };
      writeExecutable(stage.loader, loader);
      writeExecutable(plugin, request.bytes);
      if (directory !== undefined) {
        linkNeighbours(directory, home);
        // What lies in the system's directories is found there; they have thousands of files.
        const above = dirname(directory);
        if (!libraryDirectories().includes(above)) linkNeighbours(above, join(root, 'tree'));
      }
      const audit = auditLibrary === undefined ? undefined : stageAudit(root, auditLibrary);
      const host = hostBytes === undefined ? undefined : join(root, 'plugin-gate-gohost');
      if (host !== undefined && hostBytes !== undefined) writeExecutable(host, hostBytes);
      const chain = [root, join(root, 'tree'), home, plugin];
      const identity = identityOf(chain);
      const unchanged = () => sameBytes(plugin, request.bytes) && identity !== '' && identityOf(chain) === identity;
      return { ...stage, audit, host, unchanged, remove };
    });
  } catch (error) {
    remove();
    throw error;
  }
}

/** The file of the trail is as large as it may grow; what is not written takes no space. */
function stageAudit(root: string, library: Uint8Array): Stage['audit'] {
  const audit = { library: join(root, 'plugin-gate-audit.so'), trail: join(root, 'trail') };
  writeExecutable(audit.library, library);
  writeFileSync(audit.trail, '', { mode: 0o600, flag: 'wx' });
  truncateSync(audit.trail, TRAIL_BYTES);
  return audit;
}

function plain(name: string, otherwise: string): string {
  return PLAIN_NAME.test(name) ? name : otherwise;
}

function writeExecutable(file: string, bytes: Uint8Array): void {
  writeFileSync(file, bytes, { mode: 0o500, flag: 'wx' });
  // The mode above is cut by the umask.
  chmodSync(file, 0o500);
}

/** Links everything in a directory that has no place in the copy yet. */
function linkNeighbours(from: string, to: string): void {
  const taken = new Set(readdirSync(to));
  let names: readonly string[];
  try {
    names = readdirSync(from);
  } catch {
    return; // The directory went away or may not be read: a dependency in it will be reported as missing.
  }
  // Libraries first, so that a crowd of other files cannot keep one out.
  const [libraries, others] = [names.filter(isLibrary), names.filter((name) => !isLibrary(name))];
  for (const name of [...libraries, ...others].slice(0, MOST_NEIGHBOURS)) {
    if (!taken.has(name)) symlinkSync(join(from, name), join(to, name));
  }
}

function isLibrary(name: string): boolean {
  return name.includes('.so');
}

/** Removes a directory in which the plugin may have made others that cannot be entered. Never throws. */
function removeTree(root: string): void {
  const options = { recursive: true, force: true, maxRetries: 3 };
  try {
    rmSync(root, options);
  } catch {
    try {
      openUp(root);
      rmSync(root, options);
    } catch {
      // What is left lies in the directory for temporary files, in a directory that only this user can enter.
    }
  }
}

/** Makes directories writable again, without following links. */
function openUp(directory: string): void {
  chmodSync(directory, 0o700);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) openUp(join(directory, entry.name));
  }
}

/**
 * What nobody can put back who has moved, linked or changed a file: its number and the time of its last change, which is the
 * kernel's. Of the directories that lead to it too, or the whole tree could be moved away and back.
 * @returns '' when one of them is gone
 */
function identityOf(paths: readonly string[]): string {
  try {
    return paths
      .map((path) => lstatSync(path, { bigint: true }))
      .map(({ dev, ino, ctimeNs }) => `${dev}:${ino}:${ctimeNs}`)
      .join(' ');
  } catch {
    return '';
  }
}

function sameBytes(file: string, bytes: Uint8Array): boolean {
  return readBack(file, bytes.length + 1)?.equals(bytes) ?? false;
}

function orEnvironmentError<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new EnvironmentError(
      `Cannot ${what} for loading: ${reason}. Free space in, or point TMPDIR to, a directory that can be written.`,
    );
  }
}
