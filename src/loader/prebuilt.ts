import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError } from '../errors.ts';

/** A native loader, or its audit library, whose bytes are what SHA256SUMS says. */
export interface Prebuilt {
  readonly bytes: Uint8Array;
  /** `sha256:<hex>` */
  readonly digest: string;
}

/** Directory names under native/prebuilt/. */
export type PrebuiltName = 'linux-amd64' | 'linux-arm64' | 'linux-amd64-musl' | 'linux-arm64-musl';

/**
 * Reads a loader once and checks it; the caller runs a copy of these very bytes.
 * @param directory with SHA256SUMS and one directory for each loader
 * @throws EnvironmentError when it is missing or is not the file that SHA256SUMS names
 */
export function readPrebuilt(directory: string, name: PrebuiltName): Prebuilt {
  const file = `${name}/plugin-gate-loader`;
  const expected = expectedDigest(directory, file);
  if (expected === undefined) {
    throw new EnvironmentError(
      `${join(directory, 'SHA256SUMS')} does not name ${file}, so the native loader is not run. Restore native/prebuilt from the release, or run native/build.sh --release.`,
    );
  }
  return readChecked(directory, file, expected);
}

/**
 * The audit library that goes with a loader, checked in the same way; undefined where there is none: musl has no audit interface.
 * @throws EnvironmentError when SHA256SUMS names it and it is missing or another file
 */
export function readAuditLibrary(directory: string, name: PrebuiltName): Prebuilt | undefined {
  const file = `${name}/plugin-gate-audit.so`;
  const expected = expectedDigest(directory, file);
  return expected === undefined ? undefined : readChecked(directory, file, expected);
}

function expectedDigest(directory: string, file: string): string | undefined {
  return read(join(directory, 'SHA256SUMS'))
    .toString('latin1')
    .split('\n')
    .map((line) => /^([0-9a-f]{64}) [ *](.+)$/.exec(line))
    .find((match) => match?.[2] === file)?.[1];
}

function readChecked(directory: string, file: string, expected: string): Prebuilt {
  const bytes = read(join(directory, file));
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual !== expected) {
    throw new EnvironmentError(
      `${join(directory, file)} has the digest ${actual}, but SHA256SUMS says ${expected}. It was changed or is incomplete, so it is not run. Restore native/prebuilt from the release, or run native/build.sh --release.`,
    );
  }
  return { bytes, digest: `sha256:${actual}` };
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new EnvironmentError(
      `The native loader cannot be read: ${reason}. Restore native/prebuilt from the release.`,
    );
  }
}
