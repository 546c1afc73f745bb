import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type AbiInput, compareAbi } from '../../src/abi/abi.ts';
import { compareFiles } from '../../src/compare/files.ts';
import { readElf } from '../../src/elf/read.ts';
import { matchesGlob } from '../../src/text/path-glob.ts';

/**
 * The table of pairs: test/fixtures/abi/<topic>/table.json says what each case is about; <topic>/<case>/ holds the two
 * releases and expected.txt, the findings that `diff` has to make of them with every compiler.
 *
 * Sources of a release are v1.* and v1-*.*, with both-*.* common to the two; v1.map or both.map is a version script.
 * `#line` gives a source the names of the header and the source file that it stands for.
 */
export const TABLE = fileURLToPath(new URL('../fixtures/abi/', import.meta.url));

const flags = z.array(z.string());
const entry = z.strictObject({
  /** A look-alike must not be reported as risky or worse. */
  kind: z.enum(['change', 'look-alike']),
  about: z.string(),
  flags: z.strictObject({ both: flags.optional(), v1: flags.optional(), v2: flags.optional() }).optional(),
  /** More flags for one source. */
  flagsOf: z.record(z.string(), flags).optional(),
  /** Globs of the public headers. */
  headers: z.array(z.string()).optional(),
  /** The only compiler that can build it, or that tells what it is about. */
  only: z.enum(['gcc', 'clang', 'rustc']).optional(),
  /** The only version of DWARF that tells what it is about. */
  dwarf: z.union([z.literal(4), z.literal(5)]).optional(),
  /** Why abidiff comes to another answer; absent where both see a difference or both see none. */
  abidiff: z.string().optional(),
  /** process.arch that the case is made for; any unless given. */
  machine: z.string().optional(),
});

export type Release = 'v1' | 'v2';

export interface AbiCase extends z.infer<typeof entry> {
  readonly topic: string;
  readonly name: string;
  readonly directory: string;
}

/** The cases of a topic that can be built on this machine. */
export function casesOf(topic: string): readonly AbiCase[] {
  const text = readFileSync(join(TABLE, topic, 'table.json'), 'utf8');
  return Object.entries(z.record(z.string(), entry).parse(JSON.parse(text)))
    .filter(([, { machine }]) => machine === undefined || machine === process.arch)
    .map(([name, one]) => ({ ...one, topic, name, directory: join(TABLE, topic, name) }));
}

/** How a case is compiled. */
export interface Way {
  readonly compiler: 'gcc' | 'clang' | 'rustc';
  readonly optimise: '-O0' | '-O2';
  readonly dwarf: 4 | 5;
}

const WAYS: readonly (readonly [Way, Way])[] = [
  [way('gcc', '-O0', 4), way('clang', '-O2', 5)],
  [way('gcc', '-O2', 5), way('clang', '-O0', 4)],
  [way('gcc', '-O0', 5), way('clang', '-O2', 4)],
  [way('gcc', '-O2', 4), way('clang', '-O0', 5)],
];

const RUST_WAYS: readonly Way[] = [way('rustc', '-O0', 4), way('rustc', '-O2', 5)];

function way(compiler: Way['compiler'], optimise: Way['optimise'], dwarf: Way['dwarf']): Way {
  return { compiler, optimise, dwarf };
}

export function nameOfWay({ compiler, optimise, dwarf }: Way): string {
  return `${compiler} ${optimise} DWARF ${dwarf}`;
}

/**
 * Two ways that differ in everything, so that each case is compiled with each compiler, level and version at least
 * once; which two depends on the name. PLUGIN_GATE_ABI_MATRIX=full takes all eight.
 */
export function waysOf({ topic, name, only, dwarf }: AbiCase): readonly Way[] {
  if (only === 'rustc') return RUST_WAYS;
  const number = [...`${topic}/${name}`].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  const full = process.env.PLUGIN_GATE_ABI_MATRIX === 'full';
  const ways = full ? WAYS.flat() : (WAYS[number % WAYS.length] ?? []);
  const wanted = ways.map((one) => (dwarf === undefined ? one : { ...one, dwarf }));
  return wanted.filter(({ compiler }) => only === undefined || compiler === only);
}

/** Runs a program; rejects with its output when it fails. */
function compile(argv: readonly string[], directory: string): Promise<void> {
  const [program = '', ...args] = argv;
  return new Promise((settle, reject) => {
    const child = spawn(program, args, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString('latin1');
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? settle() : reject(new Error(`${argv.join(' ')}\n${output}`))));
  });
}

/** Where a build of a case lies below a directory. */
export function builtFile(directory: string, one: AbiCase, release: Release, built: Way): string {
  return join(directory, one.topic, one.name, nameOfWay(built).replaceAll(' ', ''), `${release}.so`);
}

/** Classes whose table or constructors are made elsewhere are described, too, as docs/abi.md asks for. */
const WHOLE_CLASSES = { gcc: ['-femit-class-debug-always'], clang: ['-fstandalone-debug'] } as const;

let takesVersions: boolean | undefined;

/** rustc has -Cdwarf-version since 1.88; older ones write DWARF 4. */
function rustcTakesVersions(): boolean {
  takesVersions ??= spawnSync('rustc', ['-Cdwarf-version=4', '--print', 'sysroot'], { stdio: 'ignore' }).status === 0;
  return takesVersions;
}

async function build(directory: string, one: AbiCase, release: Release, built: Way): Promise<void> {
  const output = builtFile(directory, one, release, built);
  mkdirSync(join(output, '..'), { recursive: true });
  const files = readdirSync(one.directory);
  const sources = files.filter((file) => isSourceOf(file, release)).sort((a, b) => a.length - b.length);
  const script = [`${release}.map`, 'both.map'].find((file) => files.includes(file));
  const own = [...(one.flags?.both ?? []), ...(one.flags?.[release] ?? [])];
  if (built.compiler === 'rustc') {
    const level = built.optimise.slice(2);
    const options = [
      '-g',
      `-Copt-level=${level}`,
      ...(rustcTakesVersions() ? [`-Cdwarf-version=${built.dwarf}`] : []),
      // Older rustc makes a soname of the file's name.
      '-Clink-arg=-Wl,-soname,plugin.so',
      '-Cpanic=abort',
      '-Awarnings',
      ...own,
    ];
    await compile(
      ['rustc', '--crate-name=plugin', '--crate-type=cdylib', ...options, '-o', output, ...sources],
      one.directory,
    );
    return;
  }
  const classes = sources.some((file) => /\.cc$/.test(file));
  const common = [
    '-fPIC',
    '-w',
    '-g',
    ...(classes ? WHOLE_CLASSES[built.compiler] : []),
    `-gdwarf-${built.dwarf}`,
    built.optimise,
    ...own,
  ];
  const link = [
    '-shared',
    ...(classes ? [] : ['-nostdlib']),
    ...(script === undefined ? [] : [`-Wl,--version-script=${script}`]),
    ...own,
  ];
  const driver = classes ? `${built.compiler}++`.replace('gcc++', 'g++') : built.compiler;
  if (sources.length === 1) {
    await compile([driver, ...common, ...link, '-o', output, ...sources], one.directory);
    return;
  }
  const objects: string[] = [];
  for (const source of sources) {
    const object = `${output}.${basename(source)}.o`;
    await compile([driver, ...common, ...(one.flagsOf?.[source] ?? []), '-c', '-o', object, source], one.directory);
    objects.push(object);
  }
  await compile([driver, ...common, ...link, '-o', output, ...objects], one.directory);
}

function isSourceOf(file: string, release: Release): boolean {
  return (
    /\.(?:c|cc|rs|s|S)$/.test(file) &&
    (file.startsWith(`${release}.`) || file.startsWith(`${release}-`) || file.startsWith('both-'))
  );
}

/** Builds all cases in all their ways, two at a time. */
export async function buildAll(directory: string, cases: readonly AbiCase[]): Promise<void> {
  const jobs = cases.flatMap((one) =>
    waysOf(one).flatMap((built) =>
      (['v1', 'v2'] as const).map((release) => () => build(directory, one, release, built)),
    ),
  );
  const take = async (): Promise<void> => {
    for (let job = jobs.pop(); job !== undefined; job = jobs.pop()) await job();
  };
  await Promise.all([take(), take()]);
}

function inputOf(file: string): AbiInput {
  const bytes = readFileSync(file);
  const { image } = readElf(bytes);
  if (image === undefined) throw new Error(`${file} cannot be read`);
  return { image, bytes, search: { file, directories: [] } };
}

function optionsOf(one: AbiCase) {
  const locate = (file: string): string =>
    file.startsWith(`${one.directory}/`) ? relative(one.directory, file) : file;
  const { headers } = one;
  return {
    locate,
    ...(headers !== undefined && {
      isPublicHeader: (file: string) => headers.some((glob) => matchesGlob(glob, locate(file))),
    }),
  };
}

/** What `diff` makes of two builds, as text to review: the verdict, then rule, effect, place, path and message. */
export function diffText(one: AbiCase, oldFile: string, newFile: string): string {
  const [old, now] = [readFileSync(oldFile), readFileSync(newFile)];
  const comparison = compareFiles(
    { name: 'OLD', bytes: old },
    { name: 'NEW', bytes: now },
    {
      compareTypes: (before, after) =>
        compareAbi(
          { image: before.image, bytes: old, search: { file: oldFile, directories: [] } },
          { image: after.image, bytes: now, search: { file: newFile, directories: [] } },
          optionsOf(one),
        ),
    },
  );
  const findings = comparison.findings.map(({ rule, effect, location, path, message, affected }) => {
    const place = location === undefined ? '-' : `${location.file}:${location.line}`;
    const lines = [`${rule} ${effect ?? '-'} ${place}`, `  ${message}`];
    if (path !== undefined) lines.push(`  path: ${path.join(' > ')}`);
    if (affected !== undefined) lines.push(`  affected: ${affected.join(', ')}`);
    return lines.join('\n');
  });
  return `${[comparison.verdict, ...findings.sort()].join('\n')}\n`;
}

/** Effects worse than compatible that a comparison of two builds of one source finds: there should be none. */
export function rebuildFindings(one: AbiCase, oldFile: string, newFile: string): readonly string[] {
  const { findings } = compareAbi(inputOf(oldFile), inputOf(newFile), optionsOf(one));
  return findings
    .filter(({ effect }) => effect !== undefined && effect !== 'compatible')
    .map(({ rule, effect, message }) => `${rule} ${effect}: ${message}`);
}

/** The reviewed findings of a case; written where there are none yet and PLUGIN_GATE_ABI_EXPECTED=write is set. */
export function expectedText(one: AbiCase, actual: string): string {
  const file = join(one.directory, 'expected.txt');
  if (process.env.PLUGIN_GATE_ABI_EXPECTED === 'write') writeFileSync(file, actual);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** Whether abidiff sees a difference between two builds; undefined where it fails. */
export function abidiffSees(oldFile: string, newFile: string): boolean | undefined {
  const { status } = spawnSync('abidiff', [oldFile, newFile], { stdio: 'ignore' });
  // Bit 1: it failed; bit 2: it was called wrongly; bit 4: there are changes.
  return status === null || (status & 3) !== 0 ? undefined : (status & 4) !== 0;
}
