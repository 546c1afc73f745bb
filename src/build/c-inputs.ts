import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { FileDigests } from '../artifact/file-digests.ts';
import { findProgram } from '../process/which.ts';
import { ask } from './ask.ts';
import type { GoPackage } from './go-list.ts';
import type { BuildPlan } from './plan.ts';

/** Settings of `go env` that say how C is compiled and linked. */
export interface Compilers {
  readonly CC: string;
  readonly CXX: string;
  readonly CGO_CPPFLAGS: string;
  readonly CGO_CFLAGS: string;
  readonly CGO_CXXFLAGS: string;
  readonly CGO_LDFLAGS: string;
}

/** Bytes. */
const LARGEST_SOURCE = 64 * 1024 * 1024;

/** Absolute paths, or why nobody can tell. */
export type CHeaders = { readonly headers: readonly string[] } | { readonly open: string };

/** Libraries that come with the C toolchain. Others are files that nobody names here. */
const OWN_LIBRARIES = /^-l(?:pthread|m|dl|rt|c|resolv)$/;
/**
 * Flags that the preprocessor is given here. They stand in sources that nobody has looked at, and go list, unlike go build,
 * lets all of them through: `-fplugin` would run code.
 */
const PREPROCESSING =
  /^-(?:[DU][A-Za-z_]\w*(?:=.*)?|I[^@-].*|O[0-3sg]?|g[0-9]?|std=[a-z0-9+]+|W(?!l,|a,|p,)[a-z0-9-]+(?:=[0-9]+)?|w|pedantic|ansi|pthread|fPIC|fpic|fno-[a-z-]+|fstack-protector(?:-[a-z]+)?|fvisibility=[a-z]+|fwrapv|fopenmp|m[a-z0-9.-]+(?:=[a-z0-9.+-]+)?)$/;
const HARMLESS = /^-(?:O[0-3sg]?|g[0-9]?|W[\w-]+|pthread|f[\w-]+(?:=[\w-]+)?|m[\w-]+(?:=[\w-]+)?)$/;

/**
 * The headers that the C parts of a Go package include: what stands above `import "C"`, and its C files. The preprocessor
 * itself is asked (`-M`), so that conditions and macros count.
 * @throws Error for a source that cannot be read
 */
export async function cHeaders(
  one: GoPackage,
  plan: BuildPlan,
  { CC, CXX, CGO_CPPFLAGS, CGO_CFLAGS, CGO_CXXFLAGS, CGO_LDFLAGS }: Compilers,
): Promise<CHeaders> {
  const { ImportPath: name, Dir: directory = '' } = one;
  if (one.SwigFiles ?? one.SwigCXXFiles) return { open: `${name} uses SWIG` };
  if (one.CgoPkgConfig) return { open: `${name} takes flags from pkg-config` };
  const linked = [...words(CGO_LDFLAGS), ...(one.CgoLDFLAGS ?? [])].find(
    (flag) => !OWN_LIBRARIES.test(flag) && !HARMLESS.test(flag),
  );
  if (linked !== undefined) return { open: `${name} is linked with ${linked}` };
  const preambles: string[] = [];
  for (const file of one.CgoFiles ?? []) {
    const text = preambleOf(sourceText(join(directory, file)));
    if (text === undefined) return { open: `what ${name} includes above import "C" cannot be told apart` };
    preambles.push(text);
  }
  const shared = [...words(CGO_CPPFLAGS), ...(one.CgoCPPFLAGS ?? [])];
  const flags = [...shared, ...words(CGO_CFLAGS), ...(one.CgoCFLAGS ?? [])];
  const cxxFlags = [...shared, ...words(CGO_CXXFLAGS), ...(one.CgoCXXFLAGS ?? [])];
  const unknown = [...flags, ...cxxFlags].find((flag) => !PREPROCESSING.test(flag));
  if (unknown !== undefined) return { open: `${name} is compiled with ${unknown}` };
  const texts = [...preambles, ...cSources(one).map((file) => sourceText(join(directory, file)))];
  if (texts.some((text) => /\.incbin|#[ \t]*embed|__has_embed/.test(text)))
    return { open: `C sources of ${name} embed files` };
  const outside = includedByGo(one, directory);
  if (outside !== undefined) return { open: `an assembler source of ${name} includes ${outside}` };
  const scratch = mkdtempSync(join(tmpdir(), 'plugin-gate-includes-'));
  try {
    const sources = preambles.map((text, at) => {
      const path = join(scratch, `${at}.c`);
      writeFileSync(path, text);
      return path;
    });
    const c = await headersOf([...words(CC), ...flags], [...sources, ...cSources(one)], directory, plan);
    const cxx = await headersOf([...words(CXX), ...cxxFlags], one.CXXFiles ?? [], directory, plan);
    if (c === undefined || cxx === undefined) return { open: `the C compiler does not tell what ${name} includes` };
    return { headers: [...new Set([...c, ...cxx])].filter((path) => !path.startsWith(`${scratch}/`)) };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @throws Error for what is no regular file, or one that nobody wrote by hand */
function sourceText(path: string): string {
  const stat = statSync(path);
  if (!stat.isFile() || stat.size > LARGEST_SOURCE) throw new Error(`${path} is no source that can be read.`);
  return readFileSync(path, 'utf8');
}

function cSources({ CFiles = [], SFiles = [] }: GoPackage): readonly string[] {
  return [...CFiles, ...SFiles.filter((file) => file.endsWith('.S'))];
}

/** What Go's own assembler is asked to include besides the headers of the package and those that come with Go. */
function includedByGo({ Standard, SFiles = [], HFiles = [] }: GoPackage, directory: string): string | undefined {
  if (Standard === true) return undefined;
  const known = new Set([...HFiles, 'textflag.h', 'funcdata.h', 'go_asm.h', 'go_tls.h']);
  const texts = SFiles.filter((file) => file.endsWith('.s')).map((file) => sourceText(join(directory, file)));
  return texts
    .flatMap((text) => [...text.matchAll(/^[ \t]*#[ \t]*include[ \t]+"([^"]*)"/gm)].map(([, file = '']) => file))
    .find((file) => !known.has(file) && !/^asm_\w+\.h$/.test(file));
}

/** Every file that the preprocessor opens; what cgo writes first (`_cgo_export.h`) need not be there (`-MG`). */
async function headersOf(
  command: readonly string[],
  sources: readonly string[],
  directory: string,
  plan: BuildPlan,
): Promise<readonly string[] | undefined> {
  if (sources.length === 0) return [];
  const text = await ask([...command, '-M', '-MG', '-I', directory, ...sources], { ...plan, directory });
  if (text === undefined) return undefined;
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap((line) => line.replace(/^[^:]*: ?/, '').match(/(?:[^\s\\]|\\.)+/g) ?? [])
    .map((path) => path.replaceAll(/\\(.)/g, '$1'))
    .map((path) => (isAbsolute(path) ? path : join(directory, path)));
}

/**
 * The C text above `import "C"`: the comment right before it. undefined where the import stands in another form.
 * Source: `go doc cmd/cgo`.
 */
export function preambleOf(source: string): string | undefined {
  const block = /\/\*((?:(?!\*\/)[\s\S])*)\*\/[ \t]*\r?\n?import[ \t]+"C"/.exec(source)?.[1];
  const lines = /((?:^[ \t]*\/\/.*\r?\n)+)import[ \t]+"C"/m.exec(source)?.[1];
  const found = block ?? lines?.replaceAll(/^[ \t]*\/\//gm, '');
  if (found !== undefined) {
    const once = source.match(/^\s*(?:import\s+)?"C"/gm)?.length === 1;
    // Lines that are for cgo itself: flags, and what it may assume of functions.
    return once ? `${found.replaceAll(/^[ \t]*#cgo\b.*$/gm, '')}\n` : undefined;
  }
  // Nothing is above it, and so nothing is included.
  return /#[ \t]*(?:include|import|embed)/.test(source) ? undefined : '\n';
}

/** Digests of the programs that compile and link, and of what is linked into every C library. */
export async function cToolchain(
  plan: BuildPlan,
  { CC, CXX }: Pick<Compilers, 'CC' | 'CXX'>,
  digests: FileDigests,
): Promise<string> {
  const parts: string[] = [];
  for (const command of [words(CC), words(CXX)]) {
    const [program = ''] = command;
    const path = findProgram(program, plan.environment.PATH, plan.directory);
    parts.push(`${command.join(' ')} ${path === undefined ? '' : (digests.of(path) ?? '')}`);
    if (path === undefined) continue;
    const asked = ['cc1', 'cc1plus', 'collect2', 'as', 'ld'].map((tool) => `-print-prog-name=${tool}`);
    const linked = ['crti.o', 'crtbeginS.o', 'crtendS.o', 'crtn.o', 'libc.so', 'libc_nonshared.a', 'libgcc.a'];
    const questions = [...asked, ...linked.map((file) => `-print-file-name=${file}`)];
    const answers = await Promise.all(questions.map((question) => ask([...command, question], plan)));
    for (const answer of answers.map((text) => text?.trim() ?? '')) {
      const file = isAbsolute(answer) ? answer : findProgram(answer, plan.environment.PATH, plan.directory);
      parts.push(`${answer} ${file === undefined ? '' : (digests.of(file) ?? '')}`);
    }
  }
  return digests.text(parts.join('\n'));
}

function words(command: string): readonly string[] {
  return command.split(/\s+/).filter((word) => word !== '');
}
