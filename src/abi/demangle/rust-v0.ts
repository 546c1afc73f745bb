import { NotDemangled } from './print.ts';

const MAX_DEPTH = 200;
const MAX_OUTPUT = 64 * 1024;

/** <basic-type> of the Rust symbol mangling, RFC 2603. */
const BASIC: Readonly<Record<string, string>> = {
  a: 'i8',
  b: 'bool',
  c: 'char',
  d: 'f64',
  e: 'str',
  f: 'f32',
  h: 'u8',
  i: 'isize',
  j: 'usize',
  l: 'i32',
  m: 'u32',
  n: 'i128',
  o: 'u128',
  p: '_',
  s: 'i16',
  t: 'u16',
  u: '()',
  v: '...',
  x: 'i64',
  y: 'u64',
  z: '!',
};

/**
 * A name in Rust's own mangling, `_R` taken off. Reads and writes in one go: the grammar is written so that no look-ahead is needed.
 * Throws NotDemangled.
 */
export class V0 {
  out = '';
  #at = 0;
  #bound = 0;
  #steps = 0;
  readonly #input: string;

  constructor(input: string) {
    this.#input = input;
  }

  /** @param values whether generic arguments are written as in expressions, `::<T>` */
  path(values: boolean, depth: number): void {
    this.#enter(depth);
    switch (this.#next()) {
      case 'C':
        this.#disambiguator();
        this.#write(this.#identifier().text);
        return;
      case 'N': {
        const kind = this.#next();
        this.path(values, depth + 1);
        const number = this.#disambiguator();
        const { text } = this.#identifier();
        if (kind >= 'A' && kind <= 'Z') {
          const word = kind === 'C' ? 'closure' : kind === 'S' ? 'shim' : kind;
          this.#write(`::{${word}${text === '' ? '' : `:${text}`}#${number}}`);
          return;
        }
        if (text !== '') this.#write(`::${text}`);
        return;
      }
      case 'M':
        this.#implPath(depth);
        this.#write('<');
        this.#type(depth + 1);
        this.#write('>');
        return;
      case 'X':
        this.#implPath(depth);
        this.#asTrait(depth);
        return;
      case 'Y':
        this.#asTrait(depth);
        return;
      case 'I':
        this.path(values, depth + 1);
        this.#write(values ? '::<' : '<');
        this.#list('E', () => this.#generic(depth + 1));
        this.#write('>');
        return;
      case 'B':
        this.#back(() => this.path(values, depth + 1));
        return;
      default:
        this.#fail();
    }
  }

  #implPath(depth: number): void {
    this.#disambiguator();
    const before = this.out;
    this.path(false, depth + 1);
    this.out = before;
  }

  #asTrait(depth: number): void {
    this.#write('<');
    this.#type(depth + 1);
    this.#write(' as ');
    this.path(false, depth + 1);
    this.#write('>');
  }

  #generic(depth: number): void {
    if (this.#take('L')) {
      this.#lifetime(this.#base62());
      return;
    }
    if (this.#take('K')) {
      this.#constant(depth + 1);
      return;
    }
    this.#type(depth + 1);
    return;
  }

  #type(depth: number): void {
    this.#enter(depth);
    const letter = this.#peek();
    const basic = BASIC[letter];
    if (basic !== undefined) {
      this.#at += 1;
      this.#write(basic);
      return;
    }
    switch (letter) {
      case 'A':
      case 'S':
        this.#at += 1;
        this.#write('[');
        this.#type(depth + 1);
        if (letter === 'A') {
          this.#write('; ');
          this.#constant(depth + 1);
        }
        this.#write(']');
        return;
      case 'T': {
        this.#at += 1;
        this.#write('(');
        const count = this.#list('E', () => this.#type(depth + 1));
        this.#write(count === 1 ? ',)' : ')');
        return;
      }
      case 'R':
      case 'Q':
        this.#at += 1;
        this.#write('&');
        if (this.#take('L')) {
          const lifetime = this.#base62();
          if (lifetime !== 0) {
            this.#lifetime(lifetime);
            this.#write(' ');
          }
        }
        if (letter === 'Q') this.#write('mut ');
        this.#type(depth + 1);
        return;
      case 'P':
      case 'O':
        this.#at += 1;
        this.#write(letter === 'P' ? '*const ' : '*mut ');
        this.#type(depth + 1);
        return;
      case 'F':
        this.#at += 1;
        this.#binder(() => this.#function(depth));
        return;
      case 'D':
        this.#at += 1;
        this.#dynamic(depth);
        return;
      case 'B':
        this.#at += 1;
        this.#back(() => this.#type(depth + 1));
        return;
      default:
        this.path(false, depth + 1);
        return;
    }
  }

  #function(depth: number): void {
    if (this.#take('U')) this.#write('unsafe ');
    if (this.#take('K')) {
      const abi = this.#take('C') ? 'C' : this.#identifier().text.replace(/_/g, '-');
      this.#write(`extern "${abi}" `);
    }
    this.#write('fn(');
    this.#list('E', () => this.#type(depth + 1));
    this.#write(')');
    if (this.#take('u')) return;
    this.#write(' -> ');
    this.#type(depth + 1);
  }

  #dynamic(depth: number): void {
    this.#write('dyn ');
    this.#binder(() => {
      let first = true;
      while (!this.#take('E')) {
        if (!first) this.#write(' + ');
        first = false;
        this.#dynamicTrait(depth + 1);
      }
    });
    if (!this.#take('L')) this.#fail();
    const lifetime = this.#base62();
    if (lifetime === 0) return;
    this.#write(' + ');
    this.#lifetime(lifetime);
  }

  #dynamicTrait(depth: number): void {
    this.path(false, depth + 1);
    let open = this.out.endsWith('>');
    let first = true;
    while (this.#take('p')) {
      if (first && open) this.out = this.out.slice(0, -1);
      this.#write(first && !open ? '<' : ', ');
      open = true;
      first = false;
      this.#write(`${this.#identifier().text} = `);
      this.#type(depth + 1);
    }
    if (!first) this.#write('>');
  }

  #constant(depth: number): void {
    this.#enter(depth);
    if (this.#take('B')) {
      this.#back(() => this.#constant(depth + 1));
      return;
    }
    const letter = this.#next();
    if (letter === 'p') {
      this.#write('_');
      return;
    }
    const negative = this.#take('n');
    const start = this.#at;
    while (/[0-9a-f]/.test(this.#peek())) this.#at += 1;
    const digits = this.#input.slice(start, this.#at);
    if (!this.#take('_') || digits.length > 32) this.#fail();
    const value = BigInt(`0x${digits === '' ? '0' : digits}`);
    if (letter === 'b') {
      this.#write(value === 1n ? 'true' : 'false');
      return;
    }
    if (letter === 'c') {
      if (value > 0x10ffffn) this.#fail();
      this.#write(`'${String.fromCodePoint(Number(value))}'`);
      return;
    }
    if (!/[ahijlmnostxy]/.test(letter)) this.#fail();
    this.#write(`${negative ? '-' : ''}${value}`);
    return;
  }

  #binder(inside: () => void): void {
    const count = this.#take('G') ? this.#base62() + 1 : 0;
    if (count > MAX_DEPTH) this.#fail();
    this.#bound += count;
    if (count > 0) {
      this.#write('for<');
      for (let at = 0; at < count; at += 1) {
        if (at > 0) this.#write(', ');
        this.#lifetime(count - at);
      }
      this.#write('> ');
    }
    inside();
    this.#bound -= count;
  }

  #lifetime(index: number): void {
    if (index === 0) {
      this.#write("'_");
      return;
    }
    const depth = this.#bound - index;
    if (depth < 0) this.#fail();
    this.#write(depth < 26 ? `'${String.fromCharCode(0x61 + depth)}` : `'_${depth}`);
  }

  #back(inside: () => void): void {
    const from = this.#at - 1;
    const target = this.#base62();
    if (target >= from) this.#fail();
    const after = this.#at;
    this.#at = target;
    inside();
    this.#at = after;
  }

  #list(end: string, item: () => void): number {
    let count = 0;
    while (!this.#take(end)) {
      if (count > 0) this.#write(', ');
      item();
      count += 1;
    }
    return count;
  }

  #disambiguator(): number {
    return this.#take('s') ? this.#base62() + 1 : 0;
  }

  #base62(): number {
    if (this.#take('_')) return 0;
    let value = 0;
    for (let letter = this.#next(); letter !== '_'; letter = this.#next()) {
      const digit = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'.indexOf(letter);
      if (digit < 0) this.#fail();
      // Hashes of crates fill 64 bits; they are not shown, and nothing else is that large.
      value = Math.min(value * 62 + digit, Number.MAX_SAFE_INTEGER - 1);
    }
    return value + 1;
  }

  #identifier(): { readonly text: string } {
    const encoded = this.#take('u');
    const digits = /^(?:0|[1-9]\d{0,5})/.exec(this.#input.slice(this.#at, this.#at + 6))?.[0];
    if (digits === undefined) this.#fail();
    this.#at += digits.length;
    this.#take('_');
    const end = this.#at + Number(digits);
    if (end > this.#input.length) this.#fail();
    const text = this.#input.slice(this.#at, end);
    this.#at = end;
    // Names outside of ASCII are rare in symbols; their encoded form tells enough.
    return { text: encoded ? `punycode{${text.replace(/_(?=[^_]*$)/, '-')}}` : text };
  }

  #enter(depth: number): void {
    this.#steps += 1;
    if (depth > MAX_DEPTH || this.#steps > 100_000) this.#fail();
  }

  #peek(): string {
    return this.#input.charAt(this.#at);
  }

  #next(): string {
    const letter = this.#peek();
    if (letter === '') this.#fail();
    this.#at += 1;
    return letter;
  }

  #take(letter: string): boolean {
    if (this.#peek() !== letter) return false;
    this.#at += 1;
    return true;
  }

  #write(text: string): void {
    this.out += text;
    if (this.out.length > MAX_OUTPUT) this.#fail();
  }

  #fail(): never {
    throw new NotDemangled(`at ${this.#at}`);
  }
}
