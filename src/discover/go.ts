import { asName, type Candidate, nameOfLibrary } from './candidate.ts';
import { baseOf, directoryOf, logicalLines, pathIn, type Repository } from './repository.ts';

/** Go plugins: packages `main` that a build file builds as a plugin, or that look like one. */

interface Hint {
  readonly mode: 'plugin' | 'c-shared';
  /** Directory of the package, from the root. */
  readonly package: string;
  /** What `-o` names, where that is a plain path. */
  readonly output?: string;
  readonly tags: readonly string[];
  readonly evidence: string;
}

const BUILD_FILES =
  /(?:^|\/)(?:[Mm]akefile|GNUmakefile|Dockerfile[^/]*|[Jj]ustfile|Taskfile\.ya?ml|\.gitlab-ci\.yml|[^/]*\.(?:mk|sh|bash)|\.github\/workflows\/[^/]*\.ya?ml|\.circleci\/config\.yml|[^/]*\.go)$/;

export function findGoPlugins(repository: Repository): Candidate[] {
  const modules = repository.files.filter((file) => baseOf(file) === 'go.mod').map(directoryOf);
  if (modules.length === 0) return [];
  const hints = repository.files.filter((file) => BUILD_FILES.test(file)).flatMap((file) => hintsIn(repository, file));
  const packages = mainPackages(repository);
  const found = [...packages].flatMap(([directory, sources]): Candidate[] => {
    const module = moduleOf(directory, modules);
    if (module === undefined) return [];
    const hint = hints.find((one) => one.package === directory);
    const guess = hint === undefined ? guessFrom(sources) : undefined;
    const mode = hint?.mode ?? guess?.mode;
    if (mode === undefined) return [];
    const output =
      hint?.output ?? `build/${asName(directory === '.' ? moduleName(repository, module) : baseOf(directory))}.so`;
    const inside = directory === module ? '.' : `./${module === '.' ? directory : directory.slice(module.length + 1)}`;
    return [
      {
        name: asName(nameOfLibrary(output)),
        kind: mode === 'plugin' ? 'go-plugin' : 'c-shared',
        artifact: output,
        build: {
          directory: module,
          go: { package: inside, tags: hint?.tags, toolchain: toolchainOf(repository, module) },
        },
        evidence: hint?.evidence ?? `${directory}: ${guess?.why ?? ''}`,
        doubt: hint === undefined ? 'No build file names it: check the kind.' : undefined,
      },
    ];
  });
  return found;
}

/** The `go build` commands of a build file that make plugins. */
function hintsIn(repository: Repository, file: string): Hint[] {
  const text = repository.read(file);
  if (!text.includes('buildmode')) return [];
  const hints: Hint[] = [];
  for (const { text: line, line: number } of logicalLines(text)) {
    if (/^\s*#/.test(line) || (file.endsWith('.go') && !line.startsWith('//go:generate'))) continue;
    const [, mode] = /-buildmode[= ]["']?(plugin|c-shared)\b/.exec(line) ?? [];
    if (mode !== 'plugin' && mode !== 'c-shared') continue;
    if (!/\bgo\b|\$[({]GO[)}]/.test(line)) continue;
    const [, into] = /\bcd\s+([^\s;&|]+)/.exec(line) ?? [];
    const command = line.slice(line.search(/\bbuild\b/)).split(/\s(?:&&|;|\|)/)[0] ?? '';
    const words = command.split(/\s+/).map((word) => word.replaceAll(/^["']|["']$/g, ''));
    const start = pathIn(file.startsWith('.') ? '.' : directoryOf(file), into ?? '.') ?? '.';
    const last = words.at(-1) ?? '';
    const target = last.endsWith('.go') ? directoryOf(last) : /^\.{1,2}(?:\/|$)/.test(last) ? last : '.';
    const found = pathIn(start, target);
    if (found === undefined) continue;
    const output = words[words.indexOf('-o') + 1];
    const plain = words.includes('-o') && output !== undefined && /^[A-Za-z0-9_./-]+\.so$/.test(output);
    const tags = /-tags[= ]["']?([A-Za-z0-9_.,]+)/.exec(line)?.[1]?.split(',') ?? [];
    hints.push({
      mode,
      package: found,
      output: plain ? pathIn(start, output) : undefined,
      tags,
      evidence: `${file}:${number}: go build -buildmode=${mode}`,
    });
  }
  return hints;
}

/** Text of the sources of each package main, by directory. */
function mainPackages(repository: Repository): Map<string, string> {
  const packages = new Map<string, string>();
  for (const file of repository.files) {
    if (!file.endsWith('.go') || file.endsWith('_test.go')) continue;
    const text = repository.read(file);
    if (!/^package main\b/m.test(text)) continue;
    const directory = directoryOf(file);
    packages.set(directory, `${packages.get(directory) ?? ''}${text}\n`);
  }
  return packages;
}

/** A package main without a main that does something, and with names for others to look up. */
function guessFrom(sources: string): { readonly mode: Hint['mode']; readonly why: string } | undefined {
  if (/^import "C"/m.test(sources) && /^\/\/export [A-Za-z_]/m.test(sources)) {
    return { mode: 'c-shared', why: 'package main with import "C" and //export' };
  }
  const main = /^func main\(\)\s*\{([^}]*)\}/m.exec(sources);
  const busy =
    /^func main\(\)/m.test(sources) && (main === null || /[^\s]/.test((main[1] ?? '').replaceAll(/\/\/.*$/gm, '')));
  if (!busy && /^(?:func|var) [A-Z]/m.test(sources)) {
    return { mode: 'plugin', why: 'package main with exported names and no main function that does anything' };
  }
  return undefined;
}

/** The innermost module around a directory. */
function moduleOf(directory: string, modules: readonly string[]): string | undefined {
  return modules
    .filter((module) => module === '.' || directory === module || directory.startsWith(`${module}/`))
    .sort((a, b) => b.length - a.length)[0];
}

function goMod(repository: Repository, module: string): string {
  return repository.read(module === '.' ? 'go.mod' : `${module}/go.mod`);
}

function moduleName(repository: Repository, module: string): string {
  const [, path = 'plugin'] = /^module\s+(\S+)/m.exec(goMod(repository, module)) ?? [];
  return baseOf(path.replace(/\/v[0-9]+$/, ''));
}

function toolchainOf(repository: Repository, module: string): string | undefined {
  return /^toolchain\s+(go[0-9]+\.[0-9]+(?:\.[0-9]+)?)\s*$/m.exec(goMod(repository, module))?.[1];
}
