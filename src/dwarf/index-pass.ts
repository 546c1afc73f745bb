import type { Abbrev } from './abbrev.ts';
import { AT, FORM, TAG } from './constants.ts';
import { Cursor } from './cursor.ts';
import { applySkipPlan, type SkipPlan, SLOT, SLOTS, skipPlan } from './skip-plan.ts';
import type { DwarfSections, UnitHeader, UnitProblem } from './unit.ts';

/**
 * What one pass over all units notes: the places of scopes, named types, functions and variables, as parallel arrays
 * in the order of the section. No object is made for an entry; attributes are decoded later, and only for those that
 * an export reaches. Places are offsets of attribute values in the section, 0 for absent ones (a unit header lies
 * at 0, so no attribute does).
 */
export interface DwarfIndex {
  readonly count: number;
  /** Offset of the entry. */
  readonly offset: Uint32Array;
  readonly tag: Uint16Array;
  /** Position in units. */
  readonly unit: Uint32Array;
  /** Index entry of the enclosing scope (namespace, record, subprogram), or -1 at the top. */
  readonly parent: Int32Array;
  /** For scopes: offset behind their last descendant; otherwise the offset behind the entry itself. */
  readonly end: Uint32Array;
  readonly name: Uint32Array;
  readonly linkageName: Uint32Array;
  readonly lowPc: Uint32Array;
  /** DW_AT_low_pc where it is given in DW_FORM_addr, NaN elsewhere. */
  readonly address: Float64Array;
  readonly location: Uint32Array;
  readonly ranges: Uint32Array;
  readonly specification: Uint32Array;
  /** 1 where DW_AT_declaration is present. */
  readonly declaration: Uint8Array;
  readonly problems: readonly UnitProblem[];
}

/** Sections above this size are refused: offsets are kept as 32-bit numbers. */
export const MAX_INFO_SIZE = 0xffff_ffff;

/** Nesting that no compiler makes; a hostile file that nests deeper ends in a problem. */
const MAX_DEPTH = 4096;

class Columns {
  count = 0;
  #capacity = 4096;
  offset = new Uint32Array(this.#capacity);
  tag = new Uint16Array(this.#capacity);
  unit = new Uint32Array(this.#capacity);
  parent = new Int32Array(this.#capacity);
  end = new Uint32Array(this.#capacity);
  name = new Uint32Array(this.#capacity);
  linkageName = new Uint32Array(this.#capacity);
  lowPc = new Uint32Array(this.#capacity);
  address = new Float64Array(this.#capacity);
  location = new Uint32Array(this.#capacity);
  ranges = new Uint32Array(this.#capacity);
  specification = new Uint32Array(this.#capacity);
  declaration = new Uint8Array(this.#capacity);

  add(offset: number, tag: number, unit: number, parent: number, slots: Float64Array, address: number): number {
    const at = this.count;
    if (at === this.#capacity) this.#grow();
    this.count = at + 1;
    this.offset[at] = offset;
    this.tag[at] = tag;
    this.unit[at] = unit;
    this.parent[at] = parent;
    this.name[at] = slots[SLOT.name] ?? 0;
    this.linkageName[at] = slots[SLOT.linkageName] ?? 0;
    this.lowPc[at] = slots[SLOT.lowPc] ?? 0;
    this.address[at] = address;
    this.location[at] = slots[SLOT.location] ?? 0;
    this.ranges[at] = slots[SLOT.ranges] ?? 0;
    this.specification[at] = slots[SLOT.specification] ?? 0;
    this.declaration[at] = slots[SLOT.declaration] === 0 ? 0 : 1;
    return at;
  }

  #grow(): void {
    this.#capacity *= 2;
    const wider = <T extends Uint32Array | Int32Array | Uint16Array | Uint8Array | Float64Array>(
      column: T,
      copy: T,
    ): T => {
      copy.set(column);
      return copy;
    };
    const size = this.#capacity;
    this.offset = wider(this.offset, new Uint32Array(size));
    this.tag = wider(this.tag, new Uint16Array(size));
    this.unit = wider(this.unit, new Uint32Array(size));
    this.parent = wider(this.parent, new Int32Array(size));
    this.end = wider(this.end, new Uint32Array(size));
    this.name = wider(this.name, new Uint32Array(size));
    this.linkageName = wider(this.linkageName, new Uint32Array(size));
    this.lowPc = wider(this.lowPc, new Uint32Array(size));
    this.address = wider(this.address, new Float64Array(size));
    this.location = wider(this.location, new Uint32Array(size));
    this.ranges = wider(this.ranges, new Uint32Array(size));
    this.specification = wider(this.specification, new Uint32Array(size));
    this.declaration = wider(this.declaration, new Uint8Array(size));
  }
}

/** Whether the index keeps an entry of this tag. */
function isNoted(tag: number): boolean {
  switch (tag) {
    case TAG.namespace:
    case TAG.structure_type:
    case TAG.class_type:
    case TAG.union_type:
    case TAG.interface_type:
    case TAG.enumeration_type:
    case TAG.typedef:
    case TAG.subprogram:
    case TAG.variable:
    case TAG.imported_unit:
      return true;
    default:
      return false;
  }
}

/**
 * Whether types, functions or variables with linkage can lie below an entry of this tag. What lies inside a function
 * is reached only by reference, and such references are followed by offset.
 */
function isScope(tag: number): boolean {
  switch (tag) {
    case TAG.compile_unit:
    case TAG.partial_unit:
    case TAG.type_unit:
    case TAG.skeleton_unit:
    case TAG.namespace:
    case TAG.structure_type:
    case TAG.class_type:
    case TAG.union_type:
    case TAG.interface_type:
      return true;
    default:
      return false;
  }
}

interface Planned {
  readonly abbrev: Abbrev;
  readonly plan: SkipPlan;
  readonly noted: boolean;
  readonly scope: boolean;
  /** DW_AT_low_pc is there, as DW_FORM_addr. */
  readonly plainLowPc: boolean;
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
  const slots = new Float64Array(SLOTS);
  const plansByTable = new Map<unknown, Map<number, (Planned | undefined)[]>>();
  const plansOf = (unit: UnitHeader): (Planned | undefined)[] => {
    let byFormat = plansByTable.get(unit.abbrevs);
    if (byFormat === undefined) {
      byFormat = new Map();
      plansByTable.set(unit.abbrevs, byFormat);
    }
    const key = unit.addressSize * 4 + (unit.dwarf64 ? 2 : 0) + (unit.version <= 2 ? 1 : 0);
    let plans = byFormat.get(key);
    if (plans === undefined) {
      plans = [];
      byFormat.set(key, plans);
    }
    return plans;
  };
  units.forEach((unit, unitAt) => {
    const cursor = new Cursor(bytes, sections.little, unit.entries, unit.end);
    const message = walkUnit(cursor, unit, unitAt, plansOf(unit), columns, slots);
    if (message !== undefined) problems.push({ section, offset: unit.offset, message });
  });
  const { count } = columns;
  return {
    count,
    offset: columns.offset.subarray(0, count),
    tag: columns.tag.subarray(0, count),
    unit: columns.unit.subarray(0, count),
    parent: columns.parent.subarray(0, count),
    end: columns.end.subarray(0, count),
    name: columns.name.subarray(0, count),
    linkageName: columns.linkageName.subarray(0, count),
    lowPc: columns.lowPc.subarray(0, count),
    address: columns.address.subarray(0, count),
    location: columns.location.subarray(0, count),
    ranges: columns.ranges.subarray(0, count),
    specification: columns.specification.subarray(0, count),
    declaration: columns.declaration.subarray(0, count),
    problems,
  };
}

/** Plans above this code are compiled each time: codes so high come from hostile tables only. */
const MAX_CACHED_CODE = 65_536;

function walkUnit(
  cursor: Cursor,
  unit: UnitHeader,
  unitAt: number,
  plans: (Planned | undefined)[],
  columns: Columns,
  slots: Float64Array,
): string | undefined {
  // Index entries of the open scopes; -1 stands for entries that are open but not noted.
  const open: number[] = [];
  // Depth of the entry whose descendants are passed over, or 0.
  let passOver = 0;
  while (!cursor.done) {
    const offset = cursor.offset;
    const code = cursor.uleb();
    if (code === 0) {
      const closed = open.pop();
      if (closed === undefined) continue; // padding behind the unit's root entry
      if (closed >= 0) columns.end[closed] = cursor.offset;
      if (open.length < passOver) passOver = 0;
      continue;
    }
    let planned = plans[code];
    if (planned === undefined) {
      const abbrev = unit.abbrevs.get(code);
      if (abbrev === undefined) return `entry at 0x${offset.toString(16)} uses the undeclared abbreviation ${code}`;
      const noted = isNoted(abbrev.tag);
      planned = {
        abbrev,
        plan: skipPlan(abbrev, unit, noted),
        noted,
        scope: isScope(abbrev.tag),
        plainLowPc: abbrev.forms[abbrev.attributes.indexOf(AT.low_pc)] === FORM.addr,
      };
      if (code < MAX_CACHED_CODE) plans[code] = planned;
    }
    const { abbrev, plan, noted, scope } = planned;
    const wanted = noted && passOver === 0;
    if (wanted || abbrev.sibling >= 0) slots.fill(0);
    applySkipPlan(plan, cursor, unit, slots);
    if (cursor.failed) return `entry at 0x${offset.toString(16)} runs over the end of its unit or uses an unknown form`;
    let entry = -1;
    if (wanted) {
      const address = planned.plainLowPc ? addressAt(cursor, unit, slots[SLOT.lowPc] ?? 0) : Number.NaN;
      entry = columns.add(offset, abbrev.tag, unitAt, innermost(open), slots, address);
      columns.end[entry] = cursor.offset;
    }
    if (!abbrev.children) continue;
    if (!scope && abbrev.sibling >= 0) {
      const sibling = siblingOffset(cursor, unit, abbrev, slots[SLOT.sibling] ?? 0);
      // Only forwards and inside the unit: anything else would be a loop or nonsense, so walk the children instead.
      if (sibling > cursor.offset && sibling <= unit.end) {
        cursor.offset = sibling;
        if (entry >= 0) columns.end[entry] = sibling;
        continue;
      }
    }
    open.push(entry);
    if (open.length > MAX_DEPTH) return `entries nest deeper than ${MAX_DEPTH}`;
    if (!scope && passOver === 0) passOver = open.length;
  }
  return undefined;
}

function addressAt(cursor: Cursor, unit: UnitHeader, place: number): number {
  const resume = cursor.offset;
  cursor.offset = place;
  const address = cursor.address(unit.addressSize);
  cursor.offset = resume;
  return address;
}

function innermost(open: readonly number[]): number {
  for (let at = open.length - 1; at >= 0; at -= 1) {
    const entry = open[at] ?? -1;
    if (entry >= 0) return entry;
  }
  return -1;
}

function siblingOffset(cursor: Cursor, unit: UnitHeader, abbrev: Abbrev, place: number): number {
  const resume = cursor.offset;
  cursor.offset = place;
  const form = abbrev.forms[abbrev.sibling] ?? 0;
  let relative = 0;
  if (form === FORM.ref4) relative = cursor.u32();
  else if (form === FORM.ref2) relative = cursor.u16();
  else if (form === FORM.ref1) relative = cursor.u8();
  else if (form === FORM.ref_udata) relative = cursor.uleb();
  cursor.offset = resume;
  return relative === 0 ? 0 : unit.offset + relative;
}
