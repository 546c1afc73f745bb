import { basename } from 'node:path';
import { EnvironmentError, UsageError } from '../errors.ts';
import { run } from '../process/run.ts';
import { findProgram } from '../process/which.ts';
import type { Environment } from './environment.ts';
import { plainLines } from './plain.ts';
import type { BuildPlan } from './plan.ts';

const VERSION_TIMEOUT_MS = 20_000;

/** Where well-known build programs come from, for who has to install them. */
const SOURCES: Readonly<Record<string, string>> = {
  go: 'install Go from https://go.dev/dl/, or add actions/setup-go before this step',
  cargo: 'install Rust with rustup, or add a step that does before this one',
  rustc: 'install Rust with rustup, or add a step that does before this one',
  make: 'run: apt-get install make',
  gmake: 'run: apt-get install make',
  cmake: 'run: apt-get install cmake',
  ninja: 'run: apt-get install ninja-build',
  meson: 'run: apt-get install meson',
  cc: 'run: apt-get install gcc',
  gcc: 'run: apt-get install gcc',
  'g++': 'run: apt-get install g++',
  'c++': 'run: apt-get install g++',
  clang: 'run: apt-get install clang',
};

/**
 * Makes sure that the programs which the plan itself names can be started.
 * @throws EnvironmentError when the machine lacks one; UsageError when the repository does
 */
export function requirePrograms(plan: BuildPlan): void {
  for (const [program = ''] of plan.commands) {
    if (findProgram(program, plan.environment.PATH, plan.directory) !== undefined) continue;
    if (program.includes('/')) {
      throw new UsageError(
        `The build command ${program} is not an executable file in ${plan.directory}. Check the path, and that it is committed with the executable bit (git add --chmod=+x).`,
      );
    }
    const source = SOURCES[program] ?? 'install it, or correct the name in build.command';
    throw new EnvironmentError(`The build needs the program ${program}, which is not on the PATH: ${source}.`);
  }
  if (plan.builder === 'command') return;
  const compiler = words(plan.environment.CC ?? 'gcc')[0] ?? 'gcc';
  if (findProgram(compiler, plan.environment.PATH, plan.directory) === undefined) {
    const install = SOURCES[compiler] ?? `run: apt-get install ${plan.compilerPackages[0] ?? 'gcc'}`;
    const what = plan.cross ? `to build for ${plan.environment.GOARCH ?? 'the target'} on this machine` : 'for cgo';
    throw new EnvironmentError(
      `The build needs the C compiler ${compiler} ${what}, which is not on the PATH: ${install}, or name another one in build.env.CC.`,
    );
  }
}

/**
 * What the tools of a build say about their versions: by name, the first line. Tools that are missing or do not answer
 * are left out.
 */
export async function toolchainVersions(plan: BuildPlan): Promise<Readonly<Record<string, string>>> {
  const wanted = new Map<string, readonly string[]>();
  const programs = new Set(plan.commands.map(([program = '']) => basename(program)));
  if (programs.has('go')) wanted.set('go', ['go', 'version']);
  if (programs.has('cargo') || programs.has('rustc')) {
    wanted.set('rustc', ['rustc', '--version']);
    wanted.set('cargo', ['cargo', '--version']);
  } else {
    const cc = words(plan.environment.CC ?? (programs.has('go') ? 'gcc' : 'cc'));
    wanted.set(cc.join(' '), [...cc, '--version']);
    if (!programs.has('go')) {
      const cxx = words(plan.environment.CXX ?? 'c++');
      wanted.set(cxx.join(' '), [...cxx, '--version']);
    }
  }
  for (const program of ['make', 'cmake', 'ninja', 'meson']) {
    if (programs.has(program)) wanted.set(program, [program, '--version']);
  }
  const answers = await Promise.all([...wanted].map(([name, argv]) => version(name, argv, plan)));
  return Object.fromEntries(answers.filter((answer) => answer !== undefined));
}

async function version(
  name: string,
  argv: readonly string[],
  { environment, directory }: { readonly environment: Environment; readonly directory: string },
): Promise<readonly [string, string] | undefined> {
  if (findProgram(argv[0] ?? '', environment.PATH, directory) === undefined) return undefined;
  // A translated answer would make the evidence differ between machines.
  const env = { ...environment, LC_ALL: 'C' };
  const result = await run({ argv, cwd: directory, env, timeoutMs: VERSION_TIMEOUT_MS, keep: 8192 });
  if (result.exitCode !== 0) return undefined;
  const first = plainLines(result.output).find((line) => line.trim() !== '');
  return first === undefined ? undefined : [name, first.slice(0, 200)];
}

/** CC may hold a wrapper and flags: `ccache gcc -m64`. */
function words(value: string): readonly string[] {
  return value.split(/\s+/).filter((word) => word !== '');
}
