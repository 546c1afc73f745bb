import { readSections } from './container.ts';
import type { ElfBytes } from './cursor.ts';
import { readDebugPresence } from './debug.ts';
import { DT, type DynamicTable, describeDynamic, dynamicStrings, readDynamicTable } from './dynamic.ts';
import { type FindSymbols, symbolFinder } from './find.ts';
import { readFloors } from './floors.ts';
import { hasNxStack, readHardening } from './hardening.ts';
import { countSymbols, firstHashed } from './hash.ts';
import { type HeaderReading, LARGEST_FILE, readHeaderFrom } from './header.ts';
import { readInterpreter } from './interpreter.ts';
import type { ElfImage, ElfProblem, Hardening } from './model.ts';
import { readNotes } from './notes.ts';
import { Blocks, PagedBytes, type ReadAt } from './paged.ts';
import { Problems } from './problems.ts';
import { readRelocations } from './relocations.ts';
import { checkSections } from './sections.ts';
import { AddressMap, readSegments } from './segments.ts';
import { measure } from './sizes.ts';
import { readSymbols, readUndefined, type SymbolTable } from './symbols.ts';
import { readVersions } from './versions.ts';

/** A file whose large tables are read when somebody asks for them. */
export interface OpenElf {
  /** Its symbols, relocations and what follows from them are read at their first use. */
  readonly image: ElfImage;
  /** What was wrong with the parts that have been read so far. */
  readonly problems: readonly ElfProblem[];
  readonly bytes: ElfBytes;
  /** Absent where the file has no hash table, or one that cannot be read. */
  readonly find?: FindSymbols;
}

/**
 * Opens an ELF file for questions, at the cost of its headers and its dynamic section: for files with a hundred thousand symbols of
 * which some are asked for by name. The file must stay readable as long as it is asked. Unlike readElf this does not check that
 * everything in the symbol table can be found.
 * @param size of the file in bytes
 * @returns no `image` when it is no ELF file; `problems` says why
 */
export function openElf(size: number, read: ReadAt): OpenElf | { readonly problems: readonly ElfProblem[] } {
  const problems = new Problems();
  if (size > LARGEST_FILE) {
    problems.add('elf/unsupported', `The file has ${size} bytes; files of up to ${LARGEST_FILE} bytes are read.`);
    return { problems: problems.list };
  }
  const blocks = new Blocks(size, read);
  const header = readHeaderFrom((little, wide) => new PagedBytes(blocks, little, wide), problems);
  return header === undefined ? { problems: problems.list } : openParts(header, problems);
}

function openParts(file: HeaderReading, problems: Problems): OpenElf {
  const { bytes, header } = file;
  const { machineCode } = header;
  const segments = readSegments(bytes, file.programs, problems);
  const map = new AddressMap(segments, bytes.size);
  const table = readDynamicTable(bytes, segments, map, problems);
  const strings = dynamicStrings(bytes, table, map, problems);
  const dynamic = describeDynamic(table, strings, bytes.word);
  const versions = readVersions(bytes, table, map, strings, problems);
  const interpreter = readInterpreter(bytes, segments);
  const sections = once(() => {
    const found = readSections(file, problems, 'plain');
    checkSections(bytes, found, problems);
    return found;
  });
  const relocations = once(() => readRelocations(bytes, table, map, machineCode, problems));
  const symbolsAt = table.get(DT.SYMTAB) ?? -1;
  const room = { bytes, offset: map.offsetOf(symbolsAt) ?? 0, strings, versions, problems };
  const symbolTable = once((): SymbolTable => {
    const highest = () => relocations().highestSymbol;
    return { ...room, count: countSymbols(bytes, table, map, sections(), machineCode, highest, problems) };
  });
  const symbols = once(() => readSymbols(symbolTable()).defined);
  const missing = once(() => {
    // A library's references stand before its definitions, where the hash table begins. Those of a program may be hashed too
    // (the address of a function that is the program's own stub).
    const library = header.type === 'dyn' && interpreter === undefined;
    const first = library ? firstHashed(bytes, table, map) : undefined;
    return readUndefined(first === undefined ? symbolTable() : { ...room, count: first });
  });
  const notes = once(() => readNotes(bytes, segments, sections(), machineCode, problems));
  // Chains of the hash table have ends of their own; counting all symbols would read it whole.
  const most = Math.floor(map.roomAt(symbolsAt) / (bytes.wide ? 24 : 16));
  const find = symbolFinder({ ...room, count: most }, table, map, machineCode);
  const hardening = once(() =>
    readHardening({
      header,
      segments,
      table,
      dynamic,
      notes: notes(),
      relocations: relocations(),
      defined: symbols(),
      undefined: missing(),
    }),
  );
  const floors = once(() => readFloors(dynamic, versions.needed, missing(), hasRelr(table)));
  const debug = once(() => readDebugPresence(bytes, sections()));
  const image: ElfImage = {
    header,
    segments,
    dynamic,
    ...(interpreter === undefined ? {} : { interpreter }),
    versions: { defined: versions.defined, needed: versions.needed },
    get sections() {
      return sections();
    },
    get symbols() {
      return symbols();
    },
    get undefined() {
      return missing();
    },
    get relocations() {
      const { highestSymbol: _, relr: __, ...rest } = relocations();
      return rest;
    },
    get notes() {
      return notes();
    },
    hardening: withCheapStack(hasNxStack(header, segments), hardening),
    get floors() {
      return floors();
    },
    get debug() {
      return debug();
    },
    get sizes() {
      return measure(bytes.size, segments, sections());
    },
  };
  return { image, problems: problems.list, bytes, ...(find === undefined ? {} : { find }) };
}

/** Whether the stack must be executable is asked of every file, and all else of hardening takes its symbols. */
function withCheapStack(nxStack: boolean, hardening: () => Hardening): Hardening {
  return {
    nxStack,
    get relro() {
      return hardening().relro;
    },
    get writableExecutable() {
      return hardening().writableExecutable;
    },
    get textRelocations() {
      return hardening().textRelocations;
    },
    get stackProtector() {
      return hardening().stackProtector;
    },
    get fortify() {
      return hardening().fortify;
    },
    get cet() {
      return hardening().cet;
    },
    get arm() {
      return hardening().arm;
    },
    get rpath() {
      return hardening().rpath;
    },
    get runpath() {
      return hardening().runpath;
    },
  };
}

function hasRelr(table: DynamicTable): boolean {
  return table.get(DT.RELR) !== undefined && (table.get(DT.RELRSZ) ?? 0) > 0;
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
