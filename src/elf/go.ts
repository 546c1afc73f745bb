import { ElfBytes } from './cursor.ts';
import type { ElfImage } from './model.ts';

/** What the Go linker left in a file. Raw text from the file. */
export interface GoInfo {
  /** `go1.24.4`, with experiments behind it where there are any. */
  readonly toolchain: string;
  /** Import path of the main package; `command-line-arguments` for a build by file name. */
  readonly package?: string;
  readonly module?: { readonly path: string; readonly version: string };
  /** `plugin`, `c-shared`, ... */
  readonly buildMode?: string;
  /** What plugin.Open tells two plugins apart by. */
  readonly pluginPath?: string;
}

const MAGIC = '\xff Go buildinf:';
const FLAG_INLINE = 2;
const LONGEST_VERSION = 1024;
const LONGEST_MODINFO = 16 * 1024 * 1024;
/** Go itself searches the start of the data segment; the linker puts the header near it. */
const SEARCH = 1024 * 1024;

/** Whether the Go linker made the file; needs no section headers. */
export function isGo(image: ElfImage): boolean {
  return (
    image.notes.others.some((note) => note.name === 'Go') ||
    image.sections.some((section) => section.name === '.go.buildinfo' || section.name === '.gopclntab')
  );
}

/**
 * Reads the build information of Go 1.18 and later (source: debug/buildinfo, readRawBuildInfo). Undefined for other files and
 * for plugins built by Go up to 1.19, which have none.
 * @param file the bytes that `image` was read from
 */
export function readGoInfo(file: Uint8Array, image: ElfImage): GoInfo | undefined {
  if (!isGo(image)) return undefined;
  const bytes = new ElfBytes(file, image.header.endian === 'little', image.header.class === 64);
  const at = findHeader(bytes, image);
  if (at === undefined || (bytes.u8(at + 15) & FLAG_INLINE) === 0) return undefined;
  const version = readText(bytes, at + 32, LONGEST_VERSION);
  if (version === undefined || version.text === '') return undefined;
  const modinfo = readText(bytes, version.end, LONGEST_MODINFO)?.text ?? '';
  // 16 bytes of marker stand before and after the text.
  const lines = modinfo.slice(16, -16).split('\n');
  const field = (name: string): readonly string[] | undefined =>
    lines.find((line) => line.startsWith(`${name}\t`))?.split('\t');
  const packagePath = field('path')?.[1];
  const module = field('mod');
  const buildMode = lines.find((line) => line.startsWith('build\t-buildmode='))?.slice('build\t-buildmode='.length);
  const pluginPath = findPluginPath(image);
  return {
    toolchain: version.text,
    ...(packagePath === undefined ? {} : { package: packagePath }),
    ...(module?.[1] === undefined ? {} : { module: { path: module[1], version: module[2] ?? '' } }),
    ...(buildMode === undefined ? {} : { buildMode }),
    ...(pluginPath === undefined ? {} : { pluginPath }),
  };
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

/** Text with its length before it as a varint. */
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

/** The package whose `main` a plugin exports; host and plugin alike have a package hash for it. */
function findPluginPath(image: ElfImage): string | undefined {
  const names = new Set(image.symbols.map((symbol) => symbol.name));
  for (const name of names) {
    if (!name.endsWith('.main') || name === 'runtime.main') continue;
    const path = name.slice(0, -'.main'.length);
    const plain = path.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    if (names.has(`go:link.pkghashbytes.${plain}`) || names.has(`go.link.pkghashbytes.${plain}`)) return path;
  }
  return undefined;
}
