import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** The table of pairs: test/fixtures/symbols/table.json, with the sources in <case>/{v1,v2}.c or .cc. */
export const PAIRS = fileURLToPath(new URL('../fixtures/symbols/', import.meta.url));

const flags = z.array(z.string());
const entry = z.strictObject({
  /** A look-alike must not be reported as risky or worse. */
  kind: z.enum(['change', 'look-alike']),
  about: z.string(),
  lang: z.literal('c++').optional(),
  flags: z.strictObject({ both: flags.optional(), v1: flags.optional(), v2: flags.optional() }).optional(),
  required: z.array(z.string()).optional(),
  /** A version script in the case's directory which v2 is compared with. */
  versionScript: z.string().optional(),
  /** What a program linked against v1 (app.c) does with v2. */
  app: z.enum(['works', 'fails']).optional(),
  noSectionHeaders: z.literal('v2').optional(),
  /** process.arch that the case is made for; any unless given. */
  machine: z.string().optional(),
});

export type PairEntry = z.infer<typeof entry>;

/** All cases that can be built on this machine. */
export const TABLE: ReadonlyMap<string, PairEntry> = new Map(
  Object.entries(z.record(z.string(), entry).parse(JSON.parse(readFileSync(join(PAIRS, 'table.json'), 'utf8')))).filter(
    ([, { machine }]) => machine === undefined || machine === process.arch,
  ),
);

export interface BuiltPair {
  readonly v1: string;
  readonly v2: string;
}

/** Runs a program; throws with its output when it fails. */
function compile(argv: readonly string[]): Promise<void> {
  const [program = '', ...args] = argv;
  return new Promise((settle, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString('latin1');
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? settle() : reject(new Error(`${argv.join(' ')}\n${output}`))));
  });
}

/** Builds both releases of a case into <directory>/<name>/{v1,v2}/libx.so. */
export async function buildPair(directory: string, name: string, pair: PairEntry): Promise<BuiltPair> {
  const build = async (release: 'v1' | 'v2'): Promise<string> => {
    const source = join(PAIRS, name, `${release}.${pair.lang === 'c++' ? 'cc' : 'c'}`);
    const output = join(directory, name, release, 'libx.so');
    mkdirSync(join(directory, name, release), { recursive: true });
    const map = join(PAIRS, name, `${release}.map`);
    const soname = pair.app === undefined ? [] : ['-Wl,-soname,libx.so'];
    const script = existsSync(map) ? [`-Wl,--version-script=${map}`] : [];
    const own = [...(pair.flags?.both ?? []), ...(pair.flags?.[release] ?? [])];
    const kind = own.includes('-pie') ? [] : ['-shared'];
    const compiler = pair.lang === 'c++' ? 'c++' : 'cc';
    await compile([compiler, ...kind, '-fPIC', '-w', '-o', output, source, ...soname, ...script, ...own]);
    if (pair.noSectionHeaders === release) dropSectionHeaders(output);
    return output;
  };
  const [v1, v2] = await Promise.all([build('v1'), build('v2')]);
  return { v1, v2 };
}

/** Clears e_shoff, e_shnum and e_shstrndx of a 64-bit file: what `sstrip` and `objcopy --strip-section-headers` do. */
function dropSectionHeaders(file: string): void {
  const bytes = readFileSync(file);
  bytes.fill(0, 0x28, 0x30);
  bytes.fill(0, 0x3c, 0x40);
  writeFileSync(file, bytes);
}

/** A program linked against v1; -no-pie, so that variables are copied into it. */
export async function buildApp(directory: string, name: string): Promise<string> {
  const output = join(directory, name, 'app');
  const library = join(directory, name, 'v1');
  await compile(['cc', '-no-pie', '-fno-pie', '-w', '-o', output, join(PAIRS, name, 'app.c'), `-L${library}`, '-lx']);
  return output;
}
