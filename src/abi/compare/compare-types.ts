import type { TypeEvidence } from '../../compare/model.ts';
import type { RuleId } from '../../rules/catalogue.ts';
import type { Finding } from '../../rules/finding.ts';
import { isCompilerMade } from '../compiler-made.ts';
import { shownSymbol } from '../demangle/demangle.ts';
import { isOfLambda, isToldByName } from '../demangle/itanium.ts';
import type { AbiSymbol, TypeGraph } from '../model.ts';
import { evidenceFindings, missingText } from './evidence.ts';
import { explore, type SymbolTypes } from './explore.ts';
import { symbolFindings, typeFindings } from './findings.ts';
import type { FindingOptions } from './place-of.ts';
import type { Graphs } from './relation.ts';

export type CompareTypesOptions = FindingOptions;

/** Compares the types of all symbols that both releases export. */
export function compareTypes(old: TypeGraph, now: TypeGraph, options: CompareTypesOptions = {}): TypeEvidence {
  const graphs: Graphs = { old, new: now };
  const { pairs, open, told } = pairSymbols(old, now);
  const graph = explore(graphs, pairs);
  const findings = [
    ...symbolFindings(graph, pairs, options),
    ...typeFindings(graphs, graph, options),
    ...evidenceFindings(old, now),
  ];
  const compared = new Set(told);
  for (const { imported, name } of pairs) if (imported !== true) compared.add(withoutVersion(name));
  for (const { name, kind } of old.symbols) if (isCompilerMade(name, kind)) compared.add(name);
  // Of a symbol with several versions all must have a type.
  for (const name of open) compared.delete(name);
  return { findings, compared, sizesTold: toldTables(old, findings), missing: missingText(old, now) };
}

/** Virtual tables of classes of which a finding tells that their table changed. */
function toldTables({ symbols }: TypeGraph, findings: readonly Finding[]): ReadonlySet<string> {
  const classes = new Set<string>();
  for (const { rule, type } of findings) if (TABLE_RULES.has(rule) && type !== undefined) classes.add(type);
  if (classes.size === 0) return classes;
  const tables = symbols.filter(({ name }) => name.startsWith(TABLE));
  return new Set(
    tables.flatMap(({ name }) => (classes.has(shownSymbol(name).replace(/^vtable for /, '')) ? [name] : [])),
  );
}

const TABLE = '_ZTV';
const TABLE_RULES = new Set<RuleId>(['abi/vtable-changed', 'abi/vtable-extended']);

function labelOf({ name, version }: AbiSymbol): string {
  return version === undefined ? name : `${name}@${version}`;
}

function withoutVersion(label: string): string {
  const at = label.indexOf('@');
  return at < 0 ? label : label.slice(0, at);
}

/** Symbols of both releases with their types; those without a type on either side stay open. */
function pairSymbols(
  old: TypeGraph,
  now: TypeGraph,
): { readonly pairs: readonly SymbolTypes[]; readonly open: ReadonlySet<string>; readonly told: ReadonlySet<string> } {
  const exported = new Map<string, AbiSymbol[]>();
  const taken = new Map<string, AbiSymbol>();
  for (const symbol of now.symbols) {
    if (symbol.imported === true) {
      taken.set(symbol.name, symbol);
      continue;
    }
    const same = exported.get(symbol.name);
    if (same === undefined) exported.set(symbol.name, [symbol]);
    else same.push(symbol);
  }
  const pairs: SymbolTypes[] = [];
  const imports: SymbolTypes[] = [];
  const open = new Set<string>();
  const told = new Set<string>();
  // Sorted: the order of the symbol table is that of its hash values, and paths are to be the same for each compiler.
  const sorted = old.symbols.map((symbol) => ({ symbol, label: labelOf(symbol) }));
  sorted.sort((a, b) => (a.label < b.label ? -1 : 1));
  for (const { symbol } of sorted) {
    if (symbol.imported === true) {
      // Compilers need not tell what they only call, so that a type that is missing here means nothing.
      const other = taken.get(symbol.name);
      const pair = other === undefined ? undefined : pairOf(symbol, other);
      if (pair !== undefined) imports.push({ ...pair, imported: true });
      continue;
    }
    const other = counterpart(exported.get(symbol.name), symbol.version);
    if (other === undefined || isCompilerMade(symbol.name, symbol.kind)) continue;
    const pair = pairOf(symbol, other);
    if (isOfLambda(symbol.name)) told.add(symbol.name);
    else if (pair !== undefined) pairs.push(pair);
    else if (isToldByName(symbol.name, symbol.kind)) told.add(symbol.name);
    else open.add(symbol.name);
  }
  // Behind the exported ones, so that paths begin at those.
  return { pairs: [...pairs, ...imports], open, told };
}

/** Definitions of one name that are looked at; glibc has six of one at most, a hostile file as many as it likes. */
const MOST_VERSIONS = 256;

/** The symbol of a name with a version, else the last of that name: one that moved to another version is still the same. */
function counterpart(named: readonly AbiSymbol[] | undefined, version: string | undefined): AbiSymbol | undefined {
  if (named === undefined) return undefined;
  const end = Math.max(0, named.length - MOST_VERSIONS);
  for (let at = named.length - 1; at >= end; at -= 1) if (named[at]?.version === version) return named[at];
  return named.at(-1);
}

function pairOf(symbol: AbiSymbol, other: AbiSymbol): SymbolTypes | undefined {
  if (symbol.kind !== other.kind || symbol.type === undefined || other.type === undefined) return undefined;
  const pair: { -readonly [Key in keyof SymbolTypes]: SymbolTypes[Key] } = {
    name: labelOf(other),
    kind: symbol.kind,
    old: symbol.type,
    new: other.type,
  };
  if (other.declared !== undefined) pair.declared = other.declared;
  if (symbol.noreturn === true && other.noreturn !== true) pair.returns = true;
  if (symbol.alignment !== undefined || other.alignment !== undefined) {
    pair.demanded = [symbol.alignment, other.alignment];
  }
  if (symbol.access !== undefined && other.access !== undefined) pair.access = [symbol.access, other.access];
  return pair;
}
