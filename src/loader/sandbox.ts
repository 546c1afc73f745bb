import { isGo } from '../elf/go.ts';
import type { ElfImage } from '../elf/model.ts';

export const SANDBOX_PROFILES = ['strict', 'c', 'go', 'audit'] as const;

/**
 * What a plugin may ask of the kernel (native/loader/policy.h). `c` and `go` deny by default and allow what a library needs;
 * `strict` allows only read, write, clock_gettime and exit_group once the plugin is loaded; `audit` records and denies only
 * what leaves the machine.
 */
export type SandboxProfile = (typeof SANDBOX_PROFILES)[number];

/** A system call that a plugin may make besides. */
export interface AllowedCall {
  /** `openat` */
  readonly call: string;
  /** For calls on files: what they may be about, with all beneath; absolute, or below `$TMPDIR`. */
  readonly path?: string;
  /** The path may be changed too. */
  readonly write?: boolean;
  /** Values that its arguments must have, by their position from 0. */
  readonly arguments?: Readonly<Record<string, number>>;
}

export interface SandboxRequest {
  /** `go` for what the Go linker made and `c` for everything else, unless given. */
  readonly profile?: SandboxProfile;
  /** A denied call fails (`record`), or ends the process (`kill`). */
  readonly mode?: 'record' | 'kill';
  readonly allow?: readonly AllowedCall[];
}

/** The directories and files that a plugin needs to be loaded with. */
export interface SandboxPlaces {
  readonly readable: readonly string[];
  /** The plugin's own $TMPDIR. */
  readonly scratch: string;
}

/** Calls that are decided by the path they are about (native/loader/calls.h). */
const FILE_CALLS: ReadonlySet<string> = new Set(
  'open openat openat2 creat truncate unlink unlinkat mkdir mkdirat rmdir mknod mknodat chmod fchmodat fchmodat2 chown fchownat'.split(
    ' ',
  ),
);

export function isFileCall(call: string): boolean {
  return FILE_CALLS.has(call);
}

export function profileOf(request: SandboxRequest | undefined, image: ElfImage): SandboxProfile {
  return request?.profile ?? (isGo(image) ? 'go' : 'c');
}

/** The lines of a job (native/loader/job.h) that say what the plugin's process may do. */
export function sandboxLines(
  profile: SandboxProfile,
  { mode, allow = [] }: SandboxRequest,
  { readable, scratch }: SandboxPlaces,
): readonly string[] {
  const lines = [`profile ${profile}`];
  if (mode === 'kill') lines.push('kill on');
  for (const path of readable) lines.push(`read ${path}`);
  for (const { call, path, write, arguments: values = {} } of allow) {
    if (path !== undefined) {
      lines.push(`${write === true ? 'write' : 'read'} ${path.replace(/^\$TMPDIR(?=\/|$)/, scratch)}`);
      continue;
    }
    const conditions = Object.entries(values).map(([argument, value]) => ` ${argument}=${value}`);
    lines.push(`allow ${call}${conditions.join('')}`);
  }
  return lines.filter((line) => !/[\n\0]/.test(line));
}
