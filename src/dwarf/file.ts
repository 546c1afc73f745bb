import { AbbrevTables } from './abbrev.ts';
import * as AT from './at.ts';
import { Cursor } from './cursor.ts';
import { Die, unitAt } from './entry.ts';
import { type DwarfIndex, indexUnits, siblingOffset } from './index-pass.ts';
import { behindValues, formatKey, type Layout, layoutOf } from './layout.ts';
import { PackageIndex } from './package.ts';
import { DwarfProgram, type UnitPlace } from './program.ts';
import { type NameFilter, StringSection } from './strings.ts';
import { type DwarfSections, MAX_PROBLEMS, readUnitHeaders, type UnitHeader, type UnitProblem } from './unit.ts';
import type { AttributeValue } from './value.ts';

export { Die } from './entry.ts';

/** Sections that hold strings; `alt` is .debug_str of the alternate file. */
export type StringPlace = 'info' | 'types' | 'str' | 'line' | 'line-str' | 'alt';

/** Bases of a unit's indexed forms (DWARF 5 section 3.1.3). */
interface UnitBases {
  readonly strOffsets: number;
  readonly addr: number;
}

/**
 * Entries that are read at the most, for each byte of the sections: one file is read for several purposes, but none of
 * them reads everything many times over. A hostile file that makes the readers go in circles ends here.
 */
const READS = 4;
const SLACK = 1_000_000;
const MOST_READS = 60_000_000;
/** Members of a struct and the like, as many as are read: the largest that people write have thousands. */
export const MOST_CHILDREN = 100_000;
const FAMILIES = 4;
const NO_CHILDREN: readonly Die[] = [];

/**
 * The debugging information of one file. Reads lazily: the constructor reads unit headers, {@link index} makes one
 * pass, and entries are decoded when asked for. Nothing here throws for a malformed file: what cannot be read is
 * undefined, and `problems` says what was met.
 */
export class DwarfFile {
  readonly sections: DwarfSections;
  readonly units: readonly UnitHeader[];
  readonly typeUnits: readonly UnitHeader[];
  /** .gnu_debugaltlink or .debug_sup file, when there is one and it was found. */
  readonly alt: DwarfFile | undefined;
  /** This is a .dwo or .dwp file: addresses, and some bases, are in the file with the skeletons. */
  readonly split: boolean;
  /** All files that describe the same program. */
  readonly program: DwarfProgram;
  readonly problems: UnitProblem[] = [];
  readonly #info: Cursor;
  readonly #types: Cursor;
  readonly #strings: Readonly<Record<Exclude<StringPlace, 'alt'>, StringSection>>;
  #infoIndex: DwarfIndex | undefined;
  #typesIndex: DwarfIndex | undefined;
  #bySignature: Map<bigint, UnitHeader> | undefined;
  readonly #bases = new Map<UnitHeader, UnitBases>();
  /** Ends of entries with children that have no DW_AT_sibling, as far as they were met. */
  readonly #ends = { info: new Map<number, number>(), types: new Map<number, number>() };
  #reads: number;
  /** The children that were read last: one reader asks for the same ones several times in a row. */
  readonly #families: { readonly parent: Die; readonly children: readonly Die[] }[] = [];
  #oldestFamily = 0;

  /** @param links `join: false` leaves it to the caller to add the file to its program */
  constructor(
    sections: DwarfSections,
    links: { alt?: DwarfFile; split?: boolean; program?: DwarfProgram; join?: boolean } = {},
  ) {
    const { little } = sections;
    this.sections = sections;
    this.alt = links.alt;
    this.split = links.split ?? false;
    this.program = links.program ?? new DwarfProgram();
    this.#info = new Cursor(sections.info, little);
    this.#types = new Cursor(sections.types, little);
    this.#strings = {
      info: new StringSection(sections.info),
      types: new StringSection(sections.types),
      str: new StringSection(sections.str),
      line: new StringSection(sections.line),
      'line-str': new StringSection(sections.lineStr),
    };
    this.#reads = Math.min(SLACK + READS * (sections.info.length + sections.types.length), MOST_READS);
    const tables = new AbbrevTables(sections.abbrev);
    const packageIndex = PackageIndex.of(sections);
    const info = readUnitHeaders(sections, 'info', tables, packageIndex);
    const types = readUnitHeaders(sections, 'types', tables, packageIndex);
    this.units = info.units;
    this.typeUnits = types.units;
    this.problems.push(...info.problems, ...types.problems);
    for (const message of packageIndex?.problems ?? []) this.#problem({ section: 'info', offset: 0, message });
    if (links.join !== false) this.program.files.push(this);
  }

  #problem(problem: UnitProblem): void {
    // An entry can be read for several purposes.
    const known = this.problems.some(({ offset, message }) => offset === problem.offset && message === problem.message);
    if (!known && this.problems.length < MAX_PROBLEMS) this.problems.push(problem);
  }

  /** The index of a section, made on first use. */
  index(section: 'info' | 'types' = 'info'): DwarfIndex {
    const known = section === 'info' ? this.#infoIndex : this.#typesIndex;
    if (known !== undefined) return known;
    const made = indexUnits(this.sections, section, section === 'info' ? this.units : this.typeUnits);
    for (const problem of made.problems) this.#problem(problem);
    if (section === 'info') this.#infoIndex = made;
    else this.#typesIndex = made;
    return made;
  }

  /** The entry at an offset; undefined when there is none or it cannot be read whole. */
  entryAt(unit: UnitHeader, offset: number): Die | undefined {
    return this.#read(unit, offset) ?? undefined;
  }

  /** Null for a null entry. */
  #read(unit: UnitHeader, offset: number): Die | null | undefined {
    const cursor = unit.section === 'info' ? this.#info : this.#types;
    const { bytes, little } = cursor;
    if (!(offset >= unit.entries && offset < unit.end) || !this.#spend()) return undefined;
    let code = bytes[offset] ?? 0;
    if (code === 0) return null;
    let values = offset + 1;
    if (code >= 0x80) {
      code = cursor.move(offset, unit.end).uleb();
      values = cursor.offset;
    }
    const abbrev = unit.abbrevs.get(code);
    if (abbrev === undefined) return undefined;
    const layout = layoutOf(abbrev, unit);
    const next = layout.size >= 0 ? values + layout.size : behindValues(layout, bytes, little, values, unit.end, unit);
    return next < 0 || next > unit.end ? undefined : new Die(this, unit, offset, layout, values, next, cursor);
  }

  #spend(): boolean {
    this.#reads -= 1;
    if (this.#reads > 0) return true;
    if (this.#reads === 0) {
      const message = 'reading leads round in circles or to more entries than are read';
      this.#problem({ section: 'info', offset: 0, message, limit: true });
    }
    return false;
  }

  root(unit: UnitHeader): Die | undefined {
    return this.entryAt(unit, unit.entries);
  }

  /** The direct children, in their order. Stops at the first that cannot be read. */
  children(parent: Die): readonly Die[] {
    if (!parent.hasChildren) return NO_CHILDREN;
    for (let at = 0; at < this.#families.length; at += 1) {
      const family = this.#families[at];
      if (family?.parent === parent) return family.children;
    }
    const children = this.#readChildren(parent);
    this.#families[this.#oldestFamily] = { parent, children };
    this.#oldestFamily = (this.#oldestFamily + 1) % FAMILIES;
    return children;
  }

  /** The direct children that are wanted, by tag and attributes: of the others no object is made. */
  childrenWith(parent: Die, wanted: (layout: Layout) => boolean): readonly Die[] {
    return parent.hasChildren ? this.#readChildren(parent, wanted) : NO_CHILDREN;
  }

  #readChildren(parent: Die, wanted?: (layout: Layout) => boolean): readonly Die[] {
    const found: Die[] = [];
    const { unit } = parent;
    const cursor = unit.section === 'info' ? this.#info : this.#types;
    const { bytes, little } = cursor;
    const format = formatKey(unit);
    const { end } = unit;
    let offset = parent.next;
    while (offset < end) {
      if (this.#reads > 1) this.#reads -= 1;
      else if (!this.#spend()) break;
      let code = bytes[offset] ?? 0;
      if (code === 0) break;
      let values = offset + 1;
      if (code >= 0x80) {
        code = cursor.move(offset, unit.end).uleb();
        values = cursor.offset;
      }
      const abbrev = unit.abbrevs.get(code);
      if (abbrev === undefined) break;
      const layout = abbrev.layouts[format] ?? layoutOf(abbrev, unit);
      const next = layout.size >= 0 ? values + layout.size : behindValues(layout, bytes, little, values, end, unit);
      if (next < 0 || next > end) break;
      if (wanted === undefined || wanted(layout)) {
        if (found.length >= MOST_CHILDREN) {
          const message = `an entry has more than the ${MOST_CHILDREN} parts that are read`;
          this.#problem({ section: unit.section, offset: parent.offset, message, limit: true });
          break;
        }
        found.push(new Die(this, unit, offset, layout, values, next, cursor));
      }
      offset = layout.children ? this.#behind(unit, offset, layout, values, next) : next;
    }
    return found;
  }

  /** Offset behind an entry's last descendant. */
  endOf({ unit, offset, layout, values, next }: Die): number {
    return layout.children ? this.#behind(unit, offset, layout, values, next) : next;
  }

  #behind(unit: UnitHeader, offset: number, layout: Layout, values: number, next: number): number {
    const cursor = unit.section === 'info' ? this.#info : this.#types;
    if (layout.sibling >= 0) {
      const sibling = siblingOffset(cursor, unit, layout, values);
      if (sibling >= next && sibling <= unit.end) return sibling;
    }
    const ends = this.#ends[unit.section];
    const known = ends.get(offset);
    if (known !== undefined) return known;
    // Each entry below is passed once in all such walks, since the ends of all of them are kept.
    const open = [offset];
    let at = next;
    while (open.length > 0) {
      const below = this.#read(unit, at);
      if (below === undefined) {
        for (const offset of open) ends.set(offset, unit.end);
        return unit.end;
      }
      if (below === null) {
        at += 1;
        ends.set(open.pop() ?? 0, at);
      } else if (!below.hasChildren) at = below.next;
      else {
        const end = ends.get(below.offset);
        if (end === undefined) {
          open.push(below.offset);
          at = below.next;
        } else at = end;
      }
    }
    return at;
  }

  /** The text of a string value, or undefined when it lies outside its section or in a file that is not there. */
  text(value: AttributeValue | undefined, unit: UnitHeader): string | undefined {
    if (value === undefined) return undefined;
    switch (value.kind) {
      case 'string':
        return this.stringIn(value.section === 'inline' ? unit.section : value.section, value.value);
      case 'string-index':
        return this.indexedString(value.value, unit);
      default:
        return undefined;
    }
  }

  /** The string at an offset of a section. */
  stringIn(section: StringPlace, offset: number): string | undefined {
    if (section === 'alt') return this.alt?.stringIn('str', offset);
    const strings = this.#strings[section];
    const text = strings.at(offset);
    if (strings.exhausted && this.#reads > 0) {
      this.#reads = 0;
      const message = 'names overlap in more ways than are read';
      this.#problem({ section: 'info', offset: 0, message, limit: true });
    }
    return text;
  }

  /** Whether this is the string at an offset of .debug_str. */
  isString(offset: number, text: string): boolean {
    return this.#strings.str.is(offset, text);
  }

  /** Whether the string at an offset of .debug_str may be one of the names, without decoding it. */
  passes(filter: NameFilter, offset: number): boolean {
    return filter.passes(this.#strings.str, offset);
  }

  /** The string that an index into .debug_str_offsets leads to. */
  indexedString(index: number, unit: UnitHeader): string | undefined {
    const width = unit.dwarf64 ? 8 : 4;
    const at = this.#basesOf(unit).strOffsets + index * width;
    if (at + width > this.sections.strOffsets.length) return undefined;
    const cursor = new Cursor(this.sections.strOffsets, this.sections.little, at);
    return this.stringIn('str', cursor.sectionOffset(unit.dwarf64));
  }

  name(die: Die): string | undefined {
    return die.text(AT.name);
  }

  /** The address of an address value, through .debug_addr where it is an index. */
  address(value: AttributeValue | undefined, unit: UnitHeader): number | undefined {
    if (value?.kind === 'address') return value.value;
    if (value?.kind !== 'address-index') return undefined;
    return this.indexedAddress(value.value, unit);
  }

  indexedAddress(index: number, unit: UnitHeader): number | undefined {
    const skeleton = this.skeletonOf(unit);
    const { addr, little } = (skeleton?.file ?? this).sections;
    const base = skeleton === undefined ? this.#basesOf(unit) : skeleton.file.#basesOf(skeleton.unit);
    const at = base.addr + index * unit.addressSize;
    if (at + unit.addressSize > addr.length) return undefined;
    return new Cursor(addr, little, at).address(unit.addressSize);
  }

  /** For a unit of a .dwo or .dwp file: the skeleton that stands for it in the file itself. */
  skeletonOf(unit: UnitHeader): UnitPlace | undefined {
    return this.split ? this.program.skeleton(this.dwoId(unit)) : undefined;
  }

  /** The id that ties a skeleton to its split unit: in the header since DWARF 5, an attribute in GNU's DWARF 4 form. */
  dwoId(unit: UnitHeader): bigint | undefined {
    if (unit.dwoId !== undefined) return unit.dwoId;
    const value = unit.version < 5 ? this.root(unit)?.get(AT.GNU_dwo_id) : undefined;
    return value?.kind === 'constant' ? BigInt.asUintN(64, value.big ?? BigInt(value.value)) : undefined;
  }

  /** The entry that a reference leads to, in this file, its type units or the alternate file. */
  resolve(value: AttributeValue | undefined, unit: UnitHeader): Die | undefined {
    switch (value?.kind) {
      case 'reference':
        return this.entryAt(unit, value.value);
      case 'info-reference': {
        const target = unitAt(this.units, value.value);
        return target === undefined ? undefined : this.entryAt(target, value.value);
      }
      case 'alt-reference': {
        const { alt } = this;
        const target = alt === undefined ? undefined : unitAt(alt.units, value.value);
        return alt === undefined || target === undefined ? undefined : alt.entryAt(target, value.value);
      }
      case 'signature':
        return this.typeOfSignature(value.value) ?? this.program.typeOfSignature(value.value, this);
      default:
        return undefined;
    }
  }

  /** The type of the type unit with a signature, in this file. */
  typeOfSignature(signature: bigint): Die | undefined {
    if (this.#bySignature === undefined) {
      this.#bySignature = new Map();
      for (const units of [this.units, this.typeUnits]) {
        for (const unit of units) {
          if (unit.signature !== undefined && !this.#bySignature.has(unit.signature))
            this.#bySignature.set(unit.signature, unit);
        }
      }
    }
    const target = this.#bySignature.get(signature);
    return target?.typeOffset === undefined ? undefined : this.entryAt(target, target.typeOffset);
  }

  #basesOf(unit: UnitHeader): UnitBases {
    let bases = this.#bases.get(unit);
    if (bases === undefined) {
      const header = unit.version >= 5 ? (unit.dwarf64 ? 16 : 8) : 0;
      const root = this.root(unit);
      const strOffsets = root?.get(AT.str_offsets_base);
      const addr = root?.get(AT.addr_base) ?? root?.get(AT.GNU_addr_base);
      bases = {
        strOffsets:
          !this.split && strOffsets?.kind === 'section-offset'
            ? strOffsets.value
            : header + (unit.contribution?.strOffsets ?? 0),
        addr: addr?.kind === 'section-offset' ? addr.value : header,
      };
      this.#bases.set(unit, bases);
    }
    return bases;
  }
}
