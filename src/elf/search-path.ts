/** What a run path entry leads to, worst first. */
export type SearchPathKind = 'relative' | 'writable' | 'build-directory' | 'above-origin' | 'fixed';

export interface SearchPathEntry {
  /** As it stands in the file; empty for an empty entry. */
  readonly text: string;
  readonly kind: SearchPathKind;
}

/** Directories that every user can write to on an ordinary system. */
const WRITABLE = /^\/(?:tmp|var\/tmp|dev\/shm|run\/lock|var\/lock)(?:\/|$)/;
/** Home directories and the work directories of build services. */
const BUILD = /^\/(?:home|Users|root|build|builds|builddir|workspace|github|__w|var\/lib\/jenkins)(?:\/|$)/;
/** Tokens that the loader replaces by text that starts or goes on with a directory name (ld.so(8)). */
const ORIGIN = /^\$(?:ORIGIN|\{ORIGIN\})(?=\/|$)/;

/**
 * Splits DT_RPATH or DT_RUNPATH at colons (semicolons do not separate here) and tells where each entry leads.
 * Source: ld.so(8), "Rpath token expansion"; glibc elf/dl-load.c, fillin_rpath.
 */
export function searchPathEntries(path: string): readonly SearchPathEntry[] {
  return path.split(':').map((text) => ({ text, kind: kindOf(text) }));
}

function kindOf(text: string): SearchPathKind {
  const origin = ORIGIN.exec(text);
  if (origin !== null) return leavesStart(text.slice(origin[0].length)) ? 'above-origin' : 'fixed';
  if (!text.startsWith('/')) return 'relative';
  const clean = normalize(text);
  if (WRITABLE.test(clean)) return 'writable';
  return BUILD.test(clean) ? 'build-directory' : 'fixed';
}

/** Whether a path that is followed from some directory ever goes above it. */
function leavesStart(path: string): boolean {
  let depth = 0;
  for (const part of path.split('/')) {
    if (part === '..') depth--;
    else if (part !== '' && part !== '.') depth++;
    if (depth < 0) return true;
  }
  return false;
}

function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
