import type { ElfBytes } from '../elf/cursor.ts';
import type { ElfImage } from '../elf/model.ts';

/** A module that went into a build. */
export interface GoModule {
  readonly path: string;
  /** `v1.2.3`, or `(devel)` for the module that was built where it lies. */
  readonly version: string;
  /**
   * The directory hash of the module's source (`h1:...`), made by cmd/go; absent for the main module and for replacements
   * by a directory. It says nothing about compiled bytes.
   */
  readonly sum?: string;
  /** What a `replace` directive put in its place. */
  readonly replace?: GoModule;
}

/** What cmd/go wrote into a binary (`go version -m`). Raw text from the file. */
export interface GoBuildInfo {
  /** `go1.24.4`, with ` X:...` behind it where there are experiments. */
  readonly toolchain: string;
  /** Import path of the main package; `command-line-arguments` for a build by file name. */
  readonly package?: string;
  /** The module of the main package. */
  readonly module?: GoModule;
  readonly modules: readonly GoModule[];
  /** `-trimpath`, `-gcflags`, `GOARCH`, `CGO_ENABLED`, `vcs.revision`, ...; flags that were not given are absent. */
  readonly settings: ReadonlyMap<string, string>;
}

const MAGIC = '\xff Go buildinf:';
const FLAG_INLINE = 2;
const LONGEST_VERSION = 1024;
const LONGEST_MODINFO = 16 * 1024 * 1024;
const MOST_MODULES = 50_000;
const MOST_SETTINGS = 1000;
/** Of a module path, a version, a sum; cmd/go writes some hundred characters. */
const LONGEST_FIELD = 4096;
/** Go itself searches the start of the data segment; the linker puts the header near it. */
const SEARCH = 1024 * 1024;

/**
 * Reads the build information of Go 1.18 and later (source: debug/buildinfo, readRawBuildInfo). Undefined for other files and
 * for plugins built by Go up to 1.19, which have none.
 * @param bytes of the file that `image` was read from
 */
export function readBuildInfo(bytes: ElfBytes, image: ElfImage): GoBuildInfo | undefined {
  const at = findHeader(bytes, image);
  if (at === undefined || (bytes.u8(at + 15) & FLAG_INLINE) === 0) return undefined;
  const version = readText(bytes, at + 32, LONGEST_VERSION);
  if (version === undefined || version.text === '') return undefined;
  const modinfo = readText(bytes, version.end, LONGEST_MODINFO)?.text ?? '';
  // 16 bytes of marker stand before and after the text.
  return parseBuildInfo(version.text, Buffer.from(modinfo, 'latin1').subarray(16, -16).toString('utf8'));
}

function findHeader(bytes: ElfBytes, image: ElfImage): number | undefined {
  const section = image.sections.find((candidate) => candidate.name === '.go.buildinfo');
  const data = image.segments.find(({ type, flags }) => type === 'LOAD' && flags.write && !flags.execute);
  const start = section?.offset ?? data?.offset ?? 0;
  const size = section?.size ?? data?.fileSize ?? 0;
  const content = bytes.range(start, Math.min(size, SEARCH));
  for (let at = 0; ; at++) {
    at = content.indexOf(MAGIC, at, 'latin1');
    if (at < 0) return undefined;
    if ((start + at) % 16 === 0) return start + at;
  }
}

/** Text with its length before it as a varint, one character a byte. */
function readText(bytes: ElfBytes, at: number, longest: number): { text: string; end: number } | undefined {
  let length = 0;
  let start = at;
  for (let scale = 1; scale < 2 ** 35; scale *= 128) {
    const byte = bytes.u8(start++);
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      if (length > longest || !bytes.has(start, length)) return undefined;
      return { text: bytes.latin1(start, length), end: start + length };
    }
  }
  return undefined;
}

/**
 * The lines that runtime/debug.BuildInfo.String writes.
 * @param toolchain what runtime.Version gives
 * @param text lines of `path`, `mod`, `dep`, `=>` and `build`, fields separated by tabs
 */
export function parseBuildInfo(toolchain: string, text: string): GoBuildInfo {
  let packagePath: string | undefined;
  let module: GoModule | undefined;
  const modules: GoModule[] = [];
  const settings = new Map<string, string>();
  let last: 'mod' | 'dep' | undefined;
  for (const line of text.split('\n')) {
    const [key = '', ...fields] = line.split('\t');
    switch (key) {
      case 'path':
        packagePath = fields[0];
        break;
      case 'mod':
        module = moduleOf(fields);
        last = 'mod';
        break;
      case 'dep':
        if (modules.length < MOST_MODULES) modules.push(moduleOf(fields));
        last = 'dep';
        break;
      case '=>': {
        const replace = moduleOf(fields);
        if (last === 'mod' && module !== undefined) module = { ...module, replace };
        const dependency = last === 'dep' ? modules.pop() : undefined;
        if (dependency !== undefined) modules.push({ ...dependency, replace });
        break;
      }
      case 'build': {
        const setting = settingOf(fields.join('\t'));
        if (setting !== undefined && settings.size < MOST_SETTINGS) settings.set(setting[0], setting[1]);
        break;
      }
    }
  }
  return {
    toolchain,
    ...(packagePath === undefined || packagePath === '' ? {} : { package: packagePath }),
    ...(module === undefined ? {} : { module }),
    modules,
    settings,
  };
}

function moduleOf(fields: readonly string[]): GoModule {
  const [path = '', version = '', sum] = fields.map((field) => field.slice(0, LONGEST_FIELD));
  return { path, version, ...(sum === undefined || sum === '' ? {} : { sum }) };
}

/** `key=value`; either may be quoted as strconv.Quote does, or with backquotes. */
function settingOf(text: string): readonly [string, string] | undefined {
  const quoted = /^("(?:[^"\\]|\\.)*")=(.*)$/s.exec(text);
  const split = text.indexOf('=');
  if (quoted !== null) return [unquote(quoted[1] ?? ''), unquote(quoted[2] ?? '')];
  return split <= 0 ? undefined : [text.slice(0, split), unquote(text.slice(split + 1))];
}

function unquote(text: string): string {
  if (text.length >= 2 && text.startsWith('`') && text.endsWith('`')) return text.slice(1, -1);
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  try {
    const value: unknown = JSON.parse(text.replace(/\\x([0-9a-f]{2})/g, '\\u00$1'));
    return typeof value === 'string' ? value : text;
  } catch {
    return text;
  }
}
