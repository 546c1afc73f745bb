import { type CompareTypesOptions, compareTypes } from '../abi/compare/compare-types.ts';
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
  const inWords = before.inWords === true || after.inWords === true;
  const types = compareTypes(comparable(before.types, inWords), comparable(after.types, inWords), options);
  for (const one of types.findings) findings.push(forHosts(one, then, now));
  return foldStandardLibrary(findings, before.toolchain, after.toolchain);
}

/** What is missing in a graph is told of the table as a whole. */
function comparable(graph: TypeGraph, inWords: boolean): TypeGraph {
  return { ...graph, missing: [], nodes: inWords ? graph.nodes.map(withoutTags) : graph.nodes };
}

function withoutTags(node: TypeNode): TypeNode {
  if (node.kind !== 'struct') return node;
  return { ...node, members: node.members.map(({ tag: _, ...member }) => member) };
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
