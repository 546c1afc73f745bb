import type { TypeId } from '../model.ts';
import type { Edge, LocalChange, PairNode } from './change.ts';
import { compareEnums } from './enums.ts';
import { compareFunctions } from './functions.ts';
import { compareRecords } from './records.ts';
import { type Graphs, isRecord, relate } from './relate.ts';

/** A symbol of both releases, and where its types begin in the graph of pairs. */
export interface Root {
  readonly name: string;
  readonly kind: 'function' | 'variable';
  /** A function's own pair; a variable has edges to whatever its type leads to. */
  readonly edges: readonly Edge[];
  /** Differences of the variable's type itself. */
  readonly changes: readonly LocalChange[];
}

export interface PairGraph {
  readonly nodes: readonly PairNode[];
  readonly roots: readonly Root[];
}

/** One pair of symbols with known types. */
export interface SymbolTypes {
  readonly name: string;
  readonly kind: 'function' | 'variable';
  readonly old: TypeId;
  readonly new: TypeId;
}

const STRIDE = 2 ** 26;

/**
 * Compares, from each pair of symbols, every pair of named nodes that they reach, each once: cycles and shared types
 * cost nothing more. A pair's own differences stand at the pair; what lies below is an edge. So a type that changed is
 * told apart from one that only holds a changed type, without any search for a fixed point.
 */
export function explore(graphs: Graphs, symbols: readonly SymbolTypes[]): PairGraph {
  const nodes: PairNode[] = [];
  const numbers = new Map<number, number>();
  const open: number[] = [];
  const pairOf = (old: TypeId, now: TypeId): number => {
    const key = old * STRIDE + now;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    nodes.push({ old, new: now, changes: [], edges: [] });
    numbers.set(key, nodes.length - 1);
    open.push(nodes.length - 1);
    return nodes.length - 1;
  };
  const roots = symbols.map((symbol): Root => {
    if (symbol.kind === 'function') {
      const to = pairOf(symbol.old, symbol.new);
      return { name: symbol.name, kind: 'function', edges: [{ to, kind: 'value', label: '' }], changes: [] };
    }
    const { change, pairs } = relate(graphs, symbol.old, symbol.new);
    return {
      name: symbol.name,
      kind: 'variable',
      edges: pairs.map((pair) => ({ to: pairOf(pair.old, pair.new), kind: pair.through, label: 'value' })),
      changes:
        change === undefined
          ? []
          : [
              {
                rule: 'abi/variable-type-changed',
                effect: change.effect,
                text: `the type changed from ${change.old} to ${change.new}: ${change.why}`,
                old: change.old,
                new: change.new,
                matters: 'always',
              },
            ],
    };
  });
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const pair = nodes[at];
    if (pair === undefined) continue;
    const { changes, edges } = compareNode(graphs, pair, pairOf);
    pair.changes.push(...changes);
    pair.edges.push(...edges);
  }
  return { nodes, roots };
}

function compareNode(
  graphs: Graphs,
  pair: PairNode,
  pairOf: (old: TypeId, now: TypeId) => number,
): { readonly changes: readonly LocalChange[]; readonly edges: readonly Edge[] } {
  const [a, b] = [graphs.old.nodes[pair.old], graphs.new.nodes[pair.new]];
  if (a === undefined || b === undefined) return { changes: [], edges: [] };
  if (isRecord(a) && isRecord(b)) return compareRecords(graphs, a, b, pairOf);
  if (a.kind === 'enum' && b.kind === 'enum') return { changes: compareEnums(a, b), edges: [] };
  if (a.kind === 'function' && b.kind === 'function') return compareFunctions(graphs, a, b, pairOf);
  return { changes: [], edges: [] };
}
