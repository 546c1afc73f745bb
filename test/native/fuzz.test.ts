import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from '@jest/globals';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';

const NATIVE = join(import.meta.dirname, '../../native');

/** Inputs a target is tried on: about two seconds each. native/fuzz/README.md says how to spend more. */
const RUNS = '20000';

const JOB = `plugin-gate-job 1
file /a.so
symbol entry
probe int health
timeout open 100
limit output 65536
host /b
argument /a.so
environment A=b
execute /b
trail /c
allow openat 0=1 5=7
profile strict
read /usr/lib
end
`;

const TARGETS = ['job', 'elf', 'channel', 'call', 'maps', 'report'] as const;
type Target = (typeof TARGETS)[number];

/** Faults that each target must find when they are put in, so that finding none means something. */
const PLANTED: readonly (readonly [Target, string, string, string])[] = [
  ['job', 'job.c', `return *value == '/' ? NULL : "a path to read`, `return true ? NULL : "a path to read`],
  ['elf', 'check.c', 'if (!inside(segment.p_offset, segment.p_filesz, size)) return "truncated";', ''],
  ['channel', 'child.c', "message->text[TEXT_SIZE - 1] = '\\0';", ''],
  [
    'call',
    'policy.c',
    'if (stretch == STRETCH_LOAD) return decide_c(policy, facts, call);',
    'if (stretch != STRETCH_CLOSE) return decide_c(policy, facts, call);',
  ],
  ['report', 'report.c', " && byte != '\"'", ''],
  ['maps', 'observe.c', ' %7s %', ' %15s %'],
];

describeWith(['cc', 'realpath', 'xargs'], 'the loader, fuzzed at its inputs under sanitizers', () => {
  const directory = workspace();
  const seeds: Partial<Record<Target, string>> = {};

  function build(name: string, loader: readonly string[]): string {
    const output = join(directory, name);
    execFileSync(join(NATIVE, 'fuzz', 'build.sh'), [output, ...loader], { stdio: 'pipe' });
    return output;
  }

  function fuzz(programs: string, target: Target) {
    const seed = seeds[target];
    return spawnSync(join(programs, `fuzz-${target}`), [RUNS, ...(seed === undefined ? [] : [seed])], {
      cwd: programs,
      encoding: 'utf8',
      // A loader reads one job and ends: what it does not give back is no loss.
      env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=0', UBSAN_OPTIONS: 'print_stacktrace=1' },
      stdio: ['ignore', 'pipe', 'pipe', 'ignore'],
      timeout: 120_000,
    });
  }

  beforeAll(() => {
    seeds.job = join(directory, 'job');
    writeFileSync(seeds.job, JOB);
    seeds.maps = join(directory, 'maps');
    writeFileSync(seeds.maps, readFileSync('/proc/self/maps').subarray(0, 2000));
    const flags = ['-nostdlib', '-s', '-Wl,-z,max-page-size=4096', '-Wl,--build-id=none'];
    seeds.elf = compileC(directory, 'seed', 'int entry(void) { return 0; }', flags);
  });

  it('holds on every input', () => {
    const programs = build('sound', []);
    for (const target of TARGETS) {
      const { status, stdout, stderr } = fuzz(programs, target);
      expect([target, stderr, status]).toEqual([target, '', 0]);
      const { runs, kept } = JSON.parse(stdout);
      expect(runs).toBe(Number(RUNS));
      // Inputs that reached something new: without them it only tried noise.
      expect(kept).toBeGreaterThan(10);
    }
  }, 240_000);

  it('faults that are put in are found', () => {
    const loader = join(directory, 'loader');
    mkdirSync(loader);
    cpSync(join(NATIVE, 'loader'), loader, { recursive: true });
    for (const [, file, sound, faulty] of PLANTED) {
      const text = readFileSync(join(loader, file), 'utf8');
      expect([file, text.includes(sound)]).toEqual([file, true]);
      writeFileSync(join(loader, file), text.replace(sound, faulty));
    }
    const programs = build('faulty', [loader]);
    for (const [target] of PLANTED) {
      const { status, signal, stderr } = fuzz(programs, target);
      expect([target, status === 0]).toEqual([target, false]);
      expect([target, signal === 'SIGABRT' || status === 1]).toEqual([target, true]);
      expect(stderr).toMatch(/does not hold|Sanitizer|runtime error/);
    }
  }, 240_000);
});
