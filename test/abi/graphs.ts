import type { AbiSymbol, Enumerator, Member, TypeGraph, TypeId, TypeNode } from '../../src/abi/model.ts';

/** Type graphs made by hand, for shapes and sizes that no compiler makes. */
export class GraphMaker {
  readonly nodes: TypeNode[] = [];
  readonly symbols: AbiSymbol[] = [];

  add(node: TypeNode): TypeId {
    this.nodes.push(node);
    return this.nodes.length - 1;
  }

  int(size = 4): TypeId {
    return this.add({ kind: 'base', name: size === 4 ? 'int' : 'long', size, encoding: 'signed' });
  }

  pointer(target: TypeId): TypeId {
    return this.add({ kind: 'pointer', target, size: 8 });
  }

  struct(name: string, members: readonly Member[], size: number): TypeId {
    const list = { staticMembers: [], bases: [], methods: [], templateArguments: [] };
    const declared = { file: 'api.h', line: 1 };
    return this.add({
      kind: 'struct',
      name,
      scope: '',
      language: 'c',
      declaration: false,
      size,
      members,
      declared,
      ...list,
    });
  }

  enumeration(name: string, enumerators: readonly Enumerator[]): TypeId {
    return this.add({ kind: 'enum', name, scope: '', size: 4, scoped: false, enumerators, declaration: false });
  }

  function(parameters: readonly TypeId[], result = this.add({ kind: 'void' })): TypeId {
    const list = parameters.map((type) => ({ type }));
    return this.add({ kind: 'function', result, parameters: list, variadic: false, prototyped: true });
  }

  symbol(name: string, type: TypeId, kind: 'function' | 'variable' = 'function'): void {
    this.symbols.push({ name, kind, type });
  }

  graph(more: Partial<TypeGraph> = {}): TypeGraph {
    return {
      nodes: this.nodes,
      symbols: this.symbols,
      missing: [],
      odr: [],
      producers: [],
      pointerSize: 8,
      littleEndian: true,
      ...more,
    };
  }
}

export function member(name: string, type: TypeId, offset: number): Member {
  return { name, type, bitOffset: offset * 8 };
}
