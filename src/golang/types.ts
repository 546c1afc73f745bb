import { KIND, PLAIN_KINDS } from './kinds.ts';
import type { GoMemory } from './memory.ts';

/** Bits of abi.TFlag. */
const UNCOMMON = 1;
const EXTRA_STAR = 2;
const NAMED = 4;
/** Bit of the first byte of an abi.Name. */
const EMBEDDED = 8;

const TYPE_SIZE = 48;
/** Where abi.UncommonType follows the type, by kind. Maps are left out: their size differs between versions. */
const UNCOMMON_AT: Readonly<Record<number, number>> = {
  [KIND.array]: 72,
  [KIND.chan]: 64,
  [KIND.func]: 56,
  [KIND.interface]: 80,
  [KIND.pointer]: 56,
  [KIND.slice]: 56,
  [KIND.struct]: 80,
};

const LONGEST_NAME = 16_384;
const MOST_TYPES = 20_000;
const MOST_MEMBERS = 10_000;
const MOST_TEXT = 8 * 1024 * 1024;
/** Parts that are gone through to find what types lead to. */
const MOST_PARTS = 2_000_000;

/** A type with a name, or a struct or interface without one, as the compiler laid it out. */
export interface GoType {
  /** As reflect.Type.String gives it: the last element of the import path, then the name. */
  readonly name: string;
  /** Import path of the package that declares it; absent for types without a name and for built-in ones. */
  readonly packagePath?: string;
  /** Bytes. */
  readonly size: number;
  /** What it is: fields with their offsets, methods, or the kind. One line a member. */
  readonly layout: readonly string[];
  /** Types of this kind that it directly leads to, by {@link typeKey}. */
  readonly leads: readonly string[];
}

/** What tells types apart within one binary: the import path of the package, and the name. */
export function typeKey({ packagePath = '', name }: Pick<GoType, 'packagePath' | 'name'>): string {
  return `${packagePath} ${name}`;
}

/** The types of one binary, read as they are asked for. Source: internal/abi/type.go, the same from Go 1.18 to 1.26. */
export class GoTypes {
  readonly #memory: GoMemory;
  readonly #start: number;
  readonly #end: number;
  /** 1 once a limit was reached: what is told may lack something from then on. */
  exhausted = false;
  #text = 0;
  #types = 0;
  #parted = 0;

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

  /** The type as Go source would name it, packages by the last element of their path. */
  text(type: number): string | undefined {
    const name = this.nameAt(this.#memory.i32(type + 40));
    if (name === undefined) return undefined;
    return (this.#memory.u8(type + 20) & EXTRA_STAR) === 0 ? name : name.slice(1);
  }

  /** The type that a pointer, slice, array, channel or map value leads to. */
  element(type: number): number | undefined {
    return this.#typePointer(type + TYPE_SIZE);
  }

  /**
   * Every type that values of a type lead to, by parameters, results, elements, fields and method signatures, with its
   * layout: named types, and structs and interfaces without a name. Stops at interfaces' methods, not at pointers.
   */
  reached(type: number): readonly GoType[] {
    const seen = new Set<number>([type]);
    const queue = [type];
    const found: GoType[] = [];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      this.#types += 1;
      if (this.#types > MOST_TYPES) {
        this.exhausted = true;
        break;
      }
      const described = this.#describe(next);
      if (described !== undefined) found.push(described);
      for (const part of this.#parts(next)) {
        if (seen.has(part)) continue;
        seen.add(part);
        queue.push(part);
      }
    }
    return found;
  }

  /** Keys of the types with a layout that a type leads to, through pointers, slices and the like, which have none. */
  leads(type: number): readonly string[] {
    const seen = new Set<number>([type]);
    const queue = [...this.#parts(type)];
    const found = new Set<string>();
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      this.#parted += 1;
      if (this.#parted > MOST_PARTS) {
        this.exhausted = true;
        break;
      }
      if (seen.has(next)) continue;
      seen.add(next);
      const identity = this.#identity(next);
      if (identity !== undefined) found.add(typeKey(identity));
      else queue.push(...this.#parts(next));
    }
    return [...found].sort();
  }

  /**
   * Exported methods of a type that is no interface, `Name(string) error`, in order of name; a signature that the linker
   * dropped is `(...)`. Source: abi.UncommonType, abi.Method.
   */
  methodsOf(type: number): readonly string[] {
    const at = UNCOMMON_AT[this.kind(type)];
    if (at === undefined || (this.#memory.u8(type + 20) & UNCOMMON) === 0) return [];
    const start = type + at;
    const count = Math.min(this.#memory.u16(start + 6), MOST_MEMBERS);
    const list = start + this.#memory.u32(start + 8);
    if (!this.#memory.has(list, count * 16)) return [];
    return Array.from({ length: count }, (_, index) => {
      const signature = this.typeAt(this.#memory.i32(list + index * 16 + 4));
      const text = signature === undefined ? undefined : this.text(signature);
      return `${this.nameAt(this.#memory.i32(list + index * 16)) ?? '?'}${text?.replace(/^func/, '') ?? '(...)'}`;
    });
  }

  #describe(type: number): GoType | undefined {
    const identity = this.#identity(type);
    if (identity === undefined) return undefined;
    const layout = this.#layout(type, this.kind(type));
    return { ...identity, size: this.#memory.u64(type), layout, leads: this.leads(type) };
  }

  /** Undefined for types whose parts say everything: pointers, slices, functions, built-in types. */
  #identity(type: number): Pick<GoType, 'name' | 'packagePath'> | undefined {
    const flags = this.#memory.u8(type + 20);
    const kind = this.kind(type);
    const named = (flags & NAMED) !== 0 && kind > 0;
    const name = this.text(type);
    if (name === undefined) return undefined;
    // Built-in types have names of their own and no package.
    if (kind !== KIND.struct && kind !== KIND.interface && (!named || !name.includes('.'))) return undefined;
    const packagePath = named ? this.#packagePath(type, kind, flags) : undefined;
    return { name, ...(packagePath === undefined ? {} : { packagePath }) };
  }

  #packagePath(type: number, kind: number, flags: number): string | undefined {
    const at = UNCOMMON_AT[kind] ?? (kind === KIND.map ? undefined : TYPE_SIZE);
    if ((flags & UNCOMMON) === 0 || at === undefined) return undefined;
    return this.nameAt(this.#memory.i32(type + at));
  }

  #layout(type: number, kind: number): readonly string[] {
    switch (kind) {
      case KIND.struct:
        return this.#fields(type).map(({ name, type: field, offset, embedded }) => {
          const text = field === undefined ? '?' : (this.text(field) ?? '?');
          return `${offset}: ${embedded ? '(embedded) ' : ''}${name} ${text}`;
        });
      case KIND.interface:
        return this.#methods(type).map(({ name, type: method }) => {
          const text = method === undefined ? 'func' : (this.text(method) ?? 'func');
          return `${name}${text.replace(/^func/, '')}`;
        });
      case KIND.array:
        return [`[${this.#memory.u64(type + 64)}]${this.#elementText(type)}`];
      case KIND.slice:
        return [`[]${this.#elementText(type)}`];
      case KIND.pointer:
        return [`*${this.#elementText(type)}`];
      case KIND.chan:
        return [`chan(${this.#memory.u64(type + 56)}) ${this.#elementText(type)}`];
      case KIND.map: {
        const value = this.#typePointer(type + 56);
        return [`map[${this.#elementText(type)}]${value === undefined ? '?' : (this.text(value) ?? '?')}`];
      }
      case KIND.func: {
        const { results, variadic } = this.#signature(type);
        const parts = this.#parts(type).map((part) => this.text(part) ?? '?');
        const ins = parts.slice(0, parts.length - results);
        return [`func(${ins.join(', ')}${variadic ? ' ...' : ''}) (${parts.slice(ins.length).join(', ')})`];
      }
      case KIND.string:
        return ['string'];
      default:
        return [PLAIN_KINDS[kind] ?? `kind ${kind}`];
    }
  }

  #elementText(type: number): string {
    const element = this.element(type);
    return element === undefined ? '?' : (this.text(element) ?? '?');
  }

  /** Types that this one is directly made of. */
  #parts(type: number): readonly number[] {
    const there = (part: number | undefined): readonly number[] => (part === undefined ? [] : [part]);
    switch (this.kind(type)) {
      case KIND.array:
      case KIND.chan:
      case KIND.pointer:
      case KIND.slice:
        return there(this.element(type));
      case KIND.map:
        return [...there(this.element(type)), ...there(this.#typePointer(type + 56))];
      case KIND.struct:
        return this.#fields(type).flatMap((field) => there(field.type));
      case KIND.interface:
        return this.#methods(type).flatMap((method) => there(method.type));
      case KIND.func: {
        const { parameters, results } = this.#signature(type);
        const list = type + 56 + ((this.#memory.u8(type + 20) & UNCOMMON) === 0 ? 0 : 16);
        return Array.from({ length: parameters + results }, (_, index) => this.#typePointer(list + 8 * index)).flatMap(
          there,
        );
      }
      default:
        return [];
    }
  }

  #signature(type: number): { readonly parameters: number; readonly results: number; readonly variadic: boolean } {
    const parameters = Math.min(this.#memory.u16(type + 48), MOST_MEMBERS);
    const results = this.#memory.u16(type + 50);
    return { parameters, results: Math.min(results & 0x7fff, MOST_MEMBERS), variadic: (results & 0x8000) !== 0 };
  }

  #fields(type: number): readonly {
    readonly name: string;
    readonly type: number | undefined;
    readonly offset: number;
    readonly embedded: boolean;
  }[] {
    const list = this.#memory.pointer(type + 56);
    const count = Math.min(this.#memory.u64(type + 64), MOST_MEMBERS);
    if (!this.#memory.has(list, count * 24)) return [];
    return Array.from({ length: count }, (_, index) => {
      const at = list + index * 24;
      const name = this.#memory.pointer(at);
      return {
        name: this.#name(name) ?? '?',
        type: this.#typePointer(at + 8),
        offset: this.#memory.u64(at + 16),
        embedded: (this.#memory.u8(name) & EMBEDDED) !== 0,
      };
    });
  }

  #methods(type: number): readonly { readonly name: string; readonly type: number | undefined }[] {
    const list = this.#memory.pointer(type + 56);
    const count = Math.min(this.#memory.u64(type + 64), MOST_MEMBERS);
    if (!this.#memory.has(list, count * 8)) return [];
    return Array.from({ length: count }, (_, index) => ({
      name: this.nameAt(this.#memory.i32(list + index * 8)) ?? '?',
      type: this.typeAt(this.#memory.i32(list + index * 8 + 4)),
    }));
  }

  #typePointer(at: number): number | undefined {
    const type = this.#memory.pointer(at);
    return type > 0 && this.#memory.has(type, TYPE_SIZE) ? type : undefined;
  }

  /** abi.Name: a byte of flags, the length as a varint, the text. */
  #name(address: number): string | undefined {
    let length = 0;
    let at = address + 1;
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
      return this.#memory.range(at, length).toString('utf8');
    }
    return undefined;
  }
}
