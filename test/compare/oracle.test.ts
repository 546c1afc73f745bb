import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from '@jest/globals';
import { compareFiles } from '../../src/compare/files.ts';
import type { Finding } from '../../src/rules/finding.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { buildApp, buildPair, type PairEntry, TABLE } from './pairs.ts';

function findingsOf(v1: string, v2: string): readonly Finding[] {
  const [old, now] = [readFileSync(v1), readFileSync(v2)];
  return compareFiles({ name: v1, bytes: old }, { name: v2, bytes: now }).findings;
}

const withApp: [string, PairEntry][] = [...TABLE].filter(([, { app }]) => app !== undefined);

describeWith(['cc', 'c++'], 'programs linked against the old release, run with the new one', () => {
  const directory = workspace();

  it.each(withApp)('%s', async (name, pair) => {
    const { v1, v2 } = await buildPair(directory, name, pair);
    const app = await buildApp(directory, name);
    const run = (library: string): number | null =>
      spawnSync(app, { env: { LD_BIND_NOW: '1', LD_LIBRARY_PATH: dirname(library) }, timeout: 10_000 }).status;
    expect(run(v1)).toBe(0);
    expect(run(v2) === 0 ? 'works' : 'fails').toBe(pair.app);
    const breaking = findingsOf(v1, v2).filter(({ effect }) => effect === 'breaking');
    // A lost default version hurts dlsym and the link editor; programs that are linked already go on.
    const linked = breaking.filter(({ rule }) => rule !== 'sym/default-removed');
    expect(linked.length > 0 ? 'fails' : 'works').toBe(pair.app);
  });
});

/** What abidiff says without debug information: names of removed and added symbols, with `@` versions. */
function abidiff(v1: string, v2: string): { removed: string[]; added: string[] } {
  const output = spawnSync('abidiff', ['--no-show-locs', v1, v2], { encoding: 'latin1' }).stdout;
  const names = (mark: string) =>
    [...output.matchAll(new RegExp(`^\\s*\\[${mark}\\] '?([^\\s',]+)`, 'gm'))].map((match) => match[1] ?? '');
  return { removed: names('D'), added: names('A') };
}

const bare = (label: string): string => label.split('@', 1)[0] ?? label;

describeWith(['cc', 'c++', 'abidiff'], 'abidiff (symbols alone) agrees on what was removed and added', () => {
  const directory = workspace();
  // Cases in which abidiff, too, sees a difference of names. What it leaves out: hidden versions, vague linkage as such,
  // files for another machine (it stops there).
  const names = [
    'function-removed',
    'function-made-static',
    'function-hidden',
    'function-renamed',
    'function-localised-by-map',
    'variable-removed',
    'many-removed',
    'weak-c-function-removed',
    'version-node-and-symbol-removed',
    'function-added',
    'version-added',
    'body-changed',
    'reordered',
    'hidden-changed',
    'static-function-removed',
    'function-grown',
    'global-to-weak',
    'inline-instance-removed',
    'stripped',
    'build-id',
  ];

  it.each(names)('%s', async (name) => {
    const pair = TABLE.get(name);
    if (pair === undefined) throw new Error(`${name} is not in the table`);
    const { v1, v2 } = await buildPair(directory, name, pair);
    const theirs = abidiff(v1, v2);
    const findings = findingsOf(v1, v2);
    const ours = (rules: readonly string[]) =>
      findings
        .filter(({ rule }) => rules.includes(rule))
        .flatMap(({ subject, affected }) => (subject === undefined ? [...(affected ?? [])] : [subject]))
        .map(bare)
        .sort();
    expect(ours(['sym/removed', 'sym/instance-removed'])).toEqual(theirs.removed.map(bare).sort());
    expect(ours(['sym/added'])).toEqual(theirs.added.map(bare).sort());
  });
});
