import type { TypeId, TypeNode } from '../abi/model.ts';
import { PLAIN_KINDS } from './kinds.ts';

const MAX_DEPTH = 100;
const NUMBER_SIZES: Readonly<Record<string, number>> = { bool: 1, string: 16, complex64: 8, complex128: 16 };

/** Where parsed types go. */
export interface TypeSink {
  readonly add: (node: TypeNode) => TypeId;
  /** A type by its name, or, for structs and interfaces without one, by their whole text. */
  readonly named: (text: string) => TypeId;
}

/**
 * Reads a type as reflect.Type.String writes it: `func(*http.Request, ...string) (int, error)`. What is no such text
 * becomes an unknown type; the text can come from a foreign process.
 */
export function parseGoType(text: string, sink: TypeSink): TypeId {
  const parser = new Parser(text, sink);
  const id = parser.type(0);
  return id !== undefined && parser.isAtEnd
    ? id
    : sink.add({ kind: 'unknown', reason: `what ${text.slice(0, 80)} is` });
}

/** One of Go's own types without parts; undefined for other names. */
export function plainType(name: string): TypeNode | undefined {
  if (name === 'unsafe.Pointer') return { kind: 'base', name, size: 8, encoding: 'address' };
  if (name !== 'string' && (name === 'invalid' || !PLAIN_KINDS.includes(name))) return undefined;
  const bits = /\d+$/.exec(name)?.[0];
  const size = NUMBER_SIZES[name] ?? (bits === undefined ? 8 : Number(bits) / 8);
  const encoding = name === 'string' ? 'string' : name.startsWith('u') ? 'unsigned' : name.replace(/\d+$/, '');
  return { kind: 'base', name, size, encoding };
}

class Parser {
  readonly #text: string;
  readonly #sink: TypeSink;
  #at = 0;

  constructor(text: string, sink: TypeSink) {
    this.#text = text;
    this.#sink = sink;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  type(depth: number): TypeId | undefined {
    if (depth > MAX_DEPTH) return undefined;
    const { add } = this.#sink;
    const below = (make: (id: TypeId) => TypeNode): TypeId | undefined => {
      const id = this.type(depth + 1);
      return id === undefined ? undefined : add(make(id));
    };
    if (this.#take('*')) return below((target) => ({ kind: 'pointer', target, size: 8 }));
    if (this.#take('[]')) return below((element) => ({ kind: 'slice', element }));
    if (this.#take('<-chan ')) return below((element) => ({ kind: 'channel', element, direction: 'receive' }));
    if (this.#take('chan<- ')) return below((element) => ({ kind: 'channel', element, direction: 'send' }));
    if (this.#take('chan ')) return below((element) => ({ kind: 'channel', element, direction: 'both' }));
    if (this.#take('(')) {
      const id = this.type(depth + 1);
      return this.#take(')') ? id : undefined;
    }
    if (this.#take('[')) {
      const count = this.#matched(/\d{1,15}/y);
      if (count === undefined || !this.#take(']')) return undefined;
      return below((element) => ({ kind: 'array', element, dimensions: [Number(count)] }));
    }
    if (this.#take('map[')) {
      const key = this.type(depth + 1);
      if (key === undefined || !this.#take(']')) return undefined;
      return below((value) => ({ kind: 'map', key, value }));
    }
    if (this.#take('func(')) return this.#function(depth);
    return this.#name();
  }

  #function(depth: number): TypeId | undefined {
    const parameters = this.#list(depth);
    if (parameters === undefined) return undefined;
    let results: readonly TypeId[] | undefined = [];
    if (this.#take(' (')) results = this.#list(depth)?.types;
    else if (
      this.#text[this.#at] === ' ' &&
      !this.#text.startsWith(' }', this.#at) &&
      !this.#text.startsWith(' "', this.#at)
    ) {
      this.#at += 1;
      const one = this.type(depth + 1);
      results = one === undefined ? undefined : [one];
    }
    if (results === undefined) return undefined;
    const { add } = this.#sink;
    return add({
      kind: 'function',
      result: add({ kind: 'void' }),
      parameters: parameters.types.map((type) => ({ type })),
      variadic: parameters.variadic,
      prototyped: true,
      results,
    });
  }

  /** What stands behind an opening parenthesis, that which closes it included. */
  #list(depth: number): { readonly types: readonly TypeId[]; readonly variadic: boolean } | undefined {
    const types: TypeId[] = [];
    if (this.#take(')')) return { types, variadic: false };
    let variadic = false;
    do {
      variadic = this.#take('...');
      const one = this.type(depth + 1);
      if (one === undefined) return undefined;
      types.push(variadic ? this.#sink.add({ kind: 'slice', element: one }) : one);
    } while (this.#take(', '));
    // Older records mark it behind the last, which is a slice there.
    if (this.#take(' ...')) variadic = true;
    return this.#take(')') ? { types, variadic } : undefined;
  }

  #name(): TypeId | undefined {
    const start = this.#at;
    if (this.#matched(/(?:struct|interface) \{/y) !== undefined) {
      if (!this.#close('{', '}')) return undefined;
    } else {
      if (this.#matched(/[\p{L}_][\p{L}\p{N}_·]*(?:\.[\p{L}_][\p{L}\p{N}_·]*)?/uy) === undefined) return undefined;
      if (this.#take('[') && !this.#close('[', ']')) return undefined;
    }
    const text = this.#text.slice(start, this.#at);
    const plain = plainType(text);
    return plain === undefined ? this.#sink.named(text) : this.#sink.add(plain);
  }

  /** Goes behind the bracket that closes the one that was just taken; tags are quoted texts. */
  #close(open: string, close: string): boolean {
    let level = 1;
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at];
      this.#at += 1;
      if (char === '"') this.#matched(/(?:[^"\\]|\\.)*"/y);
      else if (char === open) level += 1;
      else if (char === close) {
        level -= 1;
        if (level === 0) return true;
      }
    }
    return false;
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #matched(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}
