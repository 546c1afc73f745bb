import type { AbbrevTable, AbbrevTables } from './abbrev.ts';
import { Cursor } from './cursor.ts';
import type { Contribution, PackageIndex } from './package.ts';
import * as UNIT_TYPE from './unit-type.ts';

/** The sections of one DWARF file, decompressed and relocated; empty arrays where a section is missing. */
export interface DwarfSections {
  readonly little: boolean;
  readonly info: Uint8Array;
  /** .debug_types of DWARF 4. */
  readonly types: Uint8Array;
  readonly abbrev: Uint8Array;
  readonly str: Uint8Array;
  readonly lineStr: Uint8Array;
  readonly strOffsets: Uint8Array;
  readonly addr: Uint8Array;
  readonly line: Uint8Array;
  /** .debug_ranges of DWARF 2 to 4. */
  readonly ranges: Uint8Array;
  readonly rnglists: Uint8Array;
  /** Of .dwp files. */
  readonly cuIndex: Uint8Array;
  readonly tuIndex: Uint8Array;
}

export type UnitKind = 'compile' | 'partial' | 'type' | 'skeleton' | 'split-compile' | 'split-type';

/**
 * A unit header (DWARF 5 section 7.5.1, DWARF 4 section 7.5.1.1). Offsets are in the unit's own section. All units have
 * all fields: objects of one shape are what the compiler of the engine is good at.
 */
export interface UnitHeader {
  readonly section: 'info' | 'types';
  readonly kind: UnitKind;
  readonly version: number;
  readonly dwarf64: boolean;
  readonly addressSize: number;
  /** Offset of the unit_length field. */
  readonly offset: number;
  /** Offset of the first entry. */
  readonly entries: number;
  /** Offset behind the last byte. */
  readonly end: number;
  readonly abbrevOffset: number;
  readonly abbrevs: AbbrevTable;
  /** Type units: the 64-bit signature, and the offset of the type's entry. */
  readonly signature: bigint | undefined;
  readonly typeOffset: number | undefined;
  /** Skeleton and split units of DWARF 5. */
  readonly dwoId: bigint | undefined;
  /** Units of a .dwp file. */
  readonly contribution: Contribution | undefined;
}

export interface UnitProblem {
  readonly section: 'info' | 'types';
  readonly offset: number;
  readonly message: string;
  /** Set when the unit was skipped because the gate does not know its form, not because it is broken. */
  readonly unsupported?: boolean;
  /** Set when there is more than is read. */
  readonly limit?: boolean;
}

/** More units than any program has; each costs memory. */
const MAX_UNITS = 500_000;
/** Problems that are kept; a file with more is no better known for them. */
export const MAX_PROBLEMS = 100;

function kindOf(unitType: number): UnitKind | undefined {
  switch (unitType) {
    case UNIT_TYPE.compile:
      return 'compile';
    case UNIT_TYPE.type:
      return 'type';
    case UNIT_TYPE.partial:
      return 'partial';
    case UNIT_TYPE.skeleton:
      return 'skeleton';
    case UNIT_TYPE.split_compile:
      return 'split-compile';
    case UNIT_TYPE.split_type:
      return 'split-type';
    default:
      return undefined;
  }
}

/** Reads all unit headers of a section; each broken or unknown one becomes a problem, and the rest is still read. */
export function readUnitHeaders(
  sections: DwarfSections,
  section: 'info' | 'types',
  tables: AbbrevTables,
  packageIndex?: PackageIndex,
): { readonly units: readonly UnitHeader[]; readonly problems: readonly UnitProblem[] } {
  const bytes = section === 'info' ? sections.info : sections.types;
  const units: UnitHeader[] = [];
  const problems: UnitProblem[] = [];
  const cursor = new Cursor(bytes, sections.little);
  const body = new Cursor(bytes, sections.little);
  while (!cursor.done) {
    const offset = cursor.offset;
    const problem = (message: string, more: { unsupported?: true; limit?: true } = {}): void => {
      if (problems.length < MAX_PROBLEMS) problems.push({ section, offset, message, ...more });
    };
    let length = cursor.u32();
    const dwarf64 = length === 0xffffffff;
    if (dwarf64) length = cursor.u64();
    else if (length >= 0xfffffff0) {
      problem('the unit has a reserved length');
      break;
    }
    const end = cursor.offset + length;
    if (cursor.failed || end > bytes.length) {
      problem('the unit reaches beyond the end of the section');
      break;
    }
    if (length === 0) continue;
    if (units.length >= MAX_UNITS) {
      problem(`there are more than ${MAX_UNITS} units; the rest was not read`, { limit: true });
      break;
    }
    const unit = readBody(
      body.move(cursor.offset, end),
      section,
      offset,
      dwarf64,
      tables,
      packageIndex?.contributionOf(section, offset),
    );
    if (typeof unit === 'string') problem(unit, unit.startsWith('version ') ? { unsupported: true } : {});
    else units.push(unit);
    cursor.offset = end;
  }
  return { units, problems };
}

function readBody(
  cursor: Cursor,
  section: 'info' | 'types',
  offset: number,
  dwarf64: boolean,
  tables: AbbrevTables,
  contribution: Contribution | undefined,
): UnitHeader | string {
  const version = cursor.u16();
  if (cursor.failed) return 'the unit header is cut off';
  if (version < 2 || version > 5) return `version ${version} of DWARF is not known`;
  let kind: UnitKind | undefined = section === 'types' ? 'type' : 'compile';
  let addressSize: number;
  let abbrevOffset: number;
  let dwoId: bigint | undefined;
  if (version >= 5) {
    kind = kindOf(cursor.u8());
    if (kind === undefined) return 'version 5 unit of an unknown type';
    addressSize = cursor.u8();
    abbrevOffset = cursor.sectionOffset(dwarf64);
    if (kind === 'skeleton' || kind === 'split-compile') dwoId = cursor.big64();
  } else {
    abbrevOffset = cursor.sectionOffset(dwarf64);
    addressSize = cursor.u8();
  }
  let signature: bigint | undefined;
  let typeOffset: number | undefined;
  if (kind === 'type' || kind === 'split-type') {
    signature = cursor.big64();
    typeOffset = offset + cursor.sectionOffset(dwarf64);
  }
  if (cursor.failed) return 'the unit header is cut off';
  if (addressSize !== 8 && addressSize !== 4 && addressSize !== 2)
    return `version ${version} unit with addresses of ${addressSize} bytes`;
  const abbrevs = tables.at(abbrevOffset + (contribution?.abbrev ?? 0));
  if (abbrevs === undefined) return 'the abbreviation table is missing or broken';
  const { offset: entries, end } = cursor;
  return {
    section,
    kind,
    version,
    dwarf64,
    addressSize,
    offset,
    entries,
    end,
    abbrevOffset,
    abbrevs,
    signature,
    typeOffset,
    dwoId,
    contribution,
  };
}
