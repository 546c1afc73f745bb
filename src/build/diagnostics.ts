import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { Location } from '../rules/finding.ts';
import { plainLines } from './plain.ts';

/** One message of a compiler, linker or build tool, with its place where that is inside the repository. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly text: string;
  readonly location?: Location;
}

export interface DiagnosticPlaces {
  /** Absolute path; locations are relative to it, and places outside have none. */
  readonly repository: string;
  /** Absolute path of the directory that the command ran in. */
  readonly directory: string;
}

const MAX_DIAGNOSTICS = 200;
const MAX_TEXT = 1000;

/** gcc, clang and, behind `ld: `, the linkers: `file:line[:column]: error: text`. A time of day is no file. */
const LEVELLED = /^(?!\d+:)([^\s:][^:]*):(\d+):(?:(\d+):)? *(fatal error|error|warning): (.+)$/;
/** Go and assemblers: `./file.go:line:column: text`. */
const GO = /^((?:[^\s:][^:]*)\.(?:go|s|S)):(\d+):(?:(\d+):)? (.+)$/;
/** GNU ld: `file.c:12: undefined reference to ...` and `file.c:(.text+0x1b): undefined reference to ...`. */
const LINK =
  /^([^\s:][^:]*):(?:(\d+)|\([^)]*\)): ((?:undefined reference to|multiple definition of|more undefined) .+)$/;
/** The linker about no place in a source. */
const LINKER = /^(?:[^\s:]*\/)?(?:ld(?:\.(?:lld|gold|bfd))?|collect2|mold|rust-lld): (?:(error|fatal|warning): )?(.+)$/;
/** A compiler driver about its arguments or its parts. */
const DRIVER =
  /^(?:[^\s:]*\/)?(?:[a-z0-9_]+-)*(?:gcc|g\+\+|cc|c\+\+|clang(?:\+\+)?|cc1(?:plus)?)(?:-[0-9.]+)?: (fatal error|error|warning): (.+)$/;
/** rustc: the place is on the next line, behind an arrow. */
const RUSTC = /^(error|warning)(?:\[E\d+\])?: (.+)$/;
const RUSTC_PLACE = /^ *--> ([^:]+):(\d+):(\d+)$/;
/** CMake: the text is on the following lines. */
const CMAKE = /^CMake (Error|Warning)(?: \(dev\))?(?: at ([^:]+):(\d+) \([^)]*\))?: ?(.*)$/;
/** make: a Makefile that it cannot read. */
const MAKEFILE = /^([^\s:][^:]*):(\d+): \*\*\* (.+)$/;
/** make changes directories, and compilers name files from where they run. */
const MAKE_DIRECTORY = /^(?:\S*make)(?:\[\d+\])?: (Entering|Leaving) directory [`']([^']+)'$/;

/**
 * Finds the messages of gcc, clang, go, rustc, cargo, ld, lld, make and cmake in the output of a build. The output is
 * untrusted text: escape sequences are removed, lines and their number are bounded.
 */
export function parseDiagnostics(output: string, places: DiagnosticPlaces): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const seen = new Set<string>();
  const directories = [places.directory];
  const lines = plainLines(output);

  const add = (severity: string, text: string, file?: string, line?: string, column?: string): void => {
    const cwd = directories.at(-1) ?? places.directory;
    const location = file === undefined ? undefined : locate(file, line, column, cwd, places.repository);
    const named = file !== undefined && location === undefined ? `${file}:${line ?? '?'}: ${text}` : text;
    const diagnostic: Diagnostic = {
      severity: /warn/i.test(severity) ? 'warning' : 'error',
      text: named.length > MAX_TEXT ? `${named.slice(0, MAX_TEXT)}…` : named,
      ...(location === undefined ? {} : { location }),
    };
    // The same warning comes once for every file that includes a header.
    const key = JSON.stringify(diagnostic);
    if (seen.has(key)) return;
    seen.add(key);
    found.push(diagnostic);
  };

  for (const [index, whole] of lines.entries()) {
    if (found.length >= MAX_DIAGNOSTICS) break;
    const line = whole.replace(/^(?:[^\s:]*\/)?ld(?:\.(?:gold|bfd))?: (?=[^:]+:(?:\d+|\([^)]*\)): )/, '');
    const move = MAKE_DIRECTORY.exec(line);
    if (move?.[2] !== undefined) {
      if (move[1] === 'Entering') directories.push(resolve(places.directory, move[2]));
      else if (directories.length > 1) directories.pop();
      continue;
    }
    const levelled = LEVELLED.exec(line);
    if (levelled !== null) {
      add(levelled[4] ?? 'error', levelled[5] ?? '', levelled[1], levelled[2], levelled[3]);
      continue;
    }
    const driver = DRIVER.exec(line);
    if (driver !== null) {
      add(driver[1] ?? 'error', driver[2] ?? '');
      continue;
    }
    const makefile = MAKEFILE.exec(line);
    if (makefile !== null) {
      add('error', makefile[3] ?? '', makefile[1], makefile[2]);
      continue;
    }
    const link = LINK.exec(line);
    if (link !== null) {
      if (link[2] === undefined) add('error', `${link[3] ?? ''} (in ${link[1] ?? ''})`);
      else add('error', link[3] ?? '', link[1], link[2]);
      continue;
    }
    const go = GO.exec(line);
    if (go !== null) {
      add(go[4]?.startsWith('warning') === true ? 'warning' : 'error', go[4] ?? '', go[1], go[2], go[3]);
      continue;
    }
    const rustc = RUSTC.exec(line);
    if (rustc !== null) {
      const place = RUSTC_PLACE.exec(lines[index + 1] ?? '');
      if (place !== null) add(rustc[1] ?? 'error', rustc[2] ?? '', place[1], place[2], place[3]);
      else if (!/^(?:aborting due to|could not compile|`.*` \(lib\) generated|build failed)/.test(rustc[2] ?? '')) {
        add(rustc[1] ?? 'error', rustc[2] ?? '');
      }
      continue;
    }
    const cmake = CMAKE.exec(line);
    if (cmake !== null) {
      const text = cmake[4] !== undefined && cmake[4] !== '' ? cmake[4] : (nextText(lines, index) ?? 'no text');
      add(cmake[1] ?? 'error', text, cmake[2], cmake[3]);
      continue;
    }
    const linker = LINKER.exec(line);
    if (linker !== null && !/ld returned \d+ exit status|^in function /.test(linker[2] ?? '')) {
      if (linker[1] !== undefined || /cannot find|not found|undefined|file format|relocation/.test(linker[2] ?? '')) {
        add(linker[1] ?? 'error', linker[2] ?? '');
      }
    }
  }
  return found;
}

function nextText(lines: readonly string[], index: number): string | undefined {
  return lines
    .slice(index + 1, index + 4)
    .find((line) => line.trim() !== '')
    ?.trim();
}

function locate(
  file: string,
  line: string | undefined,
  column: string | undefined,
  cwd: string,
  repository: string,
): Location | undefined {
  const way = relative(repository, resolve(cwd, file));
  if (way === '' || way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) return undefined;
  const lineNumber = positive(line);
  if (lineNumber === undefined) return undefined;
  const columnNumber = positive(column);
  return { file: way, line: lineNumber, ...(columnNumber === undefined ? {} : { column: columnNumber }) };
}

function positive(digits: string | undefined): number | undefined {
  const value = Number(digits);
  return Number.isSafeInteger(value) && value > 0 && value < 10_000_000 ? value : undefined;
}
