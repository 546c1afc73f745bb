import { MAIN } from '../abi/go/private.ts';
import type { AbiSymbol, Method, TypeGraph, TypeId, TypeNode } from '../abi/model.ts';
import { KIND, PLAIN_KINDS } from './kinds.ts';
import type { GoMethod, GoTypes } from './types.ts';

/** Types that one plugin leads to; the standard library's servers lead to some thousands. */
const MOST_NODES = 50_000;

const ENCODINGS: readonly (readonly [RegExp, string])[] = [
  [/^bool$/, 'boolean'],
  [/^int/, 'signed'],
  [/^uint/, 'unsigned'],
  [/^float/, 'float'],
  [/^complex/, 'complex-float'],
  [/^string$/, 'string'],
];

/** Turns the runtime's types into nodes of the type graph, each once, as they are asked for. */
export class GoGraphBuilder {
  readonly #types: GoTypes;
  readonly #main: string;
  readonly #nodes: TypeNode[] = [];
  readonly #symbols: AbiSymbol[] = [];
  readonly #ids = new Map<number, TypeId>();
  readonly #unknown = new Map<string, TypeId>();
  readonly #open: { readonly type: number; readonly id: TypeId }[] = [];
  #void: TypeId | undefined;
  #truncated = false;

  /** @param main the plugin path, which is the import path of the types in its package main */
  constructor(types: GoTypes, main: string) {
    this.#types = types;
    this.#main = main;
  }

  /** True when the graph lacks types. */
  get truncated(): boolean {
    return this.#truncated;
  }

  /**
   * Adds an exported symbol.
   * @param type address: of a function the type itself, of a variable what it holds
   * @param methods of what Lookup gives: the pointer to the variable
   */
  symbol(name: string, kind: 'function' | 'variable', type: number, methods: readonly GoMethod[]): TypeId {
    const id = this.#idOf(type);
    this.#finish();
    this.#addMethods(id, methods);
    this.#symbols.push({ name, kind, type: id, language: 'go' });
    return id;
  }

  graph(pointerSize: number, littleEndian: boolean): TypeGraph {
    const missing = this.#truncated ? [LIMIT] : [];
    const rest = { missing, odr: [], producers: [], pointerSize, littleEndian, nominal: true };
    return { nodes: this.#nodes, symbols: this.#symbols, ...rest };
  }

  /** Types nest as deep as their makers like, so that they are not built by recursion. */
  #finish(): void {
    for (let next = this.#open.pop(); next !== undefined; next = this.#open.pop()) {
      this.#nodes[next.id] = this.#node(next.type);
    }
  }

  #idOf(type: number | undefined): TypeId {
    if (type === undefined) return this.#none('it is not in the file');
    const known = this.#ids.get(type);
    if (known !== undefined) return known;
    if (this.#nodes.length >= MOST_NODES) {
      this.#truncated = true;
      return this.#none('there are too many types');
    }
    const id = this.#add({ kind: 'unknown', reason: 'it was not read' });
    this.#open.push({ type, id });
    this.#ids.set(type, id);
    return id;
  }

  #none(reason: string): TypeId {
    const known = this.#unknown.get(reason) ?? this.#add({ kind: 'unknown', reason });
    this.#unknown.set(reason, known);
    return known;
  }

  #add(node: TypeNode): TypeId {
    this.#nodes.push(node);
    return this.#nodes.length - 1;
  }

  #node(type: number): TypeNode {
    const kind = this.#types.kind(type);
    const text = this.#types.text(type);
    if (text === undefined) return { kind: 'unknown', reason: 'its name is not in the file' };
    const packagePath = this.#types.packagePath(type);
    const plain = kind === KIND.string ? 'string' : kind === KIND.unsafePointer ? 'unsafe.Pointer' : PLAIN_KINDS[kind];
    const isOwn = this.#types.isNamed(type) && text.includes('.') && text !== plain;
    if (kind === KIND.struct || kind === KIND.interface) {
      const name = isOwn || this.#types.isNamed(type) ? this.#nameOf(text, packagePath) : undefined;
      return this.#record(type, kind, name);
    }
    if (!isOwn) return this.#unnamed(type, kind, plain);
    const { name, scope } = this.#nameOf(text, packagePath);
    return { kind: 'typedef', name, scope, language: 'go', target: this.#add(this.#unnamed(type, kind, plain)) };
  }

  /** `http.Request` of `net/http` as `Request` there; arguments of generic types hold dots of their own. */
  #nameOf(text: string, packagePath: string | undefined): { readonly name: string; readonly scope: string } {
    const dot = text.indexOf('.');
    if (dot < 0) return { name: text, scope: '' };
    const path = packagePath ?? text.slice(0, dot);
    // Arguments of generic types are named by import path.
    const name = text.slice(dot + 1).replaceAll(`${this.#main}.`, `${MAIN}.`);
    return { name, scope: path === this.#main ? MAIN : path };
  }

  #record(type: number, kind: number, named: { readonly name: string; readonly scope: string } | undefined): TypeNode {
    const isStruct = kind === KIND.struct;
    return {
      kind: 'struct',
      ...(named === undefined ? {} : { name: named.name }),
      scope: named?.scope ?? '',
      language: 'go',
      declaration: false,
      size: this.#types.size(type),
      members: isStruct
        ? this.#types.fields(type).map(({ type: field, offset, embedded, ...rest }) => ({
            ...rest,
            type: this.#idOf(field),
            bitOffset: offset * 8,
            ...(embedded ? { embedded } : {}),
          }))
        : [],
      staticMembers: [],
      bases: [],
      methods: [],
      templateArguments: [],
      ...(isStruct
        ? {}
        : {
            goMethods: this.#types
              .interfaceMethods(type)
              .map(({ name, type: method }) => ({ name, type: this.#idOf(method) })),
          }),
    };
  }

  #unnamed(type: number, kind: number, plain: string | undefined): TypeNode {
    const types = this.#types;
    const size = types.size(type);
    if (plain !== undefined) {
      const encoding = ENCODINGS.find(([pattern]) => pattern.test(plain))?.[1] ?? 'address';
      return { kind: 'base', name: plain, size, encoding };
    }
    switch (kind) {
      case KIND.array:
        return { kind: 'array', element: this.#idOf(types.element(type)), dimensions: [types.arrayLength(type)] };
      case KIND.chan: {
        const direction = types.channelDirection(type);
        return {
          kind: 'channel',
          element: this.#idOf(types.element(type)),
          direction: direction === 1 ? 'receive' : direction === 2 ? 'send' : 'both',
        };
      }
      case KIND.func: {
        const { parameters, results, variadic } = types.signature(type);
        return {
          kind: 'function',
          result: this.#noResult(),
          parameters: parameters.map((one) => ({ type: this.#idOf(one) })),
          variadic,
          prototyped: true,
          results: results.map((one) => this.#idOf(one)),
        };
      }
      case KIND.map:
        return { kind: 'map', key: this.#idOf(types.element(type)), value: this.#idOf(types.mapValue(type)) };
      case KIND.pointer:
        return { kind: 'pointer', target: this.#idOf(types.element(type)), size };
      case KIND.slice:
        return { kind: 'slice', element: this.#idOf(types.element(type)) };
      default:
        return { kind: 'unknown', reason: `its kind has the number ${kind}` };
    }
  }

  /** Results of Go stand in a list of their own. */
  #noResult(): TypeId {
    this.#void ??= this.#add({ kind: 'void' });
    return this.#void;
  }

  #addMethods(id: TypeId, found: readonly GoMethod[]): void {
    const node = this.#nodes[id];
    if (found.length === 0 || (node?.kind !== 'struct' && node?.kind !== 'typedef')) return;
    const methods = found.map(
      ({ name, type }): Method => ({ name, type: this.#idOf(type), virtual: 'no', static: false }),
    );
    this.#finish();
    this.#nodes[id] = { ...node, methods };
  }
}

const LIMIT = {
  code: 'limit',
  message: 'The exported symbols reach more types than are read.',
  fix: 'Export fewer symbols from package main.',
} as const;
