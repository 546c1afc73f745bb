import * as AT from './at.ts';
import { Cursor } from './cursor.ts';
import * as FORM from './form.ts';
import type { Layout } from './layout.ts';

/** One declaration of .debug_abbrev (DWARF 5 section 7.5.3) without its code, attributes as parallel arrays. */
export interface Abbrev {
  readonly tag: number;
  readonly children: boolean;
  readonly attributes: readonly number[];
  readonly forms: readonly number[];
  /** Values of DW_FORM_implicit_const by position, 0 elsewhere; a bigint only where a double is not exact. */
  readonly implicit: readonly (number | bigint)[];
  /** Position of DW_AT_sibling, or -1. */
  readonly sibling: number;
  /** Position of each attribute below {@link COMMON_ATTRIBUTES}, plus 1; 0 for absent ones. */
  readonly positions: Uint8Array;
  /** How the values lie in units of each format, made when first needed; see layoutOf. */
  readonly layouts: (Layout | undefined)[];
}

/** Declarations by code. Codes are mostly 1, 2, 3, ... and index an array; stray ones are in a map. */
export class AbbrevTable {
  readonly #dense: (Abbrev | undefined)[] = [undefined];
  readonly #sparse = new Map<number, Abbrev>();

  /** Of two declarations of one code the first counts. */
  add(code: number, abbrev: Abbrev): void {
    const dense = this.#dense;
    if (code === dense.length) dense.push(abbrev);
    else if (code > dense.length && !this.#sparse.has(code)) this.#sparse.set(code, abbrev);
  }

  get(code: number): Abbrev | undefined {
    const dense = this.#dense;
    return code < dense.length ? dense[code] : this.#sparse.get(code);
  }
}

interface Known {
  readonly start: number;
  readonly length: number;
  readonly abbrev: Abbrev;
}

/** Bytes of tables that are scanned, for each byte of the section: real tables are shared whole or lie side by side. */
const OVERLAP = 4;
const SLACK = 1 << 16;

/**
 * The tables of a .debug_abbrev section. Compilers write a table for each unit, with mostly the same declarations: equal ones
 * become one object, recognised by a hash that the scan makes along the way.
 */
export class AbbrevTables {
  readonly #section: Uint8Array;
  readonly #tables = new Map<number, AbbrevTable | undefined>();
  readonly #known = new Map<number, Known[]>();
  #budget: number;

  constructor(section: Uint8Array) {
    this.#section = section;
    this.#budget = section.length * OVERLAP + SLACK;
  }

  /** The table at an offset; undefined when it runs over the end, or when tables overlap more than any compiler makes them. */
  at(offset: number): AbbrevTable | undefined {
    if (this.#tables.has(offset)) return this.#tables.get(offset);
    const table = this.#scan(offset);
    this.#tables.set(offset, table);
    return table;
  }

  #scan(offset: number): AbbrevTable | undefined {
    const bytes = this.#section;
    const { length } = bytes;
    if (!(offset >= 0 && offset < length)) return undefined;
    const table = new AbbrevTable();
    let at = offset;
    const limit = Math.min(length, offset + this.#budget);
    while (at < limit) {
      let code = bytes[at++] ?? 0;
      if (code === 0) {
        this.#budget -= at - offset;
        return table;
      }
      if (code >= 0x80) {
        const rest = new Cursor(bytes, true, at - 1);
        code = rest.uleb();
        if (rest.failed) break;
        at = rest.offset;
      }
      const start = at;
      // FNV-1a over the declaration. Tag, then the flag for children.
      let hash = 0x811c9dc5;
      let byte: number;
      do {
        byte = bytes[at++] ?? 0;
        hash = Math.imul(hash ^ byte, 0x01000193);
      } while (byte >= 0x80);
      hash = Math.imul(hash ^ (bytes[at++] ?? 0), 0x01000193);
      for (let ended = false; !ended && at <= limit; ) {
        // Zero only when every bit of attribute and form is: padded numbers end a declaration too.
        let bits = 0;
        let form = 0;
        let scale = 1;
        do {
          byte = bytes[at++] ?? 0;
          hash = Math.imul(hash ^ byte, 0x01000193);
          bits |= byte & 0x7f;
        } while (byte >= 0x80);
        do {
          byte = bytes[at++] ?? 0;
          hash = Math.imul(hash ^ byte, 0x01000193);
          form += (byte & 0x7f) * scale;
          scale *= 128;
        } while (byte >= 0x80);
        if (form === FORM.implicit_const) {
          do {
            byte = bytes[at++] ?? 0;
            hash = Math.imul(hash ^ byte, 0x01000193);
          } while (byte >= 0x80);
        }
        ended = bits === 0 && form === 0;
      }
      if (at > limit) break;
      const abbrev = this.#intern(hash, start, at - start);
      if (abbrev === undefined) break;
      table.add(code, abbrev);
    }
    this.#budget -= Math.min(at, limit) - offset;
    return undefined;
  }

  #intern(hash: number, start: number, length: number): Abbrev | undefined {
    const bytes = this.#section;
    let candidates = this.#known.get(hash);
    if (candidates === undefined) {
      candidates = [];
      this.#known.set(hash, candidates);
    }
    for (let number = 0; number < candidates.length; number += 1) {
      const known = candidates[number];
      if (known === undefined || known.length !== length) continue;
      let at = 0;
      while (at < length && bytes[known.start + at] === bytes[start + at]) at += 1;
      if (at === length) return known.abbrev;
    }
    const abbrev = decode(bytes, start, start + length);
    // Collisions are made by hand only: then the declaration is decoded anew each time.
    if (abbrev !== undefined && candidates.length < MAX_COLLISIONS) candidates.push({ start, length, abbrev });
    return abbrev;
  }
}

const MAX_COLLISIONS = 16;

function decode(bytes: Uint8Array, start: number, end: number): Abbrev | undefined {
  const cursor = new Cursor(bytes, true, start, end);
  const tag = cursor.uleb();
  const children = cursor.u8() !== 0;
  const attributes: number[] = [];
  const forms: number[] = [];
  const implicit: (number | bigint)[] = [];
  for (;;) {
    const attribute = cursor.uleb();
    const form = cursor.uleb();
    const constant = form === FORM.implicit_const ? cursor.sleb() : 0;
    if (cursor.failed) return undefined;
    if (attribute === 0 && form === 0) break;
    attributes.push(attribute);
    forms.push(form);
    implicit.push(constant);
  }
  const positions = new Uint8Array(COMMON_ATTRIBUTES);
  for (let at = Math.min(attributes.length, 255) - 1; at >= 0; at -= 1) {
    const attribute = attributes[at] ?? 0;
    if (attribute < COMMON_ATTRIBUTES) positions[attribute] = at + 1;
  }
  const sibling = attributes.indexOf(AT.sibling);
  return { tag, children, attributes, forms, implicit, sibling, positions, layouts: [] };
}

/** Attributes of DWARF itself; producers have theirs above. */
const COMMON_ATTRIBUTES = 0x90;

/** The position of an attribute in a declaration, or -1. */
export function positionOf({ positions, attributes }: Abbrev, attribute: number): number {
  const known = attribute < COMMON_ATTRIBUTES ? (positions[attribute] ?? 0) - 1 : -1;
  // Only a hostile declaration has more than 255 attributes.
  return known >= 0 || (attribute < COMMON_ATTRIBUTES && attributes.length < 256)
    ? known
    : attributes.indexOf(attribute);
}
