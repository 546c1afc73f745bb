import * as elfy from 'elfy';
import { type HeaderReading, readableEntries } from './header.ts';
import type { Section } from './model.ts';
import type { Problems } from './problems.ts';
import { readSectionHeader, type SectionHeader, SHT, sectionHeaderSize } from './sections.ts';
import { StringTable } from './strings.ts';

/**
 * elfy resolves each name byte by byte up to the next zero byte, so a table without one costs sections times size.
 * 4 million steps take it some 20 ms; real files have some thousand.
 */
const MOST_STEPS = 4_000_000;

/** More sections than any linker makes for a shared object; a count from a hostile header can be 2^32. */
const MOST_SECTIONS = 300_000;

/**
 * Reads the section headers. elfy 1.0.0 reads them where it is right and safe to ask it; its faults are worked around:
 * it reads 64-bit alignment and entry size at wrong offsets, folds flags and types into names, and throws where there are no
 * section headers, a count of 0 or extended numbering. So type, flags, alignment and entry size are always ours, and
 * everything is ours where the guard says no.
 * @param by `plain` to do without elfy, which looks at names byte by byte
 */
export function readSections(
  file: HeaderReading,
  problems: Problems,
  by: 'elfy' | 'plain' = 'elfy',
): readonly Section[] {
  const { bytes, sections: table } = file;
  const size = sectionHeaderSize(bytes);
  const readable = readableEntries(bytes, table, size, 'section', problems);
  if (readable > MOST_SECTIONS)
    problems.malformed(`The file has ${readable} sections; the first ${MOST_SECTIONS} were read.`);
  const count = Math.min(readable, MOST_SECTIONS);
  if (count === 0) return [];

  const headers: SectionHeader[] = [];
  for (let index = 0; index < count; index++) headers.push(readSectionHeader(bytes, table.offset + index * size));

  const byElfy = by === 'elfy' && elfyCanRead(file, headers) ? askElfy(file) : undefined;
  if (byElfy !== undefined && byElfy.length === count) {
    return headers.map((own, index): Section => {
      const seen = byElfy[index];
      if (seen === undefined) return { ...own, name: '', index };
      const { addr: address, off: offset, size, link, info } = seen;
      return { ...own, name: seen.name, index, address, offset, size, link, info };
    });
  }
  return headers.map((own, index): Section => ({ ...own, name: '', index })).map(namer(file, headers, problems));
}

/** elfy's view of the section headers, undefined where it gives up. */
function askElfy(file: HeaderReading): readonly elfy.ElfySection[] | undefined {
  try {
    return elfy.parse(file.bytes.whole()).body.sections;
  } catch {
    return undefined;
  }
}

function elfyCanRead(file: HeaderReading, headers: readonly SectionHeader[]): boolean {
  const { bytes, programs, sections, nameSection, extended } = file;
  if (extended || headers.length !== sections.count) return false;
  // elfy cuts values above 2^53 without a word, and reads names as UTF-8 where the format has bytes.
  if (headers.some((header) => !bytes.has(header.offset, header.typeCode === SHT.NOBITS ? 0 : header.size)))
    return false;
  if (programs.count > 0 && !bytes.has(programs.offset, programs.count * programs.entrySize)) return false;
  if (programs.count > 0 && programs.entrySize !== (bytes.wide ? 56 : 32)) return false;
  const names = headers[nameSection];
  if (names === undefined || names.typeCode !== SHT.STRTAB) return false;
  if (names.size * headers.length > MOST_STEPS) return false;
  // A name outside its table is empty to elfy, and a fault of the file to us.
  if (headers.some((header) => header.nameOffset >= names.size)) return false;
  // elfy sees the buffer itself, so what it reads must have been fetched before.
  bytes.range(programs.offset, programs.count * programs.entrySize);
  const text = bytes.latin1(names.offset, names.size);
  return text.endsWith('\0') && !/[\x80-\xff]/.test(text);
}

function namer(
  file: HeaderReading,
  headers: readonly SectionHeader[],
  problems: Problems,
): (section: Section) => Section {
  const names = headers[file.nameSection];
  if (names === undefined || names.typeCode !== SHT.STRTAB) {
    if (file.nameSection !== 0) problems.malformed(`Section ${file.nameSection} does not hold the section names.`);
    return (section) => section;
  }
  const table = new StringTable(file.bytes, names.offset, names.size);
  return (section) => {
    const name = table.at(headers[section.index]?.nameOffset ?? 0);
    if (table.damaged) problems.malformed('A section name lies outside the table of section names.', names.offset);
    return { ...section, name };
  };
}
