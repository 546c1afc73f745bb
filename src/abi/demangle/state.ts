import type { Node } from './nodes.ts';
import { NotDemangled } from './print.ts';

/** Long enough for expression templates; a longer name is shown as it is. */
export const MAX_NAME = 32 * 1024;
const MAX_NESTING = 200;
const MAX_SUBSTITUTIONS = 16 * 1024;

/** The productions that refer to each other across files. */
export interface Grammar {
  readonly type: (state: State) => Node;
  readonly name: (state: State, scope?: NameFacts) => Node;
  readonly encoding: (state: State) => Node;
  readonly expression: (state: State) => Node;
  readonly templateArguments: (state: State, ofEncoding: boolean) => readonly Node[];
}

/** What the name of an entity says about the rest of its encoding. */
export interface NameFacts {
  /** Constructors, destructors and conversions have no result in the mangled name. */
  noResult: boolean;
  endsWithArguments: boolean;
  /** cv and ref qualifiers of a member function, as they are written behind it. */
  suffix: string;
}

/** The place in a mangled name, what it may refer back to, and the limits. */
export class State {
  readonly input: string;
  readonly grammar: Grammar;
  at = 0;
  readonly substitutions: Node[] = [];
  /** Arguments of the templates around, which `T_` refers to: outermost list first. */
  templateArguments: Node[] = [];
  /** Inside a conversion operator's type, where arguments come later. */
  forwardAllowed = false;
  /** Inside the parameter list of a lambda, whose own parameters `T_` means. */
  inLambda = false;
  readonly forwards: Extract<Node, { is: 'forward' }>[] = [];
  #nesting = 0;

  constructor(input: string, grammar: Grammar) {
    this.input = input;
    this.grammar = grammar;
  }

  get done(): boolean {
    return this.at >= this.input.length;
  }

  fail(): never {
    throw new NotDemangled(`at ${this.at}`);
  }

  /** The characters that follow, without taking them. */
  peek(offset = 0): string {
    return this.input.charAt(this.at + offset);
  }

  looking(value: string): boolean {
    return this.input.startsWith(value, this.at);
  }

  /** Takes the text if it follows. */
  take(value: string): boolean {
    if (!this.looking(value)) return false;
    this.at += value.length;
    return true;
  }

  need(value: string): void {
    if (!this.take(value)) this.fail();
  }

  next(): string {
    const value = this.peek();
    if (value === '') this.fail();
    this.at += 1;
    return value;
  }

  isDigit(): boolean {
    const code = this.input.charCodeAt(this.at);
    return code >= 0x30 && code <= 0x39;
  }

  /** A decimal number; fails without digits and beyond a million. */
  number(): number {
    let value = 0;
    if (!this.isDigit()) this.fail();
    while (this.isDigit()) {
      value = value * 10 + Number(this.next());
      if (value > 1_000_000) this.fail();
    }
    return value;
  }

  /** `_` is 0, `0_` is 1, in base 36 for substitutions, in base 10 for parameters. */
  sequence(base: 10 | 36): number {
    if (this.take('_')) return 0;
    let value = 0;
    for (let character = this.next(); character !== '_'; character = this.next()) {
      const digit =
        base === 10 ? '0123456789'.indexOf(character) : '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'.indexOf(character);
      if (digit < 0) this.fail();
      value = value * base + digit;
      if (value > 1_000_000) this.fail();
    }
    return value + 1;
  }

  identifier(): string {
    const length = this.number();
    if (length === 0 || this.at + length > this.input.length) this.fail();
    const value = this.input.slice(this.at, this.at + length);
    this.at += length;
    return value;
  }

  remember(node: Node): Node {
    if (this.substitutions.length >= MAX_SUBSTITUTIONS) this.fail();
    this.substitutions.push(node);
    return node;
  }

  /** Runs a production one level deeper. */
  nested<Result>(production: () => Result): Result {
    this.#nesting += 1;
    if (this.#nesting > MAX_NESTING) this.fail();
    const result = production();
    this.#nesting -= 1;
    return result;
  }
}
