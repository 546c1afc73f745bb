import type { ElfImage } from '../../elf/model.ts';
import type { SymbolTypes } from '../compare/explore.ts';
import { EXPOSURE } from '../compare/exposure.ts';
import { peel } from '../compare/peel.ts';
import { squeezed } from '../dwarf/host-typedefs.ts';
import type { HostTypes, WantedOfHost } from '../dwarf/read-host.ts';
import type { AbiSymbol, TypeGraph, TypeId } from '../model.ts';
import { isRecord } from '../record-node.ts';
import { textsAmong } from './texts.ts';
import { parseTypeText } from './type-text.ts';

/**
 * What a host takes a symbol for that it looks up by name (dlsym): its own debug information only shows the type of the
 * pointer that it puts the address into.
 */
export interface EntryPoint {
  readonly symbol: string;
  /** A type of the host: `plugin_init_fn`, `struct plugin_info`, or a member of one, `plugin_api.init`. */
  readonly type: string;
  /** Known of a kind of hosts, and not said by the project: where the host has no such type, nothing is amiss. */
  readonly presumed?: true;
}

/** Symbols shorter than this are words that a host has for many reasons. */
const SHORTEST = 8;

/**
 * Adds what entry points need of the host to what is looked for there.
 * @param bytes the host's file: only symbols whose name is among its texts are looked up by it
 */
export function wantEntries(
  wanted: WantedOfHost,
  entries: readonly EntryPoint[],
  plugin: TypeGraph,
  host: { readonly image: ElfImage; readonly bytes: Uint8Array },
): WantedOfHost {
  const records = new Set(wanted.records);
  const typedefs = new Map(wanted.typedefs);
  for (const { type } of entries) {
    const { name } = parseTypeText(type);
    records.add(name);
    if (!typedefs.has(name)) typedefs.set(name, '');
  }
  return { ...wanted, records, typedefs, spelled: spelledAfter(entries, plugin, host) };
}

function spelledAfter(
  entries: readonly EntryPoint[],
  plugin: TypeGraph,
  { image, bytes }: { readonly image: ElfImage; readonly bytes: Uint8Array },
): ReadonlyMap<string, string> {
  const named = new Set(entries.map(({ symbol }) => symbol));
  const candidates = nameable(plugin).filter((name) => !named.has(name));
  // What was compiled from headers alone looks nothing up.
  const known = image.header.type === 'rel' ? candidates : textsAmong(image, bytes, candidates);
  return new Map([...known].map((name) => [squeezed(name), name]));
}

/** Functions of the plugin that dlsym finds by a name that a source can have, and that means something. */
function nameable({ symbols }: TypeGraph): readonly string[] {
  return symbols.flatMap(({ name, kind, imported, type }) =>
    imported !== true && kind === 'function' && type !== undefined && name.length >= SHORTEST && !/^_(?:Z|R)/.test(name)
      ? name
      : [],
  );
}

/** An entry point that was found on both sides, or why it was not. */
export type EntryPair =
  | { readonly pair: SymbolTypes; readonly entry: EntryPoint }
  | { readonly entry: EntryPoint; readonly missing: string };

/** Pairs each entry point with the plugin's symbol: the host's type as old, the plugin's own as new. */
export function entryPairs(
  plugin: TypeGraph,
  host: HostTypes,
  entries: readonly EntryPoint[],
  name: string,
): readonly EntryPair[] {
  const own = new Map<string, AbiSymbol>();
  for (const symbol of plugin.symbols) if (symbol.imported !== true) own.set(symbol.name, symbol);
  const spelled = [...host.spelled].flatMap(([symbol, found]): EntryPoint[] => {
    const one = found.find(({ type }) => functionOf(host.graph, type) !== undefined);
    return one === undefined ? [] : [{ symbol, type: one.name, presumed: true }];
  });
  return [...entries, ...spelled].map((entry): EntryPair => {
    const symbol = own.get(entry.symbol);
    if (symbol === undefined) return { entry, missing: `the plugin does not export ${entry.symbol}.` };
    if (symbol.type === undefined) return { entry, missing: `no debug information describes ${entry.symbol}.` };
    const type = typeNamed(host, entry);
    if (type === undefined) {
      return { entry, missing: `the debug information of ${name} has no type ${entry.type}.` };
    }
    const pair = pairOf(host.graph, plugin, type, symbol, symbol.type);
    if (pair === undefined) {
      const what = symbol.kind === 'function' ? 'a function' : 'data';
      return { entry, missing: `${entry.symbol} is ${what}, and ${entry.type} of ${name} is no type of such.` };
    }
    return { entry, pair };
  });
}

function pairOf(
  host: TypeGraph,
  plugin: TypeGraph,
  type: TypeId,
  { name, kind, declared }: AbiSymbol,
  own: TypeId,
): SymbolTypes | undefined {
  const place = declared === undefined ? {} : { declared };
  if (kind === 'function') {
    const [before, after] = [functionOf(host, type), functionOf(plugin, own)];
    return before === undefined || after === undefined ? undefined : { name, kind, old: before, new: after, ...place };
  }
  if (functionOf(host, type) !== undefined) return undefined;
  const exposure = EXPOSURE.out | EXPOSURE.pointer | EXPOSURE.exported;
  return { name, kind, old: type, new: own, exposure, ...place };
}

/** The function type behind typedefs, qualifiers and one pointer. */
function functionOf(graph: TypeGraph, id: TypeId): TypeId | undefined {
  const outer = peel(graph, id);
  if (outer.node.kind === 'function') return outer.id;
  const inner = outer.node.kind === 'pointer' ? peel(graph, outer.node.target) : undefined;
  return inner?.node.kind === 'function' ? inner.id : undefined;
}

function typeNamed(host: HostTypes, { symbol, type }: EntryPoint): TypeId | undefined {
  const { name, members } = parseTypeText(type);
  const found = [
    ...(host.typedefs.get(name) ?? []),
    ...(host.records.get(name) ?? []),
    ...(host.spelled.get(symbol)?.flatMap((one) => (one.name === name ? one.type : [])) ?? []),
  ];
  for (const start of found) {
    let id: TypeId | undefined = start;
    for (const member of members) id = id === undefined ? undefined : memberOf(host.graph, id, member);
    if (id !== undefined) return id;
  }
  return undefined;
}

/** Members in anonymous structs and unions count as those of the record around them, as in sources. */
const MOST_ANONYMOUS = 64;

function memberOf(graph: TypeGraph, record: TypeId, name: string): TypeId | undefined {
  const open = [record];
  let left = MOST_ANONYMOUS;
  for (let at = open.pop(); at !== undefined && left > 0; at = open.pop()) {
    left -= 1;
    const { node } = peel(graph, at);
    if (!isRecord(node)) continue;
    const found = node.members.find((member) => member.name === name);
    if (found !== undefined) return found.type;
    for (const member of node.members) if (member.name === undefined) open.push(member.type);
  }
  return undefined;
}

/** Functions of Go's own cgo runtime, which every Go program names; nobody looks them up in a plugin. */
const OF_CGO = /^(?:_cgo_|_cgoexp_|x_cgo_|crosscall)/;

/** Functions that the host seems to look up by name, since it has that as a text, and of which nothing told the type. */
export function lookedUpOnly(
  plugin: TypeGraph,
  { image, bytes }: { readonly image: ElfImage; readonly bytes: Uint8Array },
  told: ReadonlySet<string>,
): readonly string[] {
  // A function that is linked has its name in the symbol table.
  const linked = new Set(image.undefined.map(({ name }) => name));
  const open = nameable(plugin).filter((name) => !told.has(name) && !linked.has(name) && !OF_CGO.test(name));
  return [...textsAmong(image, bytes, open)];
}
