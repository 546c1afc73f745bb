import { existsSync } from 'node:fs';
import type { FileDigests } from '../../artifact/file-digests.ts';
import type { KeptResult } from './record.ts';

/** Notes what a step looks at besides its inputs, so that a later run can tell whether that is still so. */
export interface Witness {
  /** Whether there is something at a path. */
  readonly exists: (path: string) => boolean;
  /** A file that the result rests on. */
  readonly file: (path: string) => void;
  /** The result rests on something that no later run can look up: one clause. */
  readonly open: (why: string) => void;
}

export interface Seen {
  readonly witness: Witness;
  /** What was seen so far, or why nobody can look it up again. */
  readonly result: () => { readonly seen: KeptResult['seen'] } | { readonly open: string };
}

/** Paths of each kind; a step that looks at more is not kept. */
const MOST = 20_000;

export function witness(digests: FileDigests): Seen {
  const files = new Map<string, string | null>();
  const there = new Map<string, boolean>();
  let open: string | undefined;
  return {
    witness: {
      exists: (path) => {
        const answer = there.get(path) ?? existsSync(path);
        there.set(path, answer);
        return answer;
      },
      file: (path) => void files.set(path, digests.of(path) ?? null),
      open: (why) => {
        open ??= why;
      },
    },
    result: () => {
      if (open !== undefined) return { open };
      if (files.size > MOST || there.size > MOST) return { open: 'it looks at too many files' };
      return {
        seen: {
          files: [...files].map(([path, digest]) => ({ path, digest })),
          there: [...there].map(([path, is]) => ({ path, is })),
        },
      };
    },
  };
}

/** @returns what is not as it was; undefined when all is */
export function changedSince({ files, there }: KeptResult['seen'], digests: FileDigests): string | undefined {
  const file = files.find(({ path, digest }) => (digests.of(path) ?? null) !== digest);
  if (file !== undefined) return file.path;
  return there.find(({ path, is }) => existsSync(path) !== is)?.path;
}
