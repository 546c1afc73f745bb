import { type CompareTypesOptions, compareTypes } from '../abi/compare/compare-types.ts';
import { packageName } from '../abi/go/type-text.ts';
import type { TypeGraph, TypeNode } from '../abi/model.ts';
import { cappedNames, change, listNames } from '../compare/fold.ts';
import type { Finding } from '../rules/finding.ts';
import { isStandard } from './fit/settings.ts';
import type { PluginSymbol, PluginTable } from './plugin-table.ts';

/** The table of a release, and what compiled it. */
export interface Interface extends PluginTable {
  readonly toolchain?: string | undefined;
}

/**
 * What changed about the symbols that both releases have, and about the types that these lead to; from the type graph,
 * by the comparison that C and C++ have.
 */
export function compareInterfaces(
  before: Interface,
  after: Interface,
  options: CompareTypesOptions,
): readonly Finding[] {
  const then = symbolsByName(before);
  const now = symbolsByName(after);
  const findings: Finding[] = [];
  for (const [name, old] of then) {
    const found = now.get(name);
    if (found !== undefined && found.kind !== old.kind) findings.push(otherKind(old, found));
  }
  // Words about methods leave out what their parameters lead to.
  const inWords = before.inWords === true || after.inWords === true;
  if (inWords) findings.push(...methodsGone(then, now));
  const types = compareTypes(comparable(before.types, inWords), comparable(after.types, inWords), options);
  for (const one of types.findings) findings.push(forHosts(one, then, now));
  return foldStandardLibrary(findings, before.toolchain, after.toolchain);
}

/** What is missing in a graph is told of the table as a whole. */
function comparable(graph: TypeGraph, inWords: boolean): TypeGraph {
  return { ...graph, missing: [], nodes: inWords ? graph.nodes.map((node) => asInWords(node, graph)) : graph.nodes };
}

/** A node without what words do not tell: tags, methods, and of maps with a name the whole path of their package. */
function asInWords(node: TypeNode, { nodes }: TypeGraph): TypeNode {
  if (node.kind === 'typedef') {
    const isMap = nodes[node.target]?.kind === 'map';
    return { ...node, methods: [], scope: isMap ? packageName(node.scope) : node.scope };
  }
  if (node.kind !== 'struct') return node;
  return { ...node, methods: [], members: node.members.map(({ tag: _, ...member }) => member) };
}

function methodsGone(then: Symbols, now: Symbols): readonly Finding[] {
  return [...then].flatMap(([name, old]) => {
    const found = now.get(name);
    const gone = old.methods.filter((method) => found?.methods.includes(method) === false);
    if (gone.length === 0 || found?.kind !== old.kind) return [];
    const message = `${name} no longer has the ${gone.length === 1 ? 'method' : 'methods'} ${listNames(gone)}; hosts that assert an interface with ${gone.length === 1 ? 'it' : 'them'} fail.`;
    return [
      change('go/symbol-changed', 'breaking', message, {
        subject: name,
        symbol: name,
        old: gone.join('\n'),
        path: [name],
      }),
    ];
  });
}

function otherKind(old: PluginSymbol, now: PluginSymbol): Finding {
  const { name } = now;
  const message = `${labelOf(old)} is ${labelOf(now)} now; the type assertion of a host fails.`;
  const about = { subject: name, symbol: name, old: labelOf(old), new: labelOf(now), path: [name] };
  return change('go/symbol-changed', 'breaking', message, about);
}

type Symbols = ReadonlyMap<string, PluginSymbol>;

/** Says what a change means for hosts. */
function forHosts(found: Finding, then: Symbols, now: Symbols): Finding {
  switch (found.rule) {
    case 'go/type-changed':
      return { ...found, message: `${found.message} Hosts that were built with the old one refuse the plugin.` };
    case 'go/symbol-changed':
      return forAssertions(found, then, now);
    case 'abi/type-unreadable':
      // It is read from tables, not from debug information.
      return { ...found, rule: 'go/table-not-compared' };
    default:
      return found;
  }
}

function forAssertions({ type: _, ...found }: Finding, then: Symbols, now: Symbols): Finding {
  const name = found.symbol ?? found.affected?.[0] ?? found.subject ?? '';
  const [old, other] = [then.get(name), now.get(name)];
  const about = { ...found, subject: name, symbol: name };
  // Of a variable whose type hosts cannot name, the methods changed: the type is nothing that they know.
  const text = found.message.slice(found.message.indexOf(': ') + 2);
  if (found.symbol === undefined) {
    return { ...about, message: `${name}: ${text} Hosts that assert an interface with the old method set fail.` };
  }
  const [was, is] = [old === undefined ? '' : labelOf(old), other === undefined ? '' : labelOf(other)];
  if (was === is) return { ...about, message: `${name}: ${text} The type assertion of a host fails.` };
  const message = `${was} is ${is} now; the type assertion of a host fails: ${text}`;
  return { ...about, old: was, new: is, message };
}

/** Another toolchain brings other types of the standard library, for one reason: one finding. */
function foldStandardLibrary(
  findings: readonly Finding[],
  old: string | undefined,
  now: string | undefined,
): readonly Finding[] {
  if (old === undefined || now === undefined || old === now) return findings;
  const isFolded = ({ rule, type }: Finding): boolean =>
    rule === 'go/type-changed' && type !== undefined && isStandard(type);
  const folded = findings.filter(isFolded);
  if (folded.length < 2) return findings;
  const names = folded.flatMap(({ type }) => type ?? []);
  const message = `${folded.length} types of the standard library that the exported symbols lead to changed with the toolchain, from ${old} to ${now}: ${listNames(names, 3)}. Hosts that were built with the old one refuse the plugin.`;
  const affected = cappedNames([...new Set(folded.flatMap((one) => one.affected ?? []))]);
  return [
    ...findings.filter((one) => !isFolded(one)),
    change('go/type-changed', 'breaking', message, { subject: 'standard library', old, new: now, affected }),
  ];
}

export function symbolsByName({ symbols }: Pick<PluginTable, 'symbols'>): Symbols {
  return new Map(symbols.map((symbol) => [symbol.name, symbol]));
}

/** `func Handle(string) error`, `var Limit int`. */
export function labelOf({ name, kind, type }: PluginSymbol): string {
  return kind === 'func' ? `func ${name}${type.replace(/^func/, '')}` : `var ${name} ${type}`;
}
