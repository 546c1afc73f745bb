import type { Node } from './nodes.ts';

/** Substitutions let a short name stand for a text that doubles with every step. */
const MAX_OUTPUT = 64 * 1024;
const MAX_STEPS = 200_000;
const MAX_DEPTH = 400;

/** Thrown inside this folder only, when a name is not well formed or not worth its size. */
export class NotDemangled extends Error {}

/**
 * Writes a demangled name. Types are written in two halves, as C declarations read: what stands left of the declared
 * thing and what stands right of it.
 * @throws NotDemangled when the text would be longer than 64 KiB
 */
export function print(node: Node): string {
  const printer = new Printer();
  printer.whole(node);
  return printer.out;
}

class Printer {
  out = '';
  #steps = 0;
  #depth = 0;
  /** Which element of the packs below is meant; undefined outside of any expansion. */
  #pack: { index: number; count: number | undefined } | undefined;

  whole(node: Node): void {
    this.#left(node);
    this.#right(node);
  }

  #write(value: string): void {
    this.out += value;
    if (this.out.length > MAX_OUTPUT) throw new NotDemangled('too long');
  }

  #enter(): void {
    this.#steps += 1;
    this.#depth += 1;
    if (this.#steps > MAX_STEPS || this.#depth > MAX_DEPTH) throw new NotDemangled('too large');
  }

  #left(node: Node): void {
    this.#enter();
    this.#writeLeft(node);
    this.#depth -= 1;
  }

  #right(node: Node): void {
    this.#enter();
    this.#writeRight(node);
    this.#depth -= 1;
  }

  #writeLeft(node: Node): void {
    switch (node.is) {
      case 'text':
      case 'name':
      case 'abbreviation':
        this.#write(node.text);
        return;
      case 'parts':
        for (const part of node.parts) {
          if (typeof part === 'string') this.#write(part);
          else this.whole(part);
        }
        return;
      case 'list':
        this.#list(node.items);
        return;
      case 'nested':
        if (node.name.is === 'structor' && node.scope.is === 'abbreviation') this.#write(node.scope.full);
        else this.whole(node.scope);
        this.#write('::');
        this.whole(node.name);
        return;
      case 'template': {
        this.whole(node.name);
        if (this.out.endsWith('<')) this.#write(' ');
        this.#write('<');
        this.#list(node.items);
        this.#write(this.out.endsWith('>') ? ' >' : '>');
        return;
      }
      case 'tagged':
        this.whole(node.name);
        this.#write(`[abi:${node.tag}]`);
        return;
      case 'structor':
        if (node.destructor) this.#write('~');
        this.#simpleName(node.of);
        return;
      case 'conversion':
        this.#write('operator ');
        this.whole(node.type);
        return;
      case 'encoding':
        if (node.result !== undefined) {
          this.#left(node.result);
          if (!this.#hasRight(node.result)) this.#write(' ');
        }
        this.whole(node.name);
        this.#write('(');
        this.#list(node.parameters);
        this.#write(')');
        if (node.result !== undefined) this.#right(node.result);
        this.#write(node.suffix);
        return;
      case 'qualified':
        this.#left(node.type);
        this.#write(node.words);
        return;
      case 'pointer':
        this.#left(node.target);
        this.#open(node.target);
        this.#write('*');
        return;
      case 'reference': {
        const { target, rvalue } = this.#collapsed(node);
        this.#left(target);
        this.#open(target);
        this.#write(rvalue ? '&&' : '&');
        return;
      }
      case 'member-pointer':
        this.#left(node.target);
        if (this.#declares(node.target) === undefined) this.#write(' ');
        else this.#open(node.target);
        this.whole(node.container);
        this.#write('::*');
        return;
      case 'array':
        this.#left(node.element);
        return;
      case 'function':
        this.#left(node.result);
        this.#write(' ');
        return;
      case 'pack': {
        this.#element(node, (item) => this.#left(item));
        return;
      }
      case 'expansion':
        this.#expand(node.pattern);
        return;
      case 'forward':
        if (node.target === undefined) throw new NotDemangled('a parameter without argument');
        this.#left(node.target);
        return;
    }
  }

  #writeRight(node: Node): void {
    switch (node.is) {
      case 'qualified':
        this.#right(node.type);
        return;
      case 'pointer':
      case 'member-pointer':
        if (this.#declares(node.target) !== undefined) this.#write(')');
        this.#right(node.target);
        return;
      case 'reference': {
        const { target } = this.#collapsed(node);
        if (this.#declares(target) !== undefined) this.#write(')');
        this.#right(target);
        return;
      }
      case 'array':
        if (!this.out.endsWith(']')) this.#write(' ');
        this.#write('[');
        if (node.dimension !== undefined) this.whole(node.dimension);
        this.#write(']');
        this.#right(node.element);
        return;
      case 'function':
        this.#write('(');
        this.#list(node.parameters);
        this.#write(')');
        this.#right(node.result);
        this.#write(node.suffix);
        return;
      case 'pack': {
        this.#element(node, (item) => this.#right(item));
        return;
      }
      case 'forward':
        if (node.target !== undefined) this.#right(node.target);
        return;
      default:
        return;
    }
  }

  #list(items: readonly Node[]): void {
    let first = true;
    for (const item of items) {
      const before = this.out;
      if (!first) this.#write(', ');
      const start = this.out.length;
      if (item.is === 'pack' && this.#pack === undefined) this.#list(item.items);
      else this.whole(item);
      // An empty pack leaves nothing, not even its comma.
      if (this.out.length === start) this.out = before;
      else first = false;
    }
  }

  #expand(pattern: Node): void {
    const outer = this.#pack;
    const state: { index: number; count: number | undefined } = { index: 0, count: undefined };
    this.#pack = state;
    const start = this.out;
    this.whole(pattern);
    if (state.count === undefined) this.#write('...');
    else if (state.count === 0) this.out = start;
    else {
      for (state.index = 1; state.index < (state.count ?? 0); state.index += 1) {
        this.#write(', ');
        this.whole(pattern);
      }
    }
    this.#pack = outer;
  }

  /** Writes the element of a pack that is due; outside of expansions all of them. */
  #element(node: Extract<Node, { is: 'pack' }>, write: (item: Node) => void): void {
    const state = this.#pack;
    if (state === undefined) {
      write({ is: 'list', items: node.items });
      return;
    }
    state.count ??= node.items.length;
    const item = node.items[state.index];
    if (item === undefined) return;
    // An argument is complete in itself: packs in it are not those of the pattern.
    this.#pack = undefined;
    write(item);
    this.#pack = state;
  }

  /** The last part of a class name, without template arguments: what constructors are called. */
  #simpleName(node: Node): void {
    this.#enter();
    switch (node.is) {
      case 'nested':
        this.#simpleName(node.name);
        break;
      case 'template':
      case 'tagged':
        this.#simpleName(node.name);
        break;
      case 'abbreviation':
        this.#write(node.base);
        break;
      default:
        this.whole(node);
    }
    this.#depth -= 1;
  }

  #open(target: Node): void {
    const declares = this.#declares(target);
    if (declares === 'array') this.#write(' (');
    else if (declares === 'function') this.#write('(');
  }

  /** Whether a pointer to this type needs parentheses. */
  #declares(node: Node): 'array' | 'function' | undefined {
    let current: Node | undefined = node;
    for (let step = 0; step < MAX_DEPTH && current !== undefined; step += 1) {
      if (current.is === 'array' || current.is === 'function') return current.is;
      if (current.is === 'qualified') current = current.type;
      else if (current.is === 'forward') current = current.target;
      else if (current.is === 'pack' && this.#pack !== undefined) current = current.items[this.#pack.index];
      else return undefined;
    }
    return undefined;
  }

  #hasRight(node: Node): boolean {
    let current: Node | undefined = node;
    for (let step = 0; step < MAX_DEPTH && current !== undefined; step += 1) {
      if (current.is === 'array' || current.is === 'function') return true;
      if (current.is === 'qualified') current = current.type;
      else if (current.is === 'forward') current = current.target;
      else if (current.is === 'pointer' || current.is === 'reference' || current.is === 'member-pointer')
        current = current.target;
      else return false;
    }
    return false;
  }

  /** `T& &&` is `T&` (C++ standard, [dcl.ref]). */
  #collapsed(node: Extract<Node, { is: 'reference' }>): { readonly target: Node; readonly rvalue: boolean } {
    let { target, rvalue } = node;
    for (let step = 0; step < MAX_DEPTH; step += 1) {
      let inner: Node | undefined = target;
      for (let hop = 0; hop < MAX_DEPTH && inner !== undefined; hop += 1) {
        if (inner.is === 'forward') inner = inner.target;
        else if (inner.is === 'pack' && this.#pack !== undefined) {
          this.#pack.count ??= inner.items.length;
          inner = inner.items[this.#pack.index];
        } else break;
      }
      if (inner?.is !== 'reference') break;
      rvalue = rvalue && inner.rvalue;
      target = inner.target;
    }
    return { target, rvalue };
  }
}
