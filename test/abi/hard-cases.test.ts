import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { RECIPES } from '../dwarf/objects.ts';
import { type AbiCase, casesOf, TABLE, waysOf } from './table.ts';

/**
 * The list of what a comparison must get right, and what shows that it does: `<topic>/<case>` is a pair of sources,
 * `reading: <name>` a way to make a file on which the reader agrees with two others (test/dwarf/objects.ts),
 * `test: <file>` a test.
 */
const CASES = z
  .record(z.string(), z.record(z.string(), z.array(z.string()).min(1)))
  .parse(JSON.parse(readFileSync(join(TABLE, 'hard-cases.json'), 'utf8')));
const TESTS = fileURLToPath(new URL('../', import.meta.url));

const topics = readdirSync(TABLE, { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? [one.name] : []));
const all: readonly AbiCase[] = topics.flatMap(casesOf);

describe('hard cases', () => {
  const known = new Set(topics.flatMap((topic) => entriesOf(topic).map((name) => `${topic}/${name}`)));
  const recipes = new Set(RECIPES.map(({ name }) => name));

  it.each(
    Object.entries(CASES).flatMap(([part, lines]) =>
      Object.entries(lines).map(([line, by]) => [part, line, by] as const),
    ),
  )('%s: %s', (_part, _line, by) => {
    for (const one of by) {
      const [, kind = 'pair', name = one] = /^(reading|test): (.*)$/.exec(one) ?? [];
      const there =
        kind === 'pair' ? known.has(name) : kind === 'reading' ? recipes.has(name) : existsSync(join(TESTS, name));
      expect([one, there]).toEqual([one, true]);
    }
  });

  it('every pair has reviewed findings', () => {
    const without = all.filter(({ directory }) => !existsSync(join(directory, 'expected.txt')));
    expect(without.map(({ topic, name }) => `${topic}/${name}`)).toEqual([]);
  });
});

describe('the table of pairs', () => {
  it('has at least 150 of them, a third of which must not be reported', () => {
    expect(all.length).toBeGreaterThanOrEqual(150);
    const alike = all.filter(({ kind }) => kind === 'look-alike').length;
    expect(alike * 3).toBeGreaterThanOrEqual(all.length);
  });

  it('is tested whole', () => {
    const tested = readdirSync(fileURLToPath(new URL('.', import.meta.url)))
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => readFileSync(new URL(file, import.meta.url), 'utf8'))
      .join('\n');
    expect(topics.filter((topic) => !tested.includes(`'${topic}'`))).toEqual([]);
  });

  it('is compiled by both compilers, at both levels, with both versions of DWARF', () => {
    const ways = new Set(
      all.flatMap((one) => waysOf(one).map(({ compiler, optimise, dwarf }) => `${compiler} ${optimise} ${dwarf}`)),
    );
    for (const compiler of ['gcc', 'clang']) {
      for (const way of ['-O0 4', '-O0 5', '-O2 4', '-O2 5']) expect(ways).toContain(`${compiler} ${way}`);
    }
  });
});

/** Names in the table of a topic, also of cases for other machines. */
function entriesOf(topic: string): readonly string[] {
  return Object.keys(
    z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(join(TABLE, topic, 'table.json'), 'utf8'))),
  );
}
