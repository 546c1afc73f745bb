import type { TypeEvidence } from '../../compare/model.ts';
import { isCompilerMade } from '../compiler-made.ts';
import type { AbiSymbol, TypeGraph } from '../model.ts';
import { evidenceFindings, missingText } from './evidence.ts';
import { explore, type SymbolTypes } from './explore.ts';
import { symbolFindings, typeFindings } from './findings.ts';
import type { FindingOptions } from './place-of.ts';
import type { Graphs } from './relate.ts';

export type CompareTypesOptions = FindingOptions;

/** Compares the types of all symbols that both releases export. */
export function compareTypes(old: TypeGraph, now: TypeGraph, options: CompareTypesOptions = {}): TypeEvidence {
  const graphs: Graphs = { old, new: now };
  const { pairs, open } = pairSymbols(old, now);
  const graph = explore(graphs, pairs);
  const findings = [
    ...symbolFindings(graph, pairs, options),
    ...typeFindings(graphs, graph, options),
    ...evidenceFindings(old, now),
  ];
  const compared = new Set(pairs.map(({ name }) => withoutVersion(name)));
  for (const { name } of old.symbols) if (isCompilerMade(name)) compared.add(name);
  // Of a symbol with several versions all must have a type.
  for (const name of open) compared.delete(name);
  return { findings, compared, missing: missingText(old, now) };
}

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
): { readonly pairs: readonly SymbolTypes[]; readonly open: ReadonlySet<string> } {
  const after = new Map(now.symbols.map((symbol) => [labelOf(symbol), symbol]));
  const byName = new Map(now.symbols.map((symbol) => [symbol.name, symbol]));
  const pairs: SymbolTypes[] = [];
  const open = new Set<string>();
  // Sorted: the order of the symbol table is that of its hash values, and paths are to be the same for each compiler.
  for (const symbol of [...old.symbols].sort((a, b) => (labelOf(a) < labelOf(b) ? -1 : 1))) {
    // A symbol that moved to another version is still the same to compare.
    const other = after.get(labelOf(symbol)) ?? byName.get(symbol.name);
    if (other === undefined) continue;
    if (other.kind !== symbol.kind) open.add(symbol.name);
    else if (symbol.type === undefined || other.type === undefined) {
      if (!isCompilerMade(symbol.name)) open.add(symbol.name);
    } else {
      pairs.push({
        name: labelOf(other),
        kind: symbol.kind,
        old: symbol.type,
        new: other.type,
        ...(other.declared === undefined ? {} : { declared: other.declared }),
        ...(symbol.noreturn === true && other.noreturn !== true ? { returns: true } : {}),
      });
    }
  }
  return { pairs, open };
}
