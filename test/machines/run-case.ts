import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SILENT, type StepOutcome } from '../../src/gate/step.ts';
import { loadAgainst } from '../../src/loader/against.ts';
import { loadPlugin } from '../../src/loader/load.ts';
import type { LoadEvidence, LoadRequest } from '../../src/loader/model.ts';
import type { Case } from './cases.ts';

/** Compilers of C and C++ for the machine that plugins are loaded on. */
export interface Toolchain {
  readonly programs: readonly string[];
  readonly c: readonly string[];
  readonly cxx: readonly string[];
  /** What is linked last. */
  readonly libraries?: readonly string[];
}

/** Compiles the plugin of a case in a directory of its own and loads it. */
export async function runCase(
  one: Case,
  { c, cxx, libraries = [] }: Toolchain,
  directory: string,
  more: Partial<LoadRequest>,
): Promise<StepOutcome<LoadEvidence>> {
  const home = mkdtempSync(join(directory, 'case-'));
  const compile = (name: string, source: string, flags: readonly string[]) => {
    const [program = '', ...standard] = one.language === 'c++' ? cxx : c;
    const input = join(home, `source.${one.language === 'c++' ? 'cc' : 'c'}`);
    const output = join(home, name);
    const include = join(import.meta.dirname, '../../native/loader');
    writeFileSync(input, source);
    const build = ['-w', '-shared', '-fPIC', '-pthread', `-I${include}`, '-o', output, input];
    execFileSync(program, [...standard, ...build, ...flags, ...libraries], { stdio: 'pipe' });
    return output;
  };
  const linking: string[] = [];
  if (one.needed !== undefined) {
    mkdirSync(join(home, 'evil'));
    compile('evil/libneeded.so', one.needed, ['-Wl,-soname,libneeded.so']);
    linking.push(`-L${join(home, 'evil')}`, '-lneeded', '-Wl,-rpath,$ORIGIN/evil');
  }
  const file = compile('plugin.so', one.source, [...linking, ...(one.flags ?? [])]);
  const request = {
    file,
    bytes: readFileSync(file).subarray(0, one.keep),
    ...(one.needed === undefined ? {} : { directory: home }),
    ...one.request,
    ...more,
    environment: { ...one.request?.environment, ...more.environment },
  };
  if (one.previous === undefined) return loadPlugin(request, SILENT);
  const previous = compile('previous.so', one.previous, []);
  return loadAgainst(request, { file: previous, bytes: readFileSync(previous) }, SILENT);
}

/** How it ended: then the function that did it is told too. */
const ENDINGS: readonly string[] = ['load/crashed', 'load/exited', 'load/timeout'];

/** How long a release takes to load compared with the one before: on a busy machine, chance. */
const TIMED = 'load/heavier';

/** A run in one line: what came of it, and each finding with what it is about. */
export function lineOf({ findings, evidence }: StepOutcome<LoadEvidence>): string {
  const probes = evidence.probes.map(({ symbol, number }) => `${symbol}() = ${number ?? '-'}`);
  const told = findings
    .filter(({ rule }) => rule !== TIMED)
    .map(({ severity, rule, subject, symbol }) => {
      const blamed = symbol !== undefined && ENDINGS.includes(rule) ? ` in ${symbol}` : '';
      return `${severity} ${rule}${subject === undefined ? '' : ` (${subject})`}${blamed}`;
    });
  return [evidence.result, ...probes, ...told].join('; ');
}

/** Runs cases one after the other: `name: line` each. */
export async function linesOf(
  cases: readonly Case[],
  toolchain: Toolchain,
  directory: string,
  more: Partial<LoadRequest>,
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const one of cases) lines.push(`${one.name}: ${lineOf(await runCase(one, toolchain, directory, more))}`);
  return lines;
}

/** The lines of test/machines/expected/<name>, for a person to review; UPDATE_EXPECTED=1 writes them. */
export function expectedLines(name: string, lines: readonly string[]): readonly string[] {
  const file = join(import.meta.dirname, 'expected', name);
  if (process.env.UPDATE_EXPECTED === '1') writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  return readFileSync(file, 'utf8').trimEnd().split('\n');
}
