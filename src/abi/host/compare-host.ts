import { listNames } from '../../compare/fold.ts';
import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import { type AbiInput, readAbi } from '../abi.ts';
import { explore, type PairGraph, type SymbolTypes } from '../compare/explore.ts';
import { nodeName } from '../compare/paths.ts';
import type { FindingOptions } from '../compare/place-of.ts';
import type { Graphs } from '../compare/relation.ts';
import { throughDescriptors } from '../dwarf/descriptors.ts';
import { openDebugInfo } from '../dwarf/open.ts';
import { type HostTypes, readHostTypes } from '../dwarf/read-host.ts';
import type { TypeGraph } from '../model.ts';
import { type EntryPair, type EntryPoint, entryPairs, lookedUpOnly, wantEntries } from './entry-points.ts';
import { disagreementFindings } from './host-findings.ts';
import { hostDefinition } from './same-type.ts';
import { type SharedType, sharedTypes, wantedOf } from './shared-types.ts';

export interface HostOptions extends Pick<FindingOptions, 'locate'> {
  /** Name of the host in messages. */
  readonly name: string;
  /** Tells the host's headers. With it, whatever keeps the comparison from being made is `undecided`, not a remark. */
  readonly isHostHeader?: (file: string) => boolean;
  /** What the host takes symbols of the plugin for. */
  readonly entries?: readonly EntryPoint[];
}

/** What a plugin and its host say about the types that both know. */
export interface HostComparison {
  /** `fit/host-type-differs` and `fit/entry-signature-differs` with effects `breaking` and `risky`, `fit/host-types-unseen`, `fit/entry-not-compared`. */
  readonly findings: readonly Finding[];
  /** Names of types and functions that both define. */
  readonly compared: readonly string[];
  /** Types of which the plugin has the very definition that the host has, as findings name them. */
  readonly agreed: ReadonlySet<string>;
}

const NOTHING = { compared: [], agreed: new Set<string>() };

/**
 * Compares what a plugin takes its host's types to be with what the host says they are: structs and callback tables that
 * are passed between them, and functions that the plugin calls. Types are paired by name, where both declare them in a
 * header of the same name or, with {@link HostOptions.isHostHeader}, where the plugin has them from such a header.
 * @param host the host, one of its libraries, or an object file that was compiled from its headers
 */
export function compareWithHost(plugin: AbiInput | TypeGraph, host: AbiInput, options: HostOptions): HostComparison {
  const graph = 'nodes' in plugin ? plugin : readAbi(plugin);
  const shared = sharedTypes(graph, options.isHostHeader);
  const wanted = wantedOf(graph, shared);
  const pluginHole = graph.missing.find(({ code }) => code === 'no-debug-info');
  if (pluginHole !== undefined) {
    return { findings: asked(options) ? [unseen(options, 'The plugin has no debug information.')] : [], ...NOTHING };
  }
  const entries = options.entries ?? [];
  const all = wantEntries(wanted, entries, graph, host);
  if (shared.length === 0 && wanted.functions.size === 0 && entries.length === 0 && all.spelled.size === 0) {
    return { findings: notTold(graph, host, new Set(), options), ...NOTHING };
  }
  const { files, missing } = openDebugInfo(host.image, host.bytes, host.search);
  if (files.length === 0) {
    const what =
      shared.length === 0 && entries.length > 0
        ? 'its entry points'
        : `${count(shared)} that the plugin has from headers`;
    const why = `${options.name} has no debug information, so that ${what} could not be compared with its own.`;
    return { findings: shared.length === 0 && !asked(options) ? [] : [unseen(options, why)], ...NOTHING };
  }
  const types = readHostTypes(throughDescriptors(host.image, host.bytes), files, missing, all);
  const found = entryPairs(graph, types, entries, options.name);
  const comparison = compareKnown(graph, types, shared, found, options);
  const told = new Set(found.map(({ entry }) => entry.symbol));
  return { ...comparison, findings: [...comparison.findings, ...notTold(graph, host, told, options)] };
}

function compareKnown(
  plugin: TypeGraph,
  host: HostTypes,
  shared: readonly SharedType[],
  entries: readonly EntryPair[],
  options: HostOptions,
): HostComparison {
  const graphs = { old: host.graph, new: plugin };
  const pairs: SymbolTypes[] = [];
  const origins: SharedType[] = [];
  for (const one of shared) {
    const definition = hostDefinition(plugin, one, host);
    if (definition === undefined) continue;
    const { name, type, declared, exposure } = one;
    pairs.push({ name, kind: 'variable', old: definition, new: type, declared, exposure });
    origins.push(one);
  }
  const functions = functionPairs(plugin, host.graph);
  const all = [...pairs, ...functions, ...entries.flatMap((one) => ('pair' in one ? one.pair : []))];
  const graph: PairGraph = explore(graphs, all);
  const takenFor = new Map(entries.map(({ entry }) => [entry.symbol, entry.type]));
  const findings = [
    ...disagreementFindings(graphs, graph, origins, { ...options, takenFor }),
    ...entries.flatMap(notCompared),
  ];
  const compared = all.map(({ name }) => name);
  const agreed = agreedTypes(graphs, graph, origins.length);
  const holes = host.graph.missing.filter(({ code }) => code !== 'symbol-without-type');
  if (holes.length > 0) {
    const told = holes.slice(0, 3).map(({ message }) => message);
    return {
      findings: [...findings, unseen(options, `Parts of ${options.name} could not be read: ${told.join(' ')}`, true)],
      compared,
      agreed,
    };
  }
  if (all.length === 0 && shared.length > 0 && options.isHostHeader !== undefined) {
    const why = `${options.name} defines none of the ${shared.length} types that the plugin has from its headers.`;
    return { findings: [...findings, unseen(options, why)], ...NOTHING };
  }
  return { findings, compared, agreed };
}

/** What the project said about an entry point, and what could not be held against it. */
function notCompared(one: EntryPair): readonly Finding[] {
  if ('pair' in one || one.entry.presumed === true) return [];
  const { symbol, type } = one.entry;
  const message = `${symbol} was not compared with ${type}: ${one.missing}`;
  return [
    finding('fit/entry-not-compared', message, { subject: symbol, symbol, severity: 'undecided', effect: 'undecided' }),
  ];
}

/** Entry points of which nothing told what the host takes them for. */
function notTold(
  plugin: TypeGraph,
  host: AbiInput,
  told: ReadonlySet<string>,
  { name }: HostOptions,
): readonly Finding[] {
  const names = lookedUpOnly(plugin, host, told);
  const [first] = names;
  if (first === undefined) return [];
  const message = `${name} looks ${listNames(names)} up by name, and nothing tells what type it takes ${names.length === 1 ? 'it' : 'them'} for: signatures were not compared.`;
  return [finding('fit/entry-not-compared', message, { subject: name, affected: names, effect: 'compatible' })];
}

/** Of the first roots, those that are the same in both. */
function agreedTypes(graphs: Graphs, graph: PairGraph, count: number): ReadonlySet<string> {
  const agreed = new Set<string>();
  for (const { changes, edges } of graph.roots.slice(0, count)) {
    const node = graph.nodes[edges[0]?.to ?? -1];
    if (changes.length > 0 || node === undefined || node.changes.length > 0) continue;
    agreed.add(nodeName({ graphs, graph }, edges[0]?.to ?? -1, undefined));
  }
  return agreed;
}

/** Functions that the host exports and the plugin takes. */
function functionPairs(plugin: TypeGraph, host: TypeGraph): readonly SymbolTypes[] {
  const provided = new Map(host.symbols.map((symbol) => [symbol.name, symbol]));
  return plugin.symbols.flatMap(({ name, type, imported, declared }): readonly SymbolTypes[] => {
    const other = imported === true ? provided.get(name)?.type : undefined;
    if (type === undefined || other === undefined) return [];
    const place = declared === undefined ? {} : { declared };
    return [{ name, kind: 'function', old: other, new: type, imported: true, ...place }];
  });
}

function asked({ isHostHeader, entries = [] }: HostOptions): boolean {
  return isHostHeader !== undefined || entries.some(({ presumed }) => presumed !== true);
}

function unseen(options: HostOptions, why: string, always = false): Finding {
  const open = always || asked(options);
  return finding('fit/host-types-unseen', why, {
    subject: options.name,
    ...(open ? { severity: 'undecided', effect: 'undecided' } : { effect: 'compatible' }),
  });
}

function count(shared: readonly SharedType[]): string {
  const [first, ...more] = shared;
  if (first === undefined) return 'what';
  return more.length === 0 ? `the type ${first.name}` : `${shared.length} types (${first.name} among them)`;
}
