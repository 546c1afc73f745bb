import { posix } from 'node:path';
import type { Alias } from '../compare/change.ts';
import { explore, type PairGraph, type SymbolTypes } from '../compare/explore.ts';
import { EXPOSURE, exposures } from '../compare/exposure.ts';
import { pathOf } from '../compare/paths.ts';
import { isSourceFile } from '../compare/place-of.ts';
import { isRecord } from '../compare/relate.ts';
import { reachedFrom, shortestWays } from '../compare/ways.ts';
import { isCompilerMade } from '../compiler-made.ts';
import type { WantedOfHost } from '../dwarf/read-host.ts';
import type { Declared, TypeGraph, TypeId, TypeNode } from '../model.ts';
import { qualifiedName } from '../names.ts';
import { isSystemHeader } from '../system-headers.ts';
import { withoutSelves } from './handed-back.ts';

/** A type of the plugin that may be the host's, and how the plugin comes to it. */
export interface SharedType {
  /** Qualified name: its own, or that of the typedef that names it. */
  readonly name: string;
  readonly by: 'record' | 'typedef';
  /** The record, enumeration or function type itself; or the typedef that names it. */
  readonly type: TypeId;
  readonly declared: Declared;
  /** Named as the host's, not only found in a header. */
  readonly certain: boolean;
  /** Who makes and who reads it, as bits of EXPOSURE, seen from the host. */
  readonly exposure: number;
  /** From a symbol of the plugin to it. */
  readonly path: readonly string[];
  /** Symbols of the plugin that reach it. */
  readonly symbols: readonly string[];
}

/** Types that are looked at; a plugin that shares more with its host is compared as far as this. */
const MOST_TYPES = 20_000;

/**
 * The types that a plugin may share with its host: those that its exported symbols lead to, or the functions that it
 * takes from the host, and that are declared in headers.
 * @param isHostHeader tells the host's headers; without it, all headers but those of the system may be the host's
 */
export function sharedTypes(plugin: TypeGraph, isHostHeader?: (file: string) => boolean): readonly SharedType[] {
  // Sorted, as in the comparison of releases: paths are the same for each compiler.
  const named = [...plugin.symbols].sort((a, b) => (a.name < b.name ? -1 : 1));
  const symbols = named.flatMap(({ name, kind, type, imported }): SymbolTypes[] => {
    if (type === undefined || isCompilerMade(name, kind)) return [];
    // Data of the plugin: the host gets its address and reads it.
    const exposure = kind === 'variable' ? { exposure: EXPOSURE.out | EXPOSURE.pointer | EXPOSURE.exported } : {};
    return [{ name, kind, old: type, new: type, ...exposure, ...(imported === true ? { imported } : {}) }];
  });
  // The plugin against itself: what is reached, by which way, and how.
  const graphs = { old: plugin, new: plugin };
  const graph = explore(graphs, symbols);
  const flags = exposures(withoutSelves(graph), () => false);
  const wayTo = shortestWays(graph);
  const reach = reachedFrom(graph);
  const typedefs = typedefsOf(plugin);
  const found: SharedType[] = [];
  graph.nodes.forEach(({ new: type, alias }, at) => {
    if (found.length >= MOST_TYPES) return;
    const one = nameOf(plugin.nodes[type], alias, isHostHeader);
    if (one === undefined) return;
    found.push({
      ...one,
      type: one.by === 'typedef' ? (typedefs.get(one.name) ?? type) : type,
      exposure: flags[at] ?? 0,
      path: pathOf({ graphs, graph }, wayTo(at), undefined),
      symbols: namesOf(graph, reach(at).roots),
    });
  });
  return found;
}

function namesOf({ roots }: PairGraph, numbers: readonly number[]): readonly string[] {
  return numbers.map((number) => roots[number]?.name ?? '');
}

function typedefsOf({ nodes }: TypeGraph): ReadonlyMap<string, TypeId> {
  const found = new Map<string, TypeId>();
  nodes.forEach((node, id) => {
    if (node.kind === 'typedef' && !found.has(qualifiedName(node))) found.set(qualifiedName(node), id);
  });
  return found;
}

type Named = Pick<SharedType, 'name' | 'by' | 'declared' | 'certain'>;

function nameOf(
  node: TypeNode | undefined,
  alias: Alias | undefined,
  isHostHeader: ((file: string) => boolean) | undefined,
): Named | undefined {
  if (node === undefined || (!isRecord(node) && node.kind !== 'enum' && node.kind !== 'function')) return undefined;
  if ('declaration' in node && node.declaration) return undefined;
  // Bindings in other languages are declared in files of their own.
  if ('language' in node && (node.language === 'rust' || node.language === 'go')) return undefined;
  const own = 'name' in node && node.name !== undefined ? qualifiedName(node) : undefined;
  const name = own ?? alias?.name;
  const declared = own === undefined ? alias?.declared : 'declared' in node ? node.declared : undefined;
  if (name === undefined || declared === undefined) return undefined;
  if (isHostHeader === undefined) {
    if (isSourceFile(declared.file) || isSystemHeader(declared.file)) return undefined;
  } else if (!isHostHeader(declared.file)) return undefined;
  return { name, by: own === undefined ? 'typedef' : 'record', declared, certain: isHostHeader !== undefined };
}

/** What to look for in the host. */
export function wantedOf(plugin: TypeGraph, types: readonly SharedType[]): WantedOfHost {
  const typedefs = new Map<string, string>();
  for (const { by, name, declared } of types) if (by === 'typedef') typedefs.set(name, posix.basename(declared.file));
  return {
    records: new Set(types.flatMap(({ by, name }) => (by === 'record' ? [name] : []))),
    typedefs,
    functions: new Set(
      plugin.symbols.flatMap(({ imported, type, name }) => (imported === true && type !== undefined ? [name] : [])),
    ),
  };
}
