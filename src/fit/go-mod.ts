import type { GoModule } from '../golang/build-info.ts';

/** What a go.mod file says, as far as it bears on what a build of the module links. */
export interface GoMod {
  /** Path of the module. */
  readonly module: string;
  /** The `go` line: the oldest toolchain that may build it; `1.22`, `1.22.3`. */
  readonly go?: string;
  /** The `toolchain` line: `go1.24.4`. A newer toolchain is used when it is the one that runs. */
  readonly toolchain?: string;
  /** Modules that are required, with their replacements and, from go.sum, their sums. */
  readonly modules: readonly GoModule[];
}

const MOST_LINES = 200_000;
const LONGEST_FIELD = 4096;

/** Whether text is a go.mod file: its first directive is `module`, as cmd/go writes it and nearly everybody leaves it. */
export function isGoMod(text: string): boolean {
  const lines = text.slice(0, 65_536).split('\n');
  const first = lines.map(withoutComment).find((line) => line !== '');
  return first !== undefined && /^module\s+\S/.test(first);
}

/**
 * Reads a go.mod file and, when there is one, the go.sum file beside it. Lines that are not understood are passed over.
 * Source: https://go.dev/ref/mod (go.mod files, go.sum files).
 */
export function parseGoMod(text: string, sums = ''): GoMod {
  const found = { module: '', go: '', toolchain: '' };
  const required = new Map<string, string>();
  /** By path, or by path and version. */
  const replaced = new Map<string, GoModule>();
  for (const [verb, fields] of directives(text)) {
    const [first = '', second = ''] = fields;
    switch (verb) {
      case 'module':
      case 'go':
      case 'toolchain':
        found[verb] = first;
        break;
      case 'require':
        if (first !== '' && second !== '') required.set(first, second);
        break;
      case 'replace': {
        const replacement = replacementOf(fields);
        if (replacement !== undefined) replaced.set(replacement.key, replacement.by);
        break;
      }
    }
  }
  const sumOf = parseGoSum(sums);
  const modules = [...required].map(([path, version]): GoModule => {
    const by = replaced.get(`${path} ${version}`) ?? replaced.get(path);
    return by === undefined ? withSum({ path, version }, sumOf) : { path, version, replace: withSum(by, sumOf) };
  });
  return {
    module: found.module,
    ...(found.go === '' ? {} : { go: found.go }),
    ...(found.toolchain === '' ? {} : { toolchain: found.toolchain }),
    modules,
  };
}

/** Verb and words of each line, those of blocks (`require ( ... )`) with the verb of the block. */
function* directives(text: string): Iterable<readonly [verb: string, fields: readonly string[]]> {
  let block: string | undefined;
  for (const raw of text.split('\n', MOST_LINES)) {
    const words = wordsOf(withoutComment(raw));
    const [first] = words;
    if (first === undefined) continue;
    if (block !== undefined) {
      if (first === ')') block = undefined;
      else yield [block, words];
    } else if (words[1] === '(') {
      block = first;
    } else {
      yield [first, words.slice(1)];
    }
  }
}

function withoutComment(line: string): string {
  return line.replace(/(?:^|\s)\/\/.*$/, '').trim();
}

function wordsOf(line: string): readonly string[] {
  const words = line === '' ? [] : line.slice(0, 4 * LONGEST_FIELD).split(/\s+/);
  return words.map((word) => word.replace(/^(["`])(.*)\1$/, '$2').slice(0, LONGEST_FIELD));
}

/** `old [v] => new [v]`; a new path without a version is a directory. */
function replacementOf(fields: readonly string[]) {
  const arrow = fields.indexOf('=>');
  const [path = '', version = ''] = fields.slice(0, Math.max(arrow, 0));
  const [by = '', byVersion = ''] = fields.slice(arrow + 1);
  if (arrow < 1 || path === '' || by === '') return undefined;
  return { key: version === '' ? path : `${path} ${version}`, by: { path: by, version: byVersion } };
}

/** Sums of module source by `path version`; those of go.mod files alone are left out. */
function parseGoSum(text: string): ReadonlyMap<string, string> {
  const sums = new Map<string, string>();
  for (const line of text.split('\n', MOST_LINES)) {
    const [path, version, sum] = line.trim().split(/\s+/, 3);
    if (path === undefined || version === undefined || sum === undefined) continue;
    if (!version.endsWith('/go.mod') && sum.startsWith('h1:')) sums.set(`${path} ${version}`, sum);
  }
  return sums;
}

function withSum(module: GoModule, sums: ReadonlyMap<string, string>): GoModule {
  const sum = sums.get(`${module.path} ${module.version}`);
  return sum === undefined ? module : { ...module, sum };
}
