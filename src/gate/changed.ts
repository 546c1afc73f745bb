import { posix } from 'node:path';
import type { GateConfig } from '../config/schema.ts';
import { matchesGlob } from '../text/path-glob.ts';
import type { Job } from './plan.ts';

/** What of the gate a change asks for. */
export interface Selection {
  /** Names of plugins that the change cannot have touched; the others are checked. */
  readonly unchanged: ReadonlySet<string>;
  /** Why all are checked, when it is not known what the change touches: one sentence. */
  readonly unsure?: string;
}

export interface ChangeQuestion {
  readonly jobs: readonly Job[];
  /** The configuration that judges: it says what plugins are made of. */
  readonly config: Pick<GateConfig, 'unrelated'>;
  /** Path of the configuration's directory below the repository's root, `` for the root itself. */
  readonly below: string;
  /** Files that decide about all plugins, from the repository's root. */
  readonly shared: readonly string[];
  /** Files that decide about one plugin, by its name, from the repository's root. */
  readonly own: ReadonlyMap<string, readonly string[]>;
  /** Paths that differ between base and head, from the repository's root; undefined when git cannot tell. */
  readonly changed: readonly string[] | undefined;
  /** Files of the work tree that git ignores: one of them may be part of a plugin that names it, and is of no other. */
  readonly ignored?: readonly string[];
}

/** Paths that a message lists. */
const SHOWN = 3;

/**
 * Which plugins a change leaves as they are. A plugin is left out only when it says what it is made of (`sources`) and no
 * changed path is among that; a path that no plugin names, and that is not said to be `unrelated`, may be part of any of
 * them: then all are checked. Pure.
 */
export function selectChanged(question: ChangeQuestion): Selection {
  const { jobs, config, below, shared, own, changed, ignored = [] } = question;
  const all = (unsure: string): Selection => ({ unchanged: new Set(), unsure });
  if (changed === undefined) return all('git cannot tell what changed; check out with the history (fetch-depth: 0)');
  const deciding = changed.find((path) => shared.includes(path));
  if (deciding !== undefined) return all(`${deciding} changed, which is about all plugins`);

  const fits = (patterns: readonly string[], path: string): boolean => {
    const local = posix.relative(below, path);
    return patterns.some((pattern) => matchesGlob(pattern, local));
  };
  const plugins = new Map(jobs.map(({ plugin }) => [plugin.name, plugin]));
  const touched = new Set<string>();
  const touch = (path: string): boolean => {
    const by = [...plugins.values()].filter(
      ({ name, sources, headers }) =>
        fits(sources, path) || fits(headers, path) || own.get(name)?.includes(path) === true,
    );
    for (const { name } of by) touched.add(name);
    return by.length > 0;
  };
  const strays = changed.filter((path) => !touch(path) && !fits(config.unrelated, path));
  const mayName = firstNames(
    [...plugins.values()].flatMap(({ sources, headers }) => [...sources, ...headers]),
    below,
  );
  for (const files of own.values()) for (const file of files) mayName.add(firstName(file));
  for (const path of ignored) if (mayName.has('*') || mayName.has(firstName(path))) touch(path);
  if (strays.length > 0) {
    const more = strays.length > SHOWN ? ` and ${strays.length - SHOWN} more` : '';
    return all(`${strays.slice(0, SHOWN).join(', ')}${more} changed, and no plugin names it among its sources`);
  }
  const unchanged = [...plugins.values()].filter(({ name, sources }) => sources.length > 0 && !touched.has(name));
  return { unchanged: new Set(unchanged.map(({ name }) => name)) };
}

function firstName(path: string): string {
  return path.split('/', 1)[0] ?? '';
}

/** First names of the paths that patterns can match, `*` for any: there can be very many ignored files. */
function firstNames(patterns: readonly string[], below: string): Set<string> {
  if (below !== '' && below !== '.') return new Set(['*']);
  return new Set(patterns.map((pattern) => (/[*?[\]{}!\\]/.test(firstName(pattern)) ? '*' : firstName(pattern))));
}
