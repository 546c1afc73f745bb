/** A section as far as comparing files needs it. */
export interface ByteRange {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** Where two builds of the same source differ. */
export interface Difference {
  /** The first section with different bytes that is not just a consequence of others; absent without section headers. */
  readonly section?: string;
  /** Byte offset in the first file of the first difference in that section, or in the file. */
  readonly offset: number;
  /** All sections that differ, in file order, at most 30. */
  readonly sections: readonly string[];
  readonly sizes: readonly [number, number];
  /** The text at the first difference in each file, where it is text. */
  readonly texts?: readonly [string, string];
  /** What such a difference usually comes from, when the bytes show it. */
  readonly cause?: string;
}

/** Sections that differ because something else does: hashes over the file, and links to debug files. */
const CONSEQUENCES: ReadonlySet<string> = new Set(['.note.gnu.build-id', '.note.go.buildid', '.gnu_debuglink']);
const MAX_SECTIONS = 30;
const CONTEXT = 48;
const MIN_TEXT = 6;

/** Bytes around a difference, tested in this order; the first that fits names the cause. */
const CAUSES: readonly (readonly [RegExp, string])[] = [
  [/\d\d:\d\d:\d\d/, 'a time of day, as __TIME__ and timestamps in linker flags give'],
  [/(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d{4}/, 'a date, as __DATE__ gives'],
  [/20\d\d-[01]\d-[0-3]\d/, 'a date'],
  [
    /\bvcs\.(?:modified|revision|time)=/,
    'the state of the version control that Go records (-buildvcs=false leaves it out)',
  ],
  [
    /(?:^|[^\w/])\/(?:tmp|var\/tmp|home|root|build|github|__w)\/[\w./+-]+/,
    'a path of the build (-ffile-prefix-map, -trimpath)',
  ],
  [/\b1[6-9]\d{8}\b/, 'seconds since 1970, as `date +%s` gives'],
  [/_GLOBAL__|_ZN?\w*[0-9a-f]{16}|\.[0-9a-f]{8,}\b/, 'a random seed in a symbol name (-frandom-seed)'],
];

/**
 * Compares two files byte by byte, and by section where both have section headers.
 * @returns undefined when they are equal
 */
export function firstDifference(
  first: Uint8Array,
  second: Uint8Array,
  sectionsOf: (bytes: Uint8Array) => readonly ByteRange[],
): Difference | undefined {
  const offset = mismatch(first, second);
  if (offset === undefined) return undefined;
  const others = new Map(sectionsOf(second).map((section) => [section.name, section]));
  const differing: { readonly name: string; readonly at: number; readonly other: number }[] = [];
  for (const section of [...sectionsOf(first)].sort((a, b) => a.offset - b.offset)) {
    const other = others.get(section.name);
    others.delete(section.name);
    const at = other === undefined ? 0 : mismatch(slice(first, section), slice(second, other));
    if (at !== undefined) {
      differing.push({ name: section.name, at: section.offset + at, other: (other?.offset ?? section.offset) + at });
    }
  }
  const telling = differing.find(({ name }) => !CONSEQUENCES.has(name)) ?? differing[0];
  const cause = causeOf(first, second, telling === undefined ? [{ at: offset, other: offset }] : differing);
  const place = telling ?? { at: offset, other: offset };
  const texts = textsOf(around(first, place.at), around(second, place.other));
  return {
    ...(telling === undefined ? {} : { section: telling.name }),
    offset: telling?.at ?? offset,
    sections: [...differing.map(({ name }) => name), ...others.keys()].slice(0, MAX_SECTIONS),
    sizes: [first.length, second.length],
    ...(texts === undefined ? {} : { texts }),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** Offset of the first different byte; the shorter length when one is a beginning of the other. */
function mismatch(a: Uint8Array, b: Uint8Array): number | undefined {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index += 1) {
    if (a[index] !== b[index]) return index;
  }
  return a.length === b.length ? undefined : shared;
}

function slice(bytes: Uint8Array, { offset, size }: ByteRange): Uint8Array {
  return bytes.subarray(offset, offset + size);
}

function causeOf(
  first: Uint8Array,
  second: Uint8Array,
  places: readonly { readonly at: number; readonly other: number }[],
): string | undefined {
  const texts = places
    .slice(0, MAX_SECTIONS)
    .map(({ at, other }) => [around(first, at), around(second, other)] as const);
  for (const [pattern, cause] of CAUSES) {
    // In both, and not the same: text that happens to stand beside the difference is no cause.
    const shows = texts.some(([a, b]) => {
      const inFirst = pattern.exec(a)?.[0];
      const inSecond = pattern.exec(b)?.[0];
      return inFirst !== undefined && inSecond !== undefined && inFirst !== inSecond;
    });
    if (shows) return cause;
  }
  return undefined;
}

/** Only what is long enough to tell a person something. */
function textsOf(first: string, second: string): readonly [string, string] | undefined {
  return first.length >= MIN_TEXT && second.length >= MIN_TEXT ? [first, second] : undefined;
}

/** The text around an offset, up to the next byte that is not printable on either side. */
function around(bytes: Uint8Array, offset: number): string {
  let start = offset;
  while (start > 0 && offset - start < CONTEXT && isPrintable(bytes[start - 1])) start -= 1;
  let end = offset;
  while (end < bytes.length && end - offset < CONTEXT && isPrintable(bytes[end])) end += 1;
  return Buffer.from(bytes.subarray(start, end)).toString('latin1');
}

function isPrintable(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x20 && byte < 0x7f;
}
