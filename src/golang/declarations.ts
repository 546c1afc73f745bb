import type { AbiInput } from '../abi/abi.ts';
import { openDebugInfo } from '../abi/dwarf/open.ts';
import { readTypeGraph } from '../abi/dwarf/read-graph.ts';
import type { AbiSymbol, TypeGraph, TypeNode } from '../abi/model.ts';

/**
 * Adds to the types of a plugin's table what only debug information knows of its symbols: where they are declared, and
 * what their parameters are called. Without debug information the graph stays as it is.
 * @param main the plugin path
 */
export function withDeclarations(types: TypeGraph, main: string, { image, bytes, search }: AbiInput): TypeGraph {
  const names = new Set(types.symbols.map(({ name }) => name));
  // A plugin exports thousands of functions of Go's runtime to the dynamic linker.
  const own = image.symbols.filter(({ name }) => names.has(nameIn(main, name) ?? ''));
  if (own.length === 0) return types;
  const { files } = openDebugInfo(image, bytes, search);
  if (files.length === 0) return types;
  const described = readTypeGraph({ ...image, symbols: own, undefined: [] }, files);
  const found = new Map(described.symbols.map((symbol) => [nameIn(main, symbol.name) ?? '', symbol]));
  const nodes = [...types.nodes];
  const symbols = types.symbols.map((symbol): AbiSymbol => {
    const { declared, type } = found.get(symbol.name) ?? {};
    const named = withNames(nodes[symbol.type ?? -1], described.nodes[type ?? -1]);
    return {
      ...symbol,
      ...(named === undefined ? {} : { type: nodes.push(named) - 1 }),
      ...(declared === undefined ? {} : { declared }),
    };
  });
  return { ...types, nodes, symbols };
}

/** The name of a symbol of package main: the linker writes `example.com/dotty%2ev2.F` (cmd/internal/objabi, PathToPrefix). */
function nameIn(main: string, symbol: string): string | undefined {
  const dot = symbol.lastIndexOf('.');
  const path = symbol
    .slice(0, dot)
    .replace(/%([0-9a-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return dot > 0 && path === main ? symbol.slice(dot + 1) : undefined;
}

/** A function with the names of its parameters; results come behind them in debug information. */
function withNames(node: TypeNode | undefined, described: TypeNode | undefined): TypeNode | undefined {
  if (node?.kind !== 'function' || described?.kind !== 'function') return undefined;
  const parameters = node.parameters.map((parameter, at) => {
    const name = described.parameters[at]?.name;
    return name === undefined ? parameter : { ...parameter, name };
  });
  return { ...node, parameters };
}
