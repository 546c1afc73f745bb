import type { TypeEvidence } from '../../compare/model.ts';
import type { RuleId } from '../../rules/catalogue.ts';
import { severityOfEffect } from '../../rules/effects.ts';
import type { Effect, Finding, Location } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import { isCompilerMade } from '../compiler-made.ts';
import type { AbiSymbol, Declared, TypeGraph, TypeNode } from '../model.ts';
import { qualifiedName } from '../names.ts';
import type { LocalChange, PairNode } from './change.ts';
import { explore, type PairGraph, type SymbolTypes } from './explore.ts';
import { EXPOSURE, exposures, isHidden, reachedFrom, shortestWays } from './exposure.ts';
import { layoutSketch } from './layout-sketch.ts';
import { type RecordNode, recordName } from './records.ts';
import { type Graphs, isRecord } from './relate.ts';

export interface CompareTypesOptions {
  /** Tells whether a source file is a public header; without it, types declared in headers count as public. */
  readonly isPublicHeader?: (file: string) => boolean;
  /** Turns a declaration's file into a path for reports, relative to the repository where it lies inside. */
  readonly locate?: (file: string) => string;
}

/** Names listed in `affected`; the message counts all. */
const MAX_AFFECTED = 200;
const ORDER: readonly Effect[] = ['compatible', 'risky', 'source-breaking', 'undecided', 'breaking'];

/** Compares the types of all symbols that both releases export. */
export function compareTypes(old: TypeGraph, now: TypeGraph, options: CompareTypesOptions = {}): TypeEvidence {
  const graphs: Graphs = { old, new: now };
  const { pairs, open } = pairSymbols(old, now);
  const graph = explore(graphs, pairs);
  const context = contextOf(graphs, graph, options);
  const findings: Finding[] = [];
  const uncertain = new Set<string>();
  graph.roots.forEach((root, number) => {
    for (const change of root.changes) {
      findings.push(rootFinding(root.name, change, pairs[number], graphs, options));
      if (change.effect === 'undecided') uncertain.add(root.name);
    }
  });
  graph.nodes.forEach((node, at) => {
    const made = nodeFinding(at, node, context);
    if (made !== undefined) findings.push(made);
  });
  const compared = new Set(pairs.map(({ name }) => name).filter((name) => !uncertain.has(name)));
  for (const { name } of old.symbols) if (isCompilerMade(name)) compared.add(name);
  return { findings, compared: withoutVersions(compared), missing: missingText(old, now, open.size) };
}

interface Context {
  readonly graphs: Graphs;
  readonly graph: PairGraph;
  readonly options: CompareTypesOptions;
  readonly flags: Uint8Array;
  readonly isPrivate: (node: number) => boolean;
  readonly wayTo: ReturnType<typeof shortestWays>;
  readonly rootsOf: ReturnType<typeof reachedFrom>;
}

function contextOf(graphs: Graphs, graph: PairGraph, options: CompareTypesOptions): Context {
  const isPrivate = (at: number): boolean => {
    const [before, after] = [
      graphs.old.nodes[graph.nodes[at]?.old ?? -1],
      graphs.new.nodes[graph.nodes[at]?.new ?? -1],
    ];
    // Headers move between releases: public in one of them is public.
    return [before, after].every((node) => node !== undefined && isPrivateType(node, options));
  };
  return {
    graphs,
    graph,
    options,
    flags: exposures(graph, isPrivate),
    isPrivate,
    wayTo: shortestWays(graph),
    rootsOf: reachedFrom(graph),
  };
}

/** Files that are compiled themselves and that no consumer includes. */
const SOURCE_FILE = /\.(?:c|cc|cpp|cxx|c\+\+|C|m|mm|s|S)$/;

function isPrivateType(node: TypeNode, { isPublicHeader }: CompareTypesOptions): boolean {
  if (!isRecord(node) && node.kind !== 'enum') return false;
  if ('language' in node && (node.language === 'rust' || node.language === 'go')) return false;
  const file = node.declared?.file;
  if (file === undefined) return false;
  return isPublicHeader === undefined ? SOURCE_FILE.test(file) : !isPublicHeader(file);
}

function nodeFinding(at: number, node: PairNode, context: Context): Finding | undefined {
  if (node.changes.length === 0) return undefined;
  const { graphs, flags, graph } = context;
  const before = graphs.old.nodes[node.old];
  const after = graphs.new.nodes[node.new];
  if (before === undefined || after === undefined) return undefined;
  const exposed = flags[at] ?? 0;
  const hidden = exposed === 0 || isHidden(exposed, () => context.isPrivate(at));
  const changes = node.changes.map(
    (change) => ({ ...change, effect: hidden ? 'compatible' : softened(change, exposed, node) }) as const,
  );
  const worst = changes.reduce((a, b) => (ORDER.indexOf(b.effect) > ORDER.indexOf(a.effect) ? b : a));
  const way = context.wayTo(at);
  const symbols = context.rootsOf(at).map((number) => graph.roots[number]?.name ?? '');
  const name = nodeName(after, way?.labels ?? []);
  const isRoot = way !== undefined && way.nodes.length === 1 && after.kind === 'function';
  const subject = isRoot ? (graph.roots[way.root]?.name ?? name) : name;
  const text = [...new Set(changes.map((change) => change.text))].slice(0, 6).join('; ');
  const more = changes.length > 6 ? `; and ${changes.length - 6} more changes` : '';
  const reach = isRoot ? '' : ` ${symbols.length} exported symbol${symbols.length === 1 ? ' reaches' : 's reach'} it.`;
  const visible = hidden ? ' Consumers can only hold it by pointer and do not see it.' : '';
  const message = `${isRoot ? subject : name}: ${text}${more}.${visible}${reach}`;
  const rule: RuleId = hidden ? 'abi/private-type-changed' : worst.rule;
  const place = worst.declared ?? declaredOf(after) ?? declaredOf(before);
  return finding(rule, message, {
    effect: worst.effect,
    severity: severityOfEffect(worst.effect),
    subject,
    ...(isRoot ? { symbol: subject } : { type: name }),
    ...(worst.old === undefined ? {} : { old: worst.old }),
    ...(worst.new === undefined ? {} : { new: worst.new }),
    ...(place === undefined ? {} : { location: locationOf(place, context.options) }),
    path: pathOf(context, way, worst.part),
    affected: symbols.slice(0, MAX_AFFECTED),
    ...(isRecord(before) && isRecord(after) ? { details: layoutSketch(graphs.old, before, graphs.new, after) } : {}),
  });
}

/** What the way in which consumers come by a type leaves of a change's effect. */
function softened(change: LocalChange, exposed: number, node: PairNode): Effect {
  const passed = (exposed & EXPOSURE.value) !== 0;
  const input = (exposed & EXPOSURE.in) !== 0;
  switch (change.matters) {
    case 'always':
      return change.effect;
    case 'pass':
      return passed ? change.effect : 'compatible';
    case 'input':
      return input || passed ? change.effect : 'compatible';
    case 'layout': {
      // Grown at its end, and consumers only ever get pointers to what the plugin made: their old fields are in place.
      const grown = node.changes.every(
        ({ rule, old, new: now }) =>
          rule === 'abi/member-added' || (rule === 'abi/struct-size-changed' && Number(now) > Number(old)),
      );
      const embedded = (exposed & EXPOSURE.embedded) !== 0;
      return grown && !passed && !input && !embedded && change.effect === 'breaking' ? 'risky' : change.effect;
    }
  }
}

function rootFinding(
  name: string,
  change: LocalChange,
  pair: SymbolTypes | undefined,
  graphs: Graphs,
  options: CompareTypesOptions,
): Finding {
  const symbol = graphs.new.symbols.find((one) => label(one) === name && one.type === pair?.new);
  return finding(change.rule, `${name}: ${change.text}.`, {
    effect: change.effect,
    severity: severityOfEffect(change.effect),
    subject: name,
    symbol: name,
    ...(change.old === undefined ? {} : { old: change.old }),
    ...(change.new === undefined ? {} : { new: change.new }),
    ...(symbol?.declared === undefined ? {} : { location: locationOf(symbol.declared, options) }),
    path: [name],
    affected: [name],
  });
}

function pathOf(
  { graph, graphs }: Context,
  way: ReturnType<Context['wayTo']>,
  part: string | undefined,
): readonly string[] {
  if (way === undefined) return part === undefined ? [] : [part];
  const path = [graph.roots[way.root]?.name ?? ''];
  way.nodes.forEach((at, step) => {
    const text = way.labels[step] ?? '';
    if (text !== '') path.push(text);
    const node = graphs.new.nodes[graph.nodes[at]?.new ?? -1];
    if (node !== undefined && (isRecord(node) || node.kind === 'enum')) path.push(nodeName(node, []));
  });
  if (part !== undefined) path.push(part);
  return path;
}

function nodeName(node: TypeNode, labels: readonly string[]): string {
  if (isRecord(node)) return recordName(node satisfies RecordNode);
  if (node.kind === 'enum')
    return node.scope === '' && node.name !== undefined ? `enum ${node.name}` : qualifiedName(node);
  return labels.length === 0
    ? 'function type'
    : `function type of ${labels.filter((text) => text !== '').at(-1) ?? 'the symbol'}`;
}

function declaredOf(node: TypeNode): Declared | undefined {
  return 'declared' in node ? node.declared : undefined;
}

function locationOf({ file, line, column }: Declared, { locate }: CompareTypesOptions): Location {
  return { file: locate === undefined ? file : locate(file), line, ...(column === undefined ? {} : { column }) };
}

function label({ name, version }: AbiSymbol): string {
  return version === undefined ? name : `${name}@${version}`;
}

function withoutVersions(labels: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...labels].map((text) => text.replace(/@.*$/, '')));
}

/** Symbols of both releases with their types; those without a type on either side stay open. */
function pairSymbols(
  old: TypeGraph,
  now: TypeGraph,
): { readonly pairs: readonly SymbolTypes[]; readonly open: ReadonlySet<string> } {
  const after = new Map(now.symbols.map((symbol) => [label(symbol), symbol]));
  const byName = new Map(now.symbols.map((symbol) => [symbol.name, symbol]));
  const pairs: SymbolTypes[] = [];
  const open = new Set<string>();
  for (const symbol of old.symbols) {
    // A symbol that moved to another version is still the same to compare.
    const other = after.get(label(symbol)) ?? byName.get(symbol.name);
    if (other === undefined || other.kind !== symbol.kind) continue;
    if (symbol.type === undefined || other.type === undefined) {
      if (!isCompilerMade(symbol.name)) open.add(symbol.name);
    } else pairs.push({ name: label(other), kind: symbol.kind, old: symbol.type, new: other.type });
  }
  return { pairs, open };
}

function missingText(old: TypeGraph, now: TypeGraph, open: number): string {
  const parts = [
    ...old.missing.map(({ message }) => `OLD: ${message.replace(/\.$/, '')}`),
    ...now.missing.map(({ message }) => `NEW: ${message.replace(/\.$/, '')}`),
  ];
  if (parts.length > 0) return parts.slice(0, 3).join('; ');
  return open > 0 ? 'no debug information describes them' : 'parts of their types could not be read';
}
