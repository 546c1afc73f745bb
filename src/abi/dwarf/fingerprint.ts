import * as AT from '../../dwarf/at.ts';
import type { Die, DwarfFile } from '../../dwarf/file.ts';
import { withTags } from '../../dwarf/layout.ts';
import { fileName } from '../../dwarf/line.ts';
import * as TAG from '../../dwarf/tag.ts';
import type { UnitHeader } from '../../dwarf/unit.ts';
import type { Language, TypeId } from '../model.ts';
import { describedType, typeOf } from './attributes.ts';
import { scopeOf } from './scope.ts';

/** The children that tell two definitions apart, and those that belong to the name of a template. */
const isTelling = withTags(
  TAG.member,
  TAG.enumerator,
  TAG.inheritance,
  TAG.template_type_parameter,
  TAG.template_value_parameter,
  TAG.GNU_template_template_param,
  TAG.GNU_template_parameter_pack,
);

/** Two hashes of 32 bits each, of which 53 bits are used. */
class Mix {
  #a = 0x9e3779b9 | 0;
  #b = 0x85ebca6b | 0;

  add(number: number): void {
    this.#a = Math.imul(this.#a ^ number, 0x01000193);
    this.#a ^= this.#a >>> 15;
    this.#b = Math.imul((this.#b << 5) ^ (this.#b >>> 27) ^ number, 0xc2b2ae35 | 0);
    this.#b ^= this.#b >>> 13;
  }

  get value(): number {
    return (this.#a >>> 0) * 2 ** 21 + (this.#b >>> 11);
  }
}

/**
 * Recognises a named type that another unit of the same file described before, by numbers only: C++ headers are described
 * again in each unit that includes them, and most of reading would be to spell the same names. Definitions with one
 * fingerprint have the same scope, name, size and place, and members of the same names and types.
 */
export class Fingerprints {
  readonly #texts = new Map<string, number>();
  readonly #files = new Map<UnitHeader, Map<number, number>>();

  /** Undefined where it takes more than numbers to tell. */
  of(die: Die, language: Language): number | undefined {
    const mix = new Mix();
    mix.add(die.tag);
    mix.add(this.#nameOf(die, die.file));
    mix.add(this.#number(scopeOf(die)));
    mix.add(this.#number(language));
    mix.add(this.#flags(die));
    mix.add(die.number(AT.byte_size) ?? -1);
    mix.add(die.number(AT.decl_line) ?? -1);
    mix.add(this.#file(die.file, die.unit, die.number(AT.decl_file)));
    const children = die.file.childrenWith(die, isTelling);
    for (let at = 0; at < children.length; at += 1) {
      const child = children[at];
      switch (child?.tag) {
        case undefined:
          break;
        case TAG.member:
        case TAG.enumerator:
        case TAG.inheritance:
          if (!this.#addPart(child, mix)) return undefined;
          break;
        default:
          // Without arguments in the name, only the entries tell instances apart.
          if (die.text(AT.name)?.includes('<') !== true) return undefined;
      }
    }
    return mix.value;
  }

  /** Of a typedef, once the type that it names has an id. */
  ofTypedef(die: Die, target: TypeId): number {
    const mix = new Mix();
    mix.add(die.tag);
    mix.add(this.#nameOf(die, die.file));
    mix.add(this.#number(scopeOf(die)));
    mix.add(target);
    mix.add(die.number(AT.alignment) ?? -1);
    mix.add(die.number(AT.decl_line) ?? -1);
    mix.add(die.number(AT.decl_column) ?? -1);
    mix.add(this.#file(die.file, die.unit, die.number(AT.decl_file)));
    return mix.value;
  }

  /** Of a number or special type. */
  ofBase(die: Die): number {
    const mix = new Mix();
    mix.add(die.tag);
    mix.add(this.#nameOf(die, die.file));
    mix.add(die.number(AT.byte_size) ?? -1);
    mix.add(die.number(AT.bit_size) ?? -1);
    mix.add(die.number(AT.encoding) ?? -1);
    return mix.value;
  }

  #addPart(child: Die, mix: Mix): boolean {
    mix.add(child.tag);
    mix.add(this.#nameOf(child, child.file));
    if (child.tag === TAG.enumerator) {
      const value = child.number(AT.const_value);
      if (value === undefined || !Number.isSafeInteger(value)) return false;
      mix.add(value | 0);
      mix.add(Math.floor(value / 2 ** 32));
      return true;
    }
    if (child.has(AT.const_value)) return false;
    const type = typeOf([child]);
    if (typeof type === 'string') mix.add(type === 'none' ? -1 : -2);
    else {
      mix.add(type.tag);
      mix.add(this.#nameOf(describedType(type), child.file));
    }
    return true;
  }

  /** A number for a name: its place in .debug_str, where linkers keep each name once, or one above all of them. */
  #nameOf(die: Die, file: DwarfFile): number {
    const place = die.file === file ? die.textPlace(AT.name) : -1;
    if (place >= 0) return place;
    const text = die.text(AT.name);
    return text === undefined ? -1 : this.#number(text);
  }

  #flags(die: Die): number {
    return (die.flag(AT.declaration) ? 1 : 0) + (die.has(AT.signature) ? 2 : 0);
  }

  #file(file: DwarfFile, unit: UnitHeader, number: number | undefined): number {
    if (number === undefined) return -1;
    let files = this.#files.get(unit);
    if (files === undefined) {
      files = new Map();
      this.#files.set(unit, files);
    }
    let known = files.get(number);
    if (known === undefined) {
      const path = fileName(file, unit, number);
      known = path === undefined ? -1 : this.#number(path.slice(path.lastIndexOf('/') + 1));
      files.set(number, known);
    }
    return known;
  }

  #number(text: string): number {
    let number = this.#texts.get(text);
    if (number === undefined) {
      // Below those of places, which are not negative.
      number = -3 - this.#texts.size;
      this.#texts.set(text, number);
    }
    return number;
  }
}
