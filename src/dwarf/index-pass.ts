import { Cursor } from './cursor.ts';
import * as FORM from './form.ts';
import { PlacedColumns, ScopeColumns, UnplacedColumns } from './index-columns.ts';
import { behindValues, formatKey, type Layout, layoutOf, valueOffset } from './layout.ts';
import * as TAG from './tag.ts';
import { type DwarfSections, MAX_PROBLEMS, type UnitHeader, type UnitProblem } from './unit.ts';

/** Scopes and named types, as parallel arrays in the order of the section; only the first `count` rows count. */
export interface ScopeIndex {
  readonly count: number;
  /** Offset of the entry. */
  readonly offset: Uint32Array;
  readonly tag: Uint16Array;
  /** Position in units. */
  readonly unit: Uint32Array;
  /** Position of the enclosing scope, or -1 at the top. */
  readonly parent: Int32Array;
  /** Offset behind the last descendant, or behind the entry where it has none. */
  readonly end: Uint32Array;
  /** 1 where DW_AT_declaration is present. */
  readonly declaration: Uint8Array;
  /** Offset in .debug_str of the name of a type that is defined here; {@link NO_NAME} or {@link OTHER_NAME}. */
  readonly name: Uint32Array;
}

/** Functions with code and variables with a place, as parallel arrays in the order of the section. */
export interface PlacedIndex {
  readonly count: number;
  readonly offset: Uint32Array;
  readonly unit: Uint32Array;
  /** 1 for functions, 0 for variables. */
  readonly code: Uint8Array;
  /** DW_AT_low_pc where it is given in DW_FORM_addr, NaN elsewhere. */
  readonly address: Float64Array;
}

/** Functions without code: declarations, and those that were made into another one. */
export interface UnplacedIndex {
  readonly count: number;
  readonly offset: Uint32Array;
  readonly unit: Uint32Array;
  /** Offset in .debug_str of the linkage name, else of the name; {@link NO_NAME} or {@link OTHER_NAME}. */
  readonly name: Uint32Array;
}

export const NO_NAME = 0xffff_ffff;
/** The name is given in another form than DW_FORM_strp. */
export const OTHER_NAME = 0xffff_fffe;

/**
 * What one pass over all units notes. No object is made for an entry; attributes are decoded later, and only for those
 * that an export reaches. Variables without a place, members and parameters are not noted.
 */
export interface DwarfIndex {
  readonly scopes: ScopeIndex;
  readonly placed: PlacedIndex;
  readonly unplaced: UnplacedIndex;
  /** Offsets of DW_TAG_imported_unit entries, and the position of the unit that each is in. */
  readonly imports: readonly { readonly offset: number; readonly unit: number }[];
  readonly problems: readonly UnitProblem[];
}

/** Nesting that no compiler makes; a hostile file that nests deeper ends in a problem. */
const MAX_DEPTH = 1024;
/** Entries that are noted at the most, of each kind. */
const MAX_NOTED = 4_000_000;
const MAX_IMPORTS = 1_000_000;

class Columns {
  readonly scopes = new ScopeColumns();
  readonly placed = new PlacedColumns();
  readonly unplaced = new UnplacedColumns();
  readonly imports: { readonly offset: number; readonly unit: number }[] = [];
}

/** What to do with an entry, by its tag. */
const ROLE = { none: 0, container: 1, scope: 2, type: 3, function: 4, variable: 5, import: 6 } as const;

function roleOf(tag: number): number {
  switch (tag) {
    case TAG.compile_unit:
    case TAG.partial_unit:
    case TAG.type_unit:
    case TAG.skeleton_unit:
      return ROLE.container;
    case TAG.namespace:
    case TAG.structure_type:
    case TAG.class_type:
    case TAG.union_type:
    case TAG.interface_type:
      return ROLE.scope;
    case TAG.enumeration_type:
      return ROLE.type;
    case TAG.subprogram:
      return ROLE.function;
    case TAG.variable:
      return ROLE.variable;
    case TAG.imported_unit:
      return ROLE.import;
    default:
      return ROLE.none;
  }
}

/** One pass over all entries of the units of one section. Broken units are reported and the rest is read. */
export function indexUnits(
  sections: DwarfSections,
  section: 'info' | 'types',
  units: readonly UnitHeader[],
): DwarfIndex {
  const bytes = section === 'info' ? sections.info : sections.types;
  const columns = new Columns();
  const problems: UnitProblem[] = [];
  const cursor = new Cursor(bytes, sections.little);
  for (let at = 0; at < units.length; at += 1) {
    const unit = units[at];
    if (unit === undefined) break;
    const open: number[] = [];
    const problem = walkUnit(cursor, unit, at, columns, open);
    for (const scope of open) if (scope >= 0) columns.scopes.end[scope] = unit.end;
    if (problem !== undefined && problems.length < MAX_PROBLEMS)
      problems.push({ section, offset: unit.offset, ...problem });
    if (problem?.limit === true) break;
  }
  return { ...columns, problems };
}

/**
 * @param open receives the open entries, outermost first: their position among the scopes, -1 for others
 */
function walkUnit(
  cursor: Cursor,
  unit: UnitHeader,
  unitAt: number,
  columns: Columns,
  open: number[],
): { readonly message: string; readonly limit?: true } | undefined {
  const { bytes, little } = cursor;
  const { end, abbrevs } = unit;
  const format = formatKey(unit);
  const { scopes, placed, unplaced } = columns;
  let parent = -1;
  // Depth of the entry whose descendants are passed over, or 0.
  let passOver = 0;
  let at = unit.entries;
  while (at < end) {
    const offset = at;
    let code = bytes[at++] ?? 0;
    if (code === 0) {
      const closed = open.pop();
      if (closed === undefined) continue; // padding behind the unit's root entry
      if (closed >= 0) {
        scopes.end[closed] = at;
        parent = scopes.parent[closed] ?? -1;
      }
      if (open.length < passOver) passOver = 0;
      continue;
    }
    if (code >= 0x80) {
      code = cursor.move(offset, end).uleb();
      at = cursor.offset;
    }
    const abbrev = abbrevs.get(code);
    if (abbrev === undefined)
      return { message: `entry at 0x${offset.toString(16)} uses the undeclared abbreviation ${code}` };
    const layout = abbrev.layouts[format] ?? layoutOf(abbrev, unit);
    const values = at;
    at = layout.size >= 0 ? at + layout.size : behindValues(layout, bytes, little, at, end, unit);
    if (at < 0 || at > end)
      return {
        message: `entry at 0x${offset.toString(16)} runs over the end of its unit or uses an unknown form`,
      };
    const { children } = layout;
    let noted = -1;
    let walk = false;
    if (passOver === 0) {
      const role = roleOf(layout.tag);
      if (role === ROLE.none) {
        // Nothing that is wanted can lie below.
      } else if (role === ROLE.container) walk = true;
      else if (role === ROLE.import) {
        if (columns.imports.length < MAX_IMPORTS) columns.imports.push({ offset, unit: unitAt });
      } else {
        const declared = layout.declaration >= 0;
        if ((role === ROLE.function || role === ROLE.variable) && layout.placed && !declared) {
          let address = Number.NaN;
          if (layout.plainLowPc) {
            const place = valueOffset(layout, layout.lowPc, bytes, little, values, end, unit);
            address = cursor.move(place, end).address(unit.addressSize);
          }
          placed.add(offset, unitAt, role === ROLE.function ? 1 : 0, address);
          if (placed.count >= MAX_NOTED)
            return { message: `there are more than ${MAX_NOTED} functions and variables`, limit: true };
        } else if (role === ROLE.function) {
          unplaced.add(offset, unitAt, namePlace(cursor, unit, layout, layout.name, values));
          if (unplaced.count >= MAX_NOTED)
            return { message: `there are more than ${MAX_NOTED} declarations`, limit: true };
        }
        // A function is the scope of the types that are local to it; one without an own body has none.
        if (role !== ROLE.variable && (role !== ROLE.function || (children && !declared))) {
          const name = declared ? NO_NAME : namePlace(cursor, unit, layout, layout.plainName, values);
          noted = scopes.add(offset, layout.tag, unitAt, parent, at, declared ? 1 : 0, name);
          if (noted >= MAX_NOTED)
            return { message: `there are more than ${MAX_NOTED} types and functions`, limit: true };
        }
        walk = role === ROLE.scope;
      }
    }
    if (!children) continue;
    if (!walk && layout.sibling >= 0) {
      const sibling = siblingOffset(cursor, unit, layout, values);
      // Only forwards and inside the unit: anything else would be a loop or nonsense, so walk the children instead.
      if (sibling > at && sibling <= end) {
        at = sibling;
        if (noted >= 0) scopes.end[noted] = sibling;
        continue;
      }
    }
    open.push(noted);
    if (noted >= 0) parent = noted;
    if (open.length > MAX_DEPTH) return { message: `entries nest deeper than ${MAX_DEPTH}` };
    if (!walk && passOver === 0) passOver = open.length;
  }
  return undefined;
}

/** Offset in .debug_str of the string at a position; {@link NO_NAME} or {@link OTHER_NAME}. */
function namePlace(cursor: Cursor, unit: UnitHeader, layout: Layout, position: number, values: number): number {
  if (position < 0) return NO_NAME;
  if (layout.abbrev.forms[position] !== FORM.strp || unit.dwarf64) return OTHER_NAME;
  const place = valueOffset(layout, position, cursor.bytes, cursor.little, values, unit.end, unit);
  return cursor.move(place, unit.end).u32();
}

/** Where DW_AT_sibling leads, or -1. */
export function siblingOffset(cursor: Cursor, unit: UnitHeader, layout: Layout, values: number): number {
  const place = valueOffset(layout, layout.sibling, cursor.bytes, cursor.little, values, unit.end, unit);
  cursor.move(place, unit.end);
  switch (layout.abbrev.forms[layout.sibling]) {
    case FORM.ref4:
      return unit.offset + cursor.u32();
    case FORM.ref2:
      return unit.offset + cursor.u16();
    case FORM.ref1:
      return unit.offset + cursor.u8();
    case FORM.ref8:
      return unit.offset + cursor.u64();
    case FORM.ref_udata:
      return unit.offset + cursor.uleb();
    default:
      return -1;
  }
}
