import { KIND } from './kinds.ts';
import type { GoMemory } from './memory.ts';

/** Bits of abi.TFlag. */
const UNCOMMON = 1;
const EXTRA_STAR = 2;
const NAMED = 4;
/** Bits of the first byte of an abi.Name. */
const HAS_TAG = 2;
const EMBEDDED = 8;

const TYPE_SIZE = 48;
/** Where abi.UncommonType follows the type, by kind. */
const UNCOMMON_AT: Readonly<Record<number, number>> = {
  [KIND.array]: 72,
  [KIND.chan]: 64,
  [KIND.func]: 56,
  [KIND.interface]: 80,
  [KIND.pointer]: 56,
  [KIND.slice]: 56,
  [KIND.struct]: 80,
};
/** The same of maps: those of Go 1.24 and later, and those before it or with GOEXPERIMENT=noswissmap. */
const UNCOMMON_OF_MAPS = [112, 88];
const UNCOMMON_SIZE = 16;

const LONGEST_NAME = 16_384;
const MOST_MEMBERS = 10_000;
/** Fields, methods and parameters of all types together; those of a large server are some ten thousand. */
const MOST_PARTS = 500_000;
const MOST_TEXT = 8 * 1024 * 1024;

export interface GoField {
  readonly name: string;
  /** Address of its type; undefined when it is not in the file. */
  readonly type: number | undefined;
  /** Bytes. */
  readonly offset: number;
  readonly embedded: boolean;
  readonly tag?: string;
}

export interface GoMethod {
  readonly name: string;
  /** Address of its type, without the receiver; undefined where the linker dropped it. */
  readonly type: number | undefined;
}

export interface GoSignature {
  /** Addresses of types. */
  readonly parameters: readonly (number | undefined)[];
  readonly results: readonly (number | undefined)[];
  readonly variadic: boolean;
}

/** The types of one binary as Go's runtime keeps them, by address. Source: internal/abi/type.go, the same from Go 1.18 to 1.26. */
export class GoTypes {
  readonly #memory: GoMemory;
  readonly #start: number;
  readonly #end: number;
  /** True once a limit was reached: what is told may lack something from then on. */
  exhausted = false;
  #text = 0;
  #parts = 0;

  /**
   * @param start the address that type offsets count from (moduledata.types)
   * @param end where the types end (moduledata.etypes)
   */
  constructor(memory: GoMemory, start: number, end: number) {
    this.#memory = memory;
    this.#start = start;
    this.#end = end;
  }

  /** A name by its offset; undefined when there is none. */
  nameAt(offset: number): string | undefined {
    return offset <= 0 || this.#start + offset >= this.#end ? undefined : this.#name(this.#start + offset);
  }

  /** Address of a type by its offset; undefined when it is not among the types. */
  typeAt(offset: number): number | undefined {
    const address = this.#start + offset;
    return offset > 0 && address + TYPE_SIZE <= this.#end && this.#memory.has(address, TYPE_SIZE) ? address : undefined;
  }

  kind(type: number): number {
    return this.#memory.u8(type + 23) & 31;
  }

  /** Bytes of a value. */
  size(type: number): number {
    return this.#memory.u64(type);
  }

  /** The type as Go source would name it, packages by their name. */
  text(type: number): string | undefined {
    const name = this.nameAt(this.#memory.i32(type + 40));
    if (name === undefined) return undefined;
    return (this.#flags(type) & EXTRA_STAR) === 0 ? name : name.slice(1);
  }

  /** Whether it was declared with a name, or is one of Go's own, such as `int` and `error`. */
  isNamed(type: number): boolean {
    return (this.#flags(type) & NAMED) !== 0;
  }

  /** Import path of the package that declares a named type; undefined for Go's own, and where it cannot be told. */
  packagePath(type: number): string | undefined {
    const at = this.#uncommon(type);
    return at === undefined || !this.isNamed(type) ? undefined : this.nameAt(this.#memory.i32(at));
  }

  /** The type that a pointer, slice, array or channel leads to; of a map, the key. */
  element(type: number): number | undefined {
    return this.#typePointer(type + TYPE_SIZE);
  }

  mapValue(type: number): number | undefined {
    return this.#typePointer(type + 56);
  }

  arrayLength(type: number): number {
    return this.#memory.u64(type + 64);
  }

  /** abi.ChanDir: 1 for receiving, 2 for sending, 3 for both. */
  channelDirection(type: number): number {
    return this.#memory.u64(type + 56);
  }

  signature(type: number): GoSignature {
    const parameters = this.#allowed(this.#memory.u16(type + 48));
    const results = this.#memory.u16(type + 50);
    const list = type + 56 + ((this.#flags(type) & UNCOMMON) === 0 ? 0 : UNCOMMON_SIZE);
    const all = Array.from({ length: parameters + this.#allowed(results & 0x7fff) }, (_, index) =>
      this.#typePointer(list + 8 * index),
    );
    return {
      parameters: all.slice(0, parameters),
      results: all.slice(parameters),
      variadic: (results & 0x8000) !== 0,
    };
  }

  fields(type: number): readonly GoField[] {
    return this.#list(this.#memory.pointer(type + 56), this.#memory.u64(type + 64), 24, (at) => {
      const name = this.#memory.pointer(at);
      const tag = this.#tag(name);
      return {
        name: this.#name(name) ?? '?',
        type: this.#typePointer(at + 8),
        offset: this.#memory.u64(at + 16),
        embedded: (this.#memory.u8(name) & EMBEDDED) !== 0,
        ...(tag === undefined ? {} : { tag }),
      };
    });
  }

  /** The method set of an interface, in order of name. */
  interfaceMethods(type: number): readonly GoMethod[] {
    return this.#list(this.#memory.pointer(type + 56), this.#memory.u64(type + 64), 8, (at) => ({
      name: this.nameAt(this.#memory.i32(at)) ?? '?',
      type: this.typeAt(this.#memory.i32(at + 4)),
    }));
  }

  /** Exported methods of a type that is no interface, in order of name. Source: abi.UncommonType, abi.Method. */
  methods(type: number): readonly GoMethod[] {
    const start = this.#uncommon(type);
    if (start === undefined) return [];
    return this.#list(start + this.#memory.u32(start + 8), this.#memory.u16(start + 6), 16, (at) => ({
      name: this.nameAt(this.#memory.i32(at)) ?? '?',
      type: this.typeAt(this.#memory.i32(at + 4)),
    }));
  }

  #list<T>(start: number, length: number, entry: number, read: (at: number) => T): readonly T[] {
    const count = this.#allowed(length);
    if (!this.#memory.has(start, count * entry)) return [];
    return Array.from({ length: count }, (_, index) => read(start + index * entry));
  }

  /** How many parts are read where a type says that it has so many. */
  #allowed(count: number): number {
    const allowed = Math.min(count, MOST_MEMBERS, MOST_PARTS - this.#parts);
    if (allowed < count) this.exhausted = true;
    this.#parts += allowed;
    return allowed;
  }

  #flags(type: number): number {
    return this.#memory.u8(type + 20);
  }

  /** Where abi.UncommonType lies. */
  #uncommon(type: number): number | undefined {
    if ((this.#flags(type) & UNCOMMON) === 0) return undefined;
    const kind = this.kind(type);
    if (kind !== KIND.map) return type + (UNCOMMON_AT[kind] ?? TYPE_SIZE);
    // Which of the forms it is stands nowhere; methods of maps follow at once.
    return UNCOMMON_OF_MAPS.map((at) => type + at).find(
      (at) =>
        this.#memory.u32(at + 8) === UNCOMMON_SIZE &&
        this.#memory.u32(at + 12) === 0 &&
        this.#memory.u16(at + 6) <= this.#memory.u16(at + 4) &&
        this.nameAt(this.#memory.i32(at)) !== undefined,
    );
  }

  #typePointer(at: number): number | undefined {
    const type = this.#memory.pointer(at);
    return type > 0 && this.#memory.has(type, TYPE_SIZE) ? type : undefined;
  }

  #name(address: number): string | undefined {
    return this.#textAt(address + 1)?.text;
  }

  /** abi.Name: a byte of flags, the length as a varint, the text; then the same for the tag. */
  #tag(name: number): string | undefined {
    if ((this.#memory.u8(name) & HAS_TAG) === 0) return undefined;
    const end = this.#textAt(name + 1)?.end;
    return end === undefined ? undefined : this.#textAt(end)?.text;
  }

  #textAt(start: number): { readonly text: string; readonly end: number } | undefined {
    let length = 0;
    let at = start;
    for (let scale = 1; scale < 2 ** 21; scale *= 128) {
      const byte = this.#memory.u8(at++);
      length += (byte & 0x7f) * scale;
      if (byte >= 0x80) continue;
      if (length === 0 || length > LONGEST_NAME || !this.#memory.has(at, length)) return undefined;
      this.#text += length;
      if (this.#text > MOST_TEXT) {
        this.exhausted = true;
        return undefined;
      }
      return { text: this.#memory.text(at, length, 'utf8'), end: at + length };
    }
    return undefined;
  }
}
