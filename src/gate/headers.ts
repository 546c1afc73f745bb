import { type Dirent, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { matchesGlob } from '../text/path-glob.ts';
import type { GateContext } from './known.ts';
import { isPublicHeader } from './sources.ts';

/** Entries of directories that are looked at before a pattern is given the benefit of the doubt. */
const MOST_ENTRIES = 20_000;

/** The public headers of a plugin at work: tells which files are among them, and keeps an eye on whether any ever was. */
export interface PublicHeaders {
  /** @param file as debug information records it */
  readonly isPublic: (file: string) => boolean;
  /**
   * A finding when files were asked about and the patterns matched none of them, nor any file that is there: with a
   * typing error in `headers` every type would be private, and no change of a type would count.
   */
  readonly unmatched: (rule?: 'abi/headers-unmatched' | 'fit/host-headers-unmatched') => readonly Finding[];
}

export function publicHeaders(
  patterns: readonly string[],
  context: Pick<GateContext, 'root' | 'repository' | 'witness'>,
): PublicHeaders {
  const answers = new Map<string, boolean>();
  return {
    isPublic: (file) => {
      const known = answers.get(file);
      if (known !== undefined) return known;
      const answer = isPublicHeader(file, patterns, context);
      answers.set(file, answer);
      return answer;
    },
    unmatched: (rule = 'abi/headers-unmatched') => {
      if (answers.size === 0 || [...answers.values()].includes(true)) return [];
      context.witness?.open('it looks through the repository for its headers');
      if (patterns.some((pattern) => matchesFile(context.root, pattern) || matchesFile(context.repository, pattern))) {
        return [];
      }
      const [which, result] =
        rule === 'abi/headers-unmatched'
          ? ['public headers', 'every type counted as private']
          : ["host's headers", 'no type counted as one of the host'];
      const message = `The ${which} (${patterns.join(', ')}) match no file here and none in the debug information, so ${result}.`;
      return [finding(rule, message, { subject: patterns.join(', '), effect: 'undecided' })];
    },
  };
}

/** Whether a file below a directory matches; true as well where there are too many to tell. */
function matchesFile(root: string, pattern: string): boolean {
  const parts = pattern.split('/');
  const wild = parts.findIndex((part) => /[*?]/.test(part));
  if (wild < 0) return existsSync(join(root, pattern));
  const open = [parts.slice(0, wild).join('/')];
  const deep = parts.includes('**');
  let left = MOST_ENTRIES;
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const entry of entriesOf(join(root, at))) {
      if (--left < 0) return true;
      const path = at === '' ? entry.name : `${at}/${entry.name}`;
      if (!entry.isDirectory()) {
        if (matchesGlob(pattern, path)) return true;
      } else if (entry.name !== '.git' && (deep || path.split('/').length < parts.length)) open.push(path);
    }
  }
  return false;
}

function entriesOf(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}
