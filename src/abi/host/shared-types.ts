import { posix } from 'node:path';
import type { Alias } from '../compare/change.ts';
import { explore, type PairGraph, type SymbolTypes } from '../compare/explore.ts';
import { EXPOSURE, exposures } from '../compare/exposure.ts';
import { pathOf } from '../compare/paths.ts';
import { isSourceFile } from '../compare/place-of.ts';
import { reachedFrom, shortestWays } from '../compare/ways.ts';
import { isCompilerMade } from '../compiler-made.ts';
import type { WantedOfHost } from '../dwarf/read-host.ts';
import type { Declared, TypeGraph, TypeId, TypeNode } from '../model.ts';
import { qualifiedName } from '../names.ts';
import { isRecord } from '../record-node.ts';
import { isSystemHeader } from '../system-headers.ts';
import { isRustEnum } from './enumerators.ts';
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
  /** A binding in another language: the host has the type under one of the spellings of its name, in a file of its own. */
  readonly binding?: true;
  /** Who makes and who reads it, as bits of EXPOSURE, seen from the host. */
  readonly exposure: number;
  /** From a symbol of the plugin to it. */
  readonly path: readonly string[];
  /** Symbols of the plugin that reach it. */
  readonly symbols: readonly string[];
}

/** Types that are looked at; a plugin that shares more with its host is compared as far as this. */
const MOST_TYPES = 20_000;
/** Types of Rust among them: each is looked for in several spellings. */
const MOST_BINDINGS = 2_000;

/**
 * The types that a plugin may share with its host: those that its exported symbols lead to, or the functions that it
 * takes from the host, and that are declared in headers.
 * @param isHostHeader tells the host's headers; without it, all headers but those of the system may be the host's
 */
export function sharedTypes(plugin: TypeGraph, isHostHeader?: (file: string) => boolean): readonly SharedType[] {
  // Sorted, as in the comparison of releases: paths are the same for each compiler.
  const named = [...plugin.symbols].sort((a, b) => (a.name < b.name ? -1 : 1));
  const symbols = named.flatMap(({ name, kind, type, imported, declared }): SymbolTypes[] => {
    if (type === undefined || isCompilerMade(name, kind)) return [];
    // Data of the plugin: the host gets its address and reads it.
    const exposure = kind === 'variable' ? { exposure: EXPOSURE.out | EXPOSURE.pointer | EXPOSURE.exported } : {};
    const place = declared === undefined ? {} : { declared };
    return [{ name, kind, old: type, new: type, ...place, ...exposure, ...(imported === true ? { imported } : {}) }];
  });
  // The plugin against itself: what is reached, by which way, and how.
  const graphs = { old: plugin, new: plugin };
  const graph = explore(graphs, symbols);
  const flags = exposures(withoutSelves(graph), () => false);
  const wayTo = shortestWays(graph);
  const reach = reachedFrom(graph);
  const typedefs = typedefsOf(plugin);
  const found: SharedType[] = [];
  let bindings = 0;
  graph.nodes.forEach(({ new: type, alias }, at) => {
    if (found.length >= MOST_TYPES) return;
    const node = plugin.nodes[type];
    const one = isOfRust(plugin, node)
      ? bindingOf(node, symbols[wayTo(at)?.root ?? -1]?.declared)
      : nameOf(node, alias, isHostHeader);
    if (one === undefined || (one.binding === true && ++bindings > MOST_BINDINGS)) return;
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

type Named = Pick<SharedType, 'name' | 'by' | 'declared' | 'certain' | 'binding'>;

function nameOf(
  node: TypeNode | undefined,
  alias: Alias | undefined,
  isHostHeader: ((file: string) => boolean) | undefined,
): Named | undefined {
  if (node === undefined || (!isRecord(node) && node.kind !== 'enum' && node.kind !== 'function')) return undefined;
  if ('declaration' in node && node.declaration) return undefined;
  if ('language' in node && node.language === 'go') return undefined;
  const own = 'name' in node && node.name !== undefined ? qualifiedName(node) : undefined;
  const name = own ?? alias?.name;
  const declared = own === undefined ? alias?.declared : 'declared' in node ? node.declared : undefined;
  if (name === undefined || declared === undefined) return undefined;
  if (isHostHeader === undefined) {
    if (isSourceFile(declared.file) || isSystemHeader(declared.file)) return undefined;
  } else if (!isHostHeader(declared.file)) return undefined;
  return { name, by: own === undefined ? 'typedef' : 'record', declared, certain: isHostHeader !== undefined };
}

function isOfRust(graph: TypeGraph, node: TypeNode | undefined): node is TypeNode {
  if (node === undefined) return false;
  return isRustEnum(graph, node) || ('language' in node && node.language === 'rust');
}

/** A record or enumeration of Rust may be a binding of a type of the host, whatever file it stands in. */
function bindingOf(node: TypeNode, symbol: Declared | undefined): Named | undefined {
  if ((!isRecord(node) && node.kind !== 'enum') || node.declaration || node.name === undefined) return undefined;
  const name = qualifiedName(node);
  // rustc does not say where a type is declared.
  const declared = node.declared ?? symbol;
  if (declared === undefined || /^(?:core|alloc|std)::/.test(name)) return undefined;
  return { name, by: 'record', declared, certain: false, binding: true };
}

/** How the host may spell a type that a binding has: the last part of its name in the styles that C has. */
export function spellingsOf(name: string): readonly string[] {
  const own = name.slice(name.lastIndexOf(':') + 1);
  const snake = own
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
  const camel = own.replaceAll(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  const plain = [...new Set([own, snake, camel, `_${own}`, `_${snake}`])];
  return plain.flatMap((one) => [one, `${one}_t`, `${one}_s`]);
}

/** What to look for in the host. */
export function wantedOf(plugin: TypeGraph, types: readonly SharedType[]): WantedOfHost {
  const typedefs = new Map<string, string>();
  for (const { by, name, declared } of types) if (by === 'typedef') typedefs.set(name, posix.basename(declared.file));
  const bindings = types.flatMap(({ binding, name }) => (binding === true ? spellingsOf(name) : []));
  for (const name of bindings) if (!typedefs.has(name)) typedefs.set(name, '');
  return {
    records: new Set([...types.flatMap(({ by, name }) => (by === 'record' ? [name] : [])), ...bindings]),
    typedefs,
    spelled: new Map(),
    functions: new Set(
      plugin.symbols.flatMap(({ imported, type, name }) => (imported === true && type !== undefined ? [name] : [])),
    ),
  };
}
