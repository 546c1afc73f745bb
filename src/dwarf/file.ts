import { AT, TAG } from './constants.ts';
import { Cursor, stringAt } from './cursor.ts';
import { type Entry, readEntry, sectionBytes, unitAt } from './entry.ts';
import { type DwarfIndex, indexUnits } from './index-pass.ts';
import { type DwarfSections, readUnitHeaders, type UnitHeader, type UnitProblem } from './unit.ts';
import type { AttributeValue } from './value.ts';

/** An entry together with the file that it is in: dwz and split DWARF spread one program over several files. */
export interface Die extends Entry {
  readonly file: DwarfFile;
}

/** Bases of a unit's indexed forms (DWARF 5 section 3.1.3). */
interface UnitBases {
  readonly strOffsets: number;
  readonly addr: number;
}

/** Longest chain of siblings that is followed below one entry. */
const MAX_CHILDREN = 2_000_000;

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
  /** For split units: their addresses and their base are in the file with the skeletons. */
  readonly skeletons: DwarfFile | undefined;
  readonly problems: UnitProblem[] = [];
  #infoIndex: DwarfIndex | undefined;
  #typesIndex: DwarfIndex | undefined;
  #bySignature: Map<bigint, UnitHeader> | undefined;
  readonly #bases = new Map<UnitHeader, UnitBases>();

  constructor(sections: DwarfSections, links: { alt?: DwarfFile; skeletons?: DwarfFile } = {}) {
    this.sections = sections;
    this.alt = links.alt;
    this.skeletons = links.skeletons;
    const info = readUnitHeaders(sections, 'info');
    const types = readUnitHeaders(sections, 'types');
    this.units = info.units;
    this.typeUnits = types.units;
    this.problems.push(...info.problems, ...types.problems);
  }

  /** The index of a section, made on first use. */
  index(section: 'info' | 'types' = 'info'): DwarfIndex {
    const known = section === 'info' ? this.#infoIndex : this.#typesIndex;
    if (known !== undefined) return known;
    const made = indexUnits(this.sections, section, section === 'info' ? this.units : this.typeUnits);
    this.problems.push(...made.problems);
    if (section === 'info') this.#infoIndex = made;
    else this.#typesIndex = made;
    return made;
  }

  entryAt(unit: UnitHeader, offset: number): Die | undefined {
    const entry = readEntry(this.sections, unit, offset);
    return entry === undefined || entry === 'null' ? undefined : { ...entry, file: this };
  }

  root(unit: UnitHeader): Die | undefined {
    return this.entryAt(unit, unit.entries);
  }

  /** The direct children, in their order. Stops at the first that cannot be read. */
  children(parent: Die): Die[] {
    const found: Die[] = [];
    if (!parent.hasChildren) return found;
    let offset = parent.next;
    for (let count = 0; count < MAX_CHILDREN; count += 1) {
      const entry = readEntry(this.sections, parent.unit, offset);
      if (entry === undefined || entry === 'null') break;
      found.push({ ...entry, file: this });
      const next = entry.hasChildren ? this.#behind(entry) : entry.next;
      if (next <= offset) break;
      offset = next;
    }
    return found;
  }

  /** Offset behind an entry's last descendant. */
  #behind(entry: Entry): number {
    const sibling = entry.attributes.get(AT.sibling);
    if (sibling?.kind === 'reference' && sibling.value >= entry.next && sibling.value <= entry.unit.end)
      return sibling.value;
    const cursor = new Cursor(
      sectionBytes(this.sections, entry.unit),
      this.sections.little,
      entry.next,
      entry.unit.end,
    );
    let depth = 1;
    while (depth > 0 && !cursor.done) {
      const below = readEntry(this.sections, entry.unit, cursor.offset);
      if (below === undefined) return entry.unit.end;
      if (below === 'null') {
        depth -= 1;
        cursor.skip(1);
      } else {
        if (below.hasChildren) depth += 1;
        cursor.offset = below.next;
      }
    }
    return cursor.offset;
  }

  /** The text of a string value, or undefined when it lies outside its section or in a file that is not there. */
  text(value: AttributeValue | undefined, unit: UnitHeader): string | undefined {
    if (value === undefined) return undefined;
    switch (value.kind) {
      case 'string':
        switch (value.section) {
          case 'inline':
            return stringAt(sectionBytes(this.sections, unit), value.value);
          case 'str':
            return stringAt(this.sections.str, value.value);
          case 'line-str':
            return stringAt(this.sections.lineStr, value.value);
          case 'alt':
            return this.alt === undefined ? undefined : stringAt(this.alt.sections.str, value.value);
        }
        return undefined;
      case 'string-index': {
        const width = unit.dwarf64 ? 8 : 4;
        const at = this.#basesOf(unit).strOffsets + value.value * width;
        if (at + width > this.sections.strOffsets.length) return undefined;
        const cursor = new Cursor(this.sections.strOffsets, this.sections.little, at);
        return stringAt(this.sections.str, cursor.sectionOffset(unit.dwarf64));
      }
      default:
        return undefined;
    }
  }

  name(die: Die): string | undefined {
    return this.text(die.attributes.get(AT.name), die.unit);
  }

  /** The address of an address value, through .debug_addr where it is an index. */
  address(value: AttributeValue | undefined, unit: UnitHeader): number | undefined {
    if (value?.kind === 'address') return value.value;
    if (value?.kind !== 'address-index') return undefined;
    return this.indexedAddress(value.value, unit);
  }

  indexedAddress(index: number, unit: UnitHeader): number | undefined {
    const holder = this.skeletons ?? this;
    const at = this.#basesOf(unit).addr + index * unit.addressSize;
    if (at + unit.addressSize > holder.sections.addr.length) return undefined;
    return new Cursor(holder.sections.addr, holder.sections.little, at).address(unit.addressSize);
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
        const target = this.alt === undefined ? undefined : unitAt(this.alt.units, value.value);
        return target === undefined ? undefined : this.alt?.entryAt(target, value.value);
      }
      case 'signature': {
        const target = this.#signatures().get(value.value);
        return target?.typeOffset === undefined ? undefined : this.entryAt(target, target.typeOffset);
      }
      default:
        return undefined;
    }
  }

  #signatures(): Map<bigint, UnitHeader> {
    if (this.#bySignature === undefined) {
      this.#bySignature = new Map();
      for (const unit of [...this.units, ...this.typeUnits]) {
        if (unit.signature !== undefined && !this.#bySignature.has(unit.signature))
          this.#bySignature.set(unit.signature, unit);
      }
    }
    return this.#bySignature;
  }

  #basesOf(unit: UnitHeader): UnitBases {
    let bases = this.#bases.get(unit);
    if (bases === undefined) {
      // Set first: reading the root's own attributes can ask for the bases again.
      const split = unit.kind === 'split-compile' || unit.kind === 'split-type' || this.skeletons !== undefined;
      const header = unit.version >= 5 ? (unit.dwarf64 ? 16 : 8) : 0;
      this.#bases.set(unit, { strOffsets: header, addr: unit.version >= 5 ? 8 : 0 });
      const root = this.root(unit);
      const strOffsets = root?.attributes.get(AT.str_offsets_base);
      const addr = root?.attributes.get(AT.addr_base) ?? root?.attributes.get(AT.GNU_addr_base);
      bases = {
        strOffsets: !split && strOffsets?.kind === 'section-offset' ? strOffsets.value : header,
        addr:
          addr?.kind === 'section-offset' ? addr.value : (this.#skeletonAddrBase(unit) ?? (unit.version >= 5 ? 8 : 0)),
      };
      this.#bases.set(unit, bases);
    }
    return bases;
  }

  #skeletonAddrBase(unit: UnitHeader): number | undefined {
    if (this.skeletons === undefined) return undefined;
    const id = dwoIdOf(this, unit);
    for (const skeleton of this.skeletons.units) {
      if (id !== undefined && dwoIdOf(this.skeletons, skeleton) === id) {
        const base = this.skeletons.root(skeleton)?.attributes;
        const value = base?.get(AT.addr_base) ?? base?.get(AT.GNU_addr_base);
        return value?.kind === 'section-offset' ? value.value : undefined;
      }
    }
    return undefined;
  }
}

/** The id that ties a skeleton to its split unit: in the header since DWARF 5, an attribute in GNU's DWARF 4 form. */
export function dwoIdOf(file: DwarfFile, unit: UnitHeader): bigint | undefined {
  if (unit.dwoId !== undefined) return unit.dwoId;
  const value = file.root(unit)?.attributes.get(AT.GNU_dwo_id);
  return value?.kind === 'constant' ? (value.big ?? BigInt(value.value)) : undefined;
}

/** Whether an entry opens a scope whose name is part of its children's names. */
export function isNamedScope(tag: number): boolean {
  switch (tag) {
    case TAG.namespace:
    case TAG.structure_type:
    case TAG.class_type:
    case TAG.union_type:
    case TAG.interface_type:
    case TAG.enumeration_type:
      return true;
    default:
      return false;
  }
}
