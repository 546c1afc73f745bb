import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { compareAbi } from '../../src/abi/abi.ts';
import { shownSymbol } from '../../src/abi/demangle/demangle.ts';
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

/** The language as the option -lang takes it, the directory that it makes, and the list of what is not found. */
const SAMPLES = [
  { language: 'C', sample: 'libsample_c', list: 'c.json' },
  { language: 'C++', sample: 'libsample_cpp', list: 'cpp.json' },
] as const;

for (const { language, sample, list } of SAMPLES) {
  /**
   * abi-compliance-checker brings two releases of a sample library with one example of everything that it knows. Each
   * binary problem that it finds there must be in a finding for the same symbol that is worse than compatible, or be in
   * the list of those that are not, with the reason.
   */
  describeWith(['abi-compliance-checker', 'gcc'], `abi-compliance-checker's sample library in ${language}`, () => {
    const directory = workspace();
    let problems: readonly Problem[] = [];
    let removed: readonly string[] = [];
    let worst: ReadonlyMap<string, DiffVerdict> = new Map();
    const reasons = z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(new URL(list, REASONS), 'utf8')));

    beforeAll(() => {
      run(['-test', '-lang', language]);
      const release = (number: number): string => {
        const source = join(directory, sample, `libsample.v${number}`);
        if (language === 'C') return join(source, 'libsample.so');
        // Built again as docs/abi.md asks for: gcc leaves out classes whose table is made elsewhere.
        const flags = ['-g', '-Og', '-fPIC', '-shared', '-w', '-femit-class-debug-always'];
        execFileSync('g++', [...flags, '-o', 'described.so', 'libsample.cpp'], { cwd: source, stdio: 'pipe' });
        return join(source, 'described.so');
      };
      const [old, now] = [join(sample, 'v1.xml'), join(sample, 'v2.xml')];
      run(['-l', sample, '-old', old, '-new', now, '-bin', '-xml', '-report-path', 'report.xml']);
      const report = readFileSync(join(directory, 'report.xml'), 'latin1');
      problems = problemsIn(report);
      removed = removedIn(report);
      worst = effectsOf(release(1), release(2));
    }, 120_000);

    /** Ends with 1 when it finds problems, and with 6 when a header was hard for it; both still make the report. */
    function run(args: readonly string[]): void {
      const { status } = spawnSync('abi-compliance-checker', args, { cwd: directory, stdio: 'ignore' });
      if (status !== 0 && status !== 1 && status !== 6) throw new Error(`abi-compliance-checker ended with ${status}`);
    }

    it('lists what it has listed for years', () => {
      expect(problems.length).toBeGreaterThan(100);
      expect(removed.length).toBeGreaterThan(2);
      expect(new Set(problems.map(({ severity }) => severity))).toEqual(new Set(['High', 'Medium', 'Low', 'Safe']));
    });

    it('every removed symbol breaks, but for inline functions, which consumers have themselves', () => {
      const mild = removed.filter((symbol) => worst.get(symbol) !== 'breaking');
      expect(mild.filter((symbol) => reasons[`Removed_Symbol ${symbol}`] === undefined)).toEqual([]);
    });

    describe('every problem is found, or the reason is written down', () => {
      it('all of them', () => {
        const mild = removed
          .filter((symbol) => worst.get(symbol) !== 'breaking')
          .map((name) => `Removed_Symbol ${name}`);
        const unseen = problems
          .filter(({ severity, symbol }) => {
            const effect = effectOn(symbol);
            return severity === 'High' ? effect !== 'breaking' : severity !== 'Safe' && !isWorse(effect);
          })
          .map(({ id, symbol }) => `${id} ${symbol}`);
        expect([...new Set([...unseen, ...mild])].sort()).toEqual(Object.keys(reasons).sort());
      });

      it('as what it is told, each reason says in its first word', () => {
        for (const [problem, reason] of Object.entries(reasons)) {
          const symbol = problem.split(' ')[1] ?? '';
          const told = ['compatible', 'risky', 'source-breaking'].find((word) => reason.startsWith(word));
          expect([problem, effectOn(symbol)]).toEqual([problem, told]);
        }
      });
    });

    /** Of a function, or of the class that it is a member of: pure virtual functions have no symbol. */
    function effectOn(symbol: string): DiffVerdict | undefined {
      const own = worst.get(symbol);
      if (own !== undefined) return own;
      const name = shownSymbol(symbol).replace(/\(.*$/, '');
      return worst.get(name.slice(0, Math.max(name.lastIndexOf('::'), 0)));
    }
  });
}

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
  for (const { symbol, subject, type, affected = [], effect } of findings) {
    for (const name of [symbol, subject, type, ...affected]) {
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

/** Symbols that the report lists as removed. */
function removedIn(report: string): readonly string[] {
  // The summary has an element of the same name, with their number.
  const section = /<removed_symbols>\s*(<[\s\S]*?)<\/removed_symbols>/.exec(report)?.[1] ?? '';
  return [...section.matchAll(/<name>([^<]*)<\/name>/g)].map(([, name = '']) => name.replace(/@.*$/, ''));
}
