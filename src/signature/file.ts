import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** A file read once through one descriptor. */
export type FileReading =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly missing: boolean; readonly problem: string };

const CHUNK = 1024 * 1024;

/**
 * Reads a regular file, at most `limit` + 1 bytes of it: one more than allowed tells the caller that it is too large,
 * without taking it all. Pipes and devices are refused and never waited for.
 * @param limit bytes
 */
export function readFileUpTo(path: string, limit: number): FileReading {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) {
      const what = stat.isDirectory() ? 'a directory' : 'not a regular file';
      return { ok: false, missing: false, problem: `${path} is ${what}` };
    }
    const wanted = Math.min(stat.size, limit + 1);
    const bytes = new Uint8Array(wanted);
    let filled = 0;
    while (filled < wanted) {
      const count = readSync(descriptor, bytes, filled, Math.min(CHUNK, wanted - filled), filled);
      if (count === 0) break;
      filled += count;
    }
    if (filled !== wanted || fstatSync(descriptor).size !== stat.size) {
      return { ok: false, missing: false, problem: `${path} changed while it was read` };
    }
    return { ok: true, bytes };
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      return { ok: false, missing: true, problem: `there is no file ${path}` };
    if (code === 'EACCES' || code === 'EPERM') {
      return { ok: false, missing: false, problem: `${path} may not be read by this user` };
    }
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, missing: false, problem: `${path} cannot be read: ${why}` };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
