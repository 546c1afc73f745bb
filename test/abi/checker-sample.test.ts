import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { compareAbi } from '../../src/abi/abi.ts';
import { compareFiles } from '../../src/compare/files.ts';
import { DIFF_VERDICTS, type DiffVerdict } from '../../src/rules/effects.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';

/** A problem that abi-compliance-checker lists, and a symbol that it says is affected. */
interface Problem {
  readonly id: string;
  readonly severity: string;
  readonly symbol: string;
}

const REASONS = new URL('../fixtures/abi-compliance-checker/', import.meta.url);

/**
 * abi-compliance-checker brings two releases of a sample library with one example of everything that it knows. Each
 * binary problem that it finds there must be in a finding for the same symbol that is worse than compatible, or be in
 * the list of those that are not, with the reason.
 */
describeWith(['abi-compliance-checker', 'gcc'], "abi-compliance-checker's sample library in C", () => {
  const directory = workspace();
  let problems: readonly Problem[] = [];
  let worst: ReadonlyMap<string, DiffVerdict> = new Map();
  const reasons = z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(new URL('c.json', REASONS), 'utf8')));

  beforeAll(() => {
    run(['-test', '-lang', 'C']);
    const release = (number: number): string => join(directory, 'libsample_c', `libsample.v${number}`);
    run([
      '-l',
      'libsample_c',
      '-old',
      'libsample_c/v1.xml',
      '-new',
      'libsample_c/v2.xml',
      '-bin',
      '-xml',
      '-report-path',
      'report.xml',
    ]);
    problems = problemsIn(readFileSync(join(directory, 'report.xml'), 'latin1'));
    worst = effectsOf(join(release(1), 'libsample.so'), join(release(2), 'libsample.so'));
  }, 120_000);

  /** Ends with 1 when it finds problems, and with 6 when a header was hard for it; both still make the report. */
  function run(args: readonly string[]): void {
    const { status } = spawnSync('abi-compliance-checker', args, { cwd: directory, stdio: 'ignore' });
    if (status !== 0 && status !== 1 && status !== 6) throw new Error(`abi-compliance-checker ended with ${status}`);
  }

  it('lists what it has listed for years', () => {
    expect(problems.length).toBeGreaterThan(100);
    expect(new Set(problems.map(({ severity }) => severity))).toEqual(new Set(['High', 'Medium', 'Low', 'Safe']));
  });

  describe('every problem is found, or the reason is written down', () => {
    it('all of them', () => {
      const unseen = problems
        .filter(({ severity, symbol }) => severity !== 'Safe' && !isWorse(worst.get(symbol)))
        .map(({ id, symbol }) => `${id} ${symbol}`);
      expect([...new Set(unseen)].sort()).toEqual(Object.keys(reasons).sort());
    });

    it('severe ones break', () => {
      const mild = problems.filter(({ severity, symbol }) => severity === 'High' && worst.get(symbol) !== 'breaking');
      expect(mild).toEqual([]);
    });

    it('reasons that say "compatible" are told as such', () => {
      for (const [problem, reason] of Object.entries(reasons)) {
        const symbol = problem.split(' ')[1] ?? '';
        expect([symbol, worst.get(symbol)]).toEqual([
          symbol,
          reason.startsWith('compatible') ? 'compatible' : undefined,
        ]);
      }
    });
  });
});

function isWorse(effect: DiffVerdict | undefined): boolean {
  return effect !== undefined && DIFF_VERDICTS.indexOf(effect) > DIFF_VERDICTS.indexOf('compatible');
}

/** The worst effect of the findings about each symbol, without versions. */
function effectsOf(oldFile: string, newFile: string): ReadonlyMap<string, DiffVerdict> {
  const side = (file: string) => ({ search: { file, directories: [] }, bytes: readFileSync(file) });
  const [old, now] = [side(oldFile), side(newFile)];
  const { findings } = compareFiles(
    { name: 'OLD', bytes: old.bytes },
    { name: 'NEW', bytes: now.bytes },
    {
      compareTypes: (before, after) => compareAbi({ ...old, image: before.image }, { ...now, image: after.image }),
    },
  );
  const worst = new Map<string, DiffVerdict>();
  for (const { symbol, subject, affected = [], effect } of findings) {
    for (const name of [symbol, subject, ...affected]) {
      if (name === undefined || effect === undefined) continue;
      const plain = name.replace(/@.*$/, '');
      const before = worst.get(plain) ?? 'identical';
      if (DIFF_VERDICTS.indexOf(effect) > DIFF_VERDICTS.indexOf(before)) worst.set(plain, effect);
    }
  }
  return worst;
}

/** Reads the XML report: its form is fixed and simple enough for patterns. */
function problemsIn(report: string): readonly Problem[] {
  const problems: Problem[] = [];
  const sections = /<problems_with_(types|symbols) severity="(\w+)">([\s\S]*?)<\/problems_with_\1>/g;
  const entries =
    /<(?:type|symbol) name="([^"]*)"[^>]*>\s*((?:<problem[\s\S]*?<\/problem>\s*)+)(?:<affected[^>]*>([\s\S]*?)<\/affected>)?/g;
  for (const [, , severity = '', section = ''] of report.matchAll(sections)) {
    for (const [, name = '', list = '', affected] of section.matchAll(entries)) {
      const symbols =
        affected === undefined
          ? [name]
          : [...affected.matchAll(/<symbol name="([^"]*)"/g)].map(([, text = '']) => text);
      for (const [, id = ''] of list.matchAll(/<problem id="(\w+)"/g)) {
        for (const symbol of symbols) problems.push({ id, severity, symbol: symbol.replace(/@.*$/, '') });
      }
    }
  }
  return problems;
}
