import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync, realpathSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';

/** A file as the whole gate sees it: read once, and every step works on these bytes. */
export interface Artifact {
  /** Relative to the repository, as configured. */
  readonly file: string;
  /** `sha256:<64 hex digits>` of `bytes`. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly bytes: Uint8Array;
  /** Last change, milliseconds since 1970. */
  readonly modifiedMs: number;
}

export interface ArtifactLimits {
  /** Bytes. */
  readonly maxSize: number;
}

export const ARTIFACT_LIMITS: ArtifactLimits = { maxSize: 512 * 1024 * 1024 };

/** Why a file could not be taken. `message` is a sentence for a person. */
export interface ArtifactProblem {
  readonly kind: 'missing' | 'outside' | 'not-a-file' | 'too-large' | 'unreadable';
  readonly message: string;
}

export type ArtifactReading =
  | { readonly artifact: Artifact; readonly problem?: undefined }
  | { readonly artifact?: undefined; readonly problem: ArtifactProblem };

/**
 * Reads a file of the repository once. Symbolic links are followed (`libx.so -> libx.so.1`) as long as the real file
 * lies inside the repository; digest and bytes come from one descriptor.
 * @param root absolute path of the directory that the file must lie in
 * @param file path relative to `root`
 */
export function readArtifact(root: string, file: string, limits: ArtifactLimits = ARTIFACT_LIMITS): ArtifactReading {
  if (file === '' || file.includes('\0')) return refuse('missing', 'The path of the file is empty.');
  if (isAbsolute(file)) return refuse('outside', `${file} is not a path inside the repository.`);
  let descriptor: number | undefined;
  try {
    const realRoot = realpathSync(root);
    const real = realpathSync(join(root, file));
    if (!isInside(realRoot, real)) {
      return refuse('outside', `${file} leads out of the repository, to ${real}. It must be a file inside.`);
    }
    // O_NONBLOCK: opening a named pipe would wait for a writer for ever.
    descriptor = openSync(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return readDescriptor(descriptor, realRoot, file, limits);
  } catch (error) {
    return refuseError(error, file);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function readDescriptor(descriptor: number, root: string, file: string, limits: ArtifactLimits): ArtifactReading {
  const stat = fstatSync(descriptor);
  if (!stat.isFile()) {
    return refuse('not-a-file', `${file} is ${stat.isDirectory() ? 'a directory' : 'not a regular file'}.`);
  }
  // Between realpath and open a directory on the way could have been replaced by a link.
  const opened = openedPath(descriptor);
  if (opened !== undefined && !isInside(root, opened)) {
    return refuse('outside', `${file} was moved out of the repository while it was read.`);
  }
  if (stat.size > limits.maxSize) {
    return refuse('too-large', `${file} has ${stat.size} bytes; the limit is ${limits.maxSize}.`);
  }
  const bytes = new Uint8Array(stat.size);
  let filled = 0;
  while (filled < bytes.length) {
    const count = readSync(descriptor, bytes, filled, bytes.length - filled, filled);
    if (count === 0) break;
    filled += count;
  }
  const after = fstatSync(descriptor);
  if (filled !== stat.size || after.size !== stat.size || after.mtimeMs !== stat.mtimeMs) {
    return refuse('unreadable', `${file} changed while it was read; something still writes to it.`);
  }
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { artifact: { file, digest, size: bytes.length, bytes, modifiedMs: stat.mtimeMs } };
}

function openedPath(descriptor: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return undefined; // no /proc here
  }
}

/** Whether `path` is `root` or below it; both real paths. */
export function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

function refuse(kind: ArtifactProblem['kind'], message: string): ArtifactReading {
  return { problem: { kind, message } };
}

function refuseError(error: unknown, file: string): ArtifactReading {
  // By its fields, not by its class: Node's own errors are of another realm in sandboxes such as test runners.
  const code = field(error, 'code');
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return refuse('missing', `There is no file ${file}.`);
    case 'ELOOP':
      return refuse('unreadable', `${file} is a symbolic link that leads nowhere, or was replaced while it was read.`);
    case 'EACCES':
    case 'EPERM':
      return refuse('unreadable', `${file} may not be read by this user.`);
    default:
      return refuse('unreadable', `${file} cannot be read: ${field(error, 'message') ?? String(error)}.`);
  }
}

function field(error: unknown, name: string): string | undefined {
  if (typeof error !== 'object' || error === null || !(name in error)) return undefined;
  const value: unknown = Object.getOwnPropertyDescriptor(error, name)?.value;
  return typeof value === 'string' ? value : undefined;
}
