import { readSections } from './container.ts';
import type { Fetch } from './cursor.ts';
import { readDebugPresence } from './debug.ts';
import { DT, describeDynamic, dynamicStrings, readDynamicTable } from './dynamic.ts';
import { readFloors } from './floors.ts';
import { readHardening } from './hardening.ts';
import { countSymbols } from './hash.ts';
import { type HeaderReading, LARGEST_FILE, readHeader } from './header.ts';
import { readInterpreter } from './interpreter.ts';
import { checkLookup } from './lookup.ts';
import type { ElfImage, ElfReading, Section, Segment } from './model.ts';
import { readNotes } from './notes.ts';
import { checkPlaces } from './places.ts';
import { Problems } from './problems.ts';
import { readRelocations } from './relocations.ts';
import { checkSections, SHT } from './sections.ts';
import { AddressMap, readSegments } from './segments.ts';
import { measure } from './sizes.ts';
import { readSymbols } from './symbols.ts';
import { readVersions } from './versions.ts';

/**
 * Reads an ELF file. Never throws for a bad file and never goes on for long: what is wrong is in `problems`, and an
 * image is there when the header could be read. Nothing is copied; only headers and the tables that the dynamic loader uses
 * are touched, so a large file costs what its symbol and relocation tables cost.
 * @param file the bytes of the file; not kept
 */
export function readElf(file: Uint8Array): ElfReading {
  if (file.length > LARGEST_FILE) return tooLarge(file.length);
  return readWith(file, undefined);
}

/**
 * As {@link readElf} on a file that is not in memory.
 * @param size of the file in bytes
 * @param read puts `length` bytes at `position` of the file to `offset` of the buffer and returns how many there were
 */
export function readElfLazily(
  size: number,
  read: (buffer: Uint8Array, offset: number, length: number, position: number) => number,
): ElfReading {
  if (size > LARGEST_FILE) return tooLarge(size);
  // Zeroed memory of this size is reserved, not used: the system gives a page when something is read into it.
  const buffer = new Uint8Array(size);
  return readWith(buffer, (offset, length) => {
    for (let done = 0; done < length; ) {
      const count = read(buffer, offset + done, length - done, offset + done);
      if (count <= 0) return;
      done += count;
    }
  });
}

function tooLarge(size: number): ElfReading {
  const message = `The file has ${size} bytes; files of up to ${LARGEST_FILE} bytes are read.`;
  return { problems: [{ rule: 'elf/unsupported', message }] };
}

function readWith(file: Uint8Array, fetch: Fetch | undefined): ElfReading {
  const problems = new Problems();
  const header = readHeader(file, problems, fetch);
  if (header === undefined) return { problems: problems.list };
  return { image: readImage(header, problems), problems: problems.list };
}

function readImage(file: HeaderReading, problems: Problems): ElfImage {
  const { bytes, header } = file;
  const { machineCode } = header;
  const segments = readSegments(bytes, file.programs, problems);
  const sections = readSections(file, problems);
  checkSections(bytes, sections, problems);
  checkForm(file, segments, sections, problems);

  const map = new AddressMap(segments, bytes.size);
  const table = readDynamicTable(bytes, segments, map, problems);
  const strings = dynamicStrings(bytes, table, map, problems);
  const dynamic = describeDynamic(table, strings, bytes.word);
  const versions = readVersions(bytes, table, map, strings, problems);
  const { highestSymbol, relr, ...relocations } = readRelocations(bytes, table, map, machineCode, problems);
  const count = countSymbols(bytes, table, map, sections, machineCode, () => highestSymbol, problems);
  const symbolsAt = map.offsetOf(table.get(DT.SYMTAB) ?? -1) ?? 0;
  const symbols = readSymbols({ bytes, offset: symbolsAt, count, strings, versions, problems });
  const { defined, indexes } = symbols;
  const entry = bytes.wide ? 24 : 16;
  const hashAt = (index: number): number => strings.gnuHashAt(bytes.u32(symbolsAt + index * entry));
  checkLookup(bytes, table, map, machineCode, { symbols: defined, indexes, hashAt, count }, problems);
  checkPlaces(symbols.defined, map, machineCode, problems);
  if (strings.damaged) problems.malformed('A name lies outside the table of dynamic strings (DT_STRTAB).');
  const notes = readNotes(bytes, segments, sections, machineCode, problems);
  const interpreter = readInterpreter(bytes, segments);
  return {
    header,
    segments,
    sections,
    dynamic,
    ...(interpreter === undefined ? {} : { interpreter }),
    symbols: symbols.defined,
    undefined: symbols.undefined,
    versions: { defined: versions.defined, needed: versions.needed },
    relocations,
    notes,
    hardening: readHardening({
      header,
      segments,
      table,
      dynamic,
      notes,
      relocations,
      defined: symbols.defined,
      undefined: symbols.undefined,
    }),
    floors: readFloors(dynamic, versions.needed, symbols.undefined, relr),
    debug: readDebugPresence(bytes, sections),
    sizes: measure(bytes.size, segments, sections),
  };
}

/** Forms of ELF that hold nothing to check: core dumps, and the debug half of a stripped file. */
function checkForm(
  { header }: HeaderReading,
  segments: readonly Segment[],
  sections: readonly Section[],
  problems: Problems,
): void {
  if (header.type === 'core') problems.add('elf/unsupported', 'This is a core dump, not a plugin.');
  const dynamic = sections.find((section) => section.name === '.dynamic');
  if (dynamic?.typeCode === SHT.NOBITS) {
    problems.add('elf/unsupported', 'This is a separate debug file: code, data and symbols were removed from it.');
  } else if ((header.type === 'dyn' || header.type === 'exec') && segments.length === 0) {
    problems.malformed('The file has no program headers, so no loader can map it.');
  }
}
