import { AT, FORM } from './constants.ts';
import { Cursor } from './cursor.ts';

/** One declaration of .debug_abbrev (DWARF 5 section 7.5.3), attributes as parallel arrays. */
export interface Abbrev {
  readonly code: number;
  readonly tag: number;
  readonly children: boolean;
  readonly attributes: readonly number[];
  readonly forms: readonly number[];
  /** Values of DW_FORM_implicit_const by position; 0 elsewhere. */
  readonly implicit: readonly number[];
  /** Position of DW_AT_sibling, or -1. */
  readonly sibling: number;
}

/** Declarations by code. Codes are mostly 1, 2, 3, ...: those are an array; stray ones a map. */
export class AbbrevTable {
  readonly #dense: (Abbrev | undefined)[] = [];
  readonly #sparse = new Map<number, Abbrev>();

  add(abbrev: Abbrev): void {
    if (abbrev.code < 65_536) this.#dense[abbrev.code] = abbrev;
    else this.#sparse.set(abbrev.code, abbrev);
  }

  get(code: number): Abbrev | undefined {
    return code < 65_536 ? this.#dense[code] : this.#sparse.get(code);
  }
}

/** No real table comes near; an endless one in a hostile file ends here. */
const MAX_DECLARATIONS = 1_000_000;

/**
 * The table at an offset of .debug_abbrev.
 * @returns undefined when it runs over the end of the section
 */
export function readAbbrevTable(section: Uint8Array, offset: number): AbbrevTable | undefined {
  const cursor = new Cursor(section, true, offset);
  const table = new AbbrevTable();
  for (let count = 0; count < MAX_DECLARATIONS; count += 1) {
    const code = cursor.uleb();
    if (cursor.failed) return undefined;
    if (code === 0) return table;
    const tag = cursor.uleb();
    const children = cursor.u8() !== 0;
    const attributes: number[] = [];
    const forms: number[] = [];
    const implicit: number[] = [];
    for (;;) {
      const attribute = cursor.uleb();
      const form = cursor.uleb();
      if (cursor.failed) return undefined;
      const constant = form === FORM.implicit_const ? Number(cursor.slebBig()) : 0;
      if (attribute === 0 && form === 0) break;
      attributes.push(attribute);
      forms.push(form);
      implicit.push(constant);
    }
    table.add({ code, tag, children, attributes, forms, implicit, sibling: attributes.indexOf(AT.sibling) });
  }
  return undefined;
}
