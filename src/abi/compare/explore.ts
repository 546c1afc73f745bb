import type { Access, Declared, TypeId, TypeNode } from '../model.ts';
import { isRecord } from '../record-node.ts';
import { narrowed } from './access.ts';
import type { Alias, Edge, LocalChange, PairNode, PairOf } from './change.ts';
import { compareEnums } from './enums.ts';
import { compareFunctions, describedByBoth } from './functions.ts';
import { compareNominal } from './nominal/nodes.ts';
import { isNominal } from './nominal/relate.ts';
import { compareNumbers } from './numbers.ts';
import { PairMap } from './pair-map.ts';
import { changeOfPlace } from './place-change.ts';
import { compareRecords } from './records.ts';
import { relate } from './relate.ts';
import type { Graphs } from './relation.ts';
import { alignmentChange, demandedAlignment, variableAlignment } from './typedef-alignment.ts';

/** A symbol of both releases, and where its types begin in the graph of pairs. */
export interface Root {
  readonly name: string;
  readonly kind: 'function' | 'variable';
  /** A function's own pair; a variable has edges to whatever its type leads to. */
  readonly edges: readonly Edge[];
  readonly declared?: Declared;
  /** The plugin takes it from its host: there the host makes what comes out, and reads what goes in. */
  readonly imported?: boolean;
  /** How consumers come by it, as bits of EXPOSURE; told by kind and direction unless given. */
  readonly exposure?: number;
  /** Differences of the variable's type itself, or of what the function promises. */
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
  /** Where the new release declares it. */
  readonly declared?: Declared;
  /** The plugin takes it from its host. */
  readonly imported?: boolean;
  /** A type that is no symbol's own: how it is come by. */
  readonly exposure?: number;
  /** Members of classes: how accessible they were and are. */
  readonly access?: readonly [before: Access, after: Access];
  /** It never returned, and now it may. */
  readonly returns?: boolean;
  /** Variables: bytes to which either release aligns it, where the source demands them. */
  readonly demanded?: readonly [number | undefined, number | undefined];
}

/**
 * Compares, from each pair of symbols, every pair of named nodes that they reach, each once: cycles and shared types
 * cost nothing more. A pair's own differences stand at the pair; what lies below is an edge. So a type that changed is
 * told apart from one that only holds a changed type, without any search for a fixed point.
 */
export function explore(graphs: Graphs, symbols: readonly SymbolTypes[]): PairGraph {
  const nodes: PairNode[] = [];
  const numbers = new PairMap<number>(graphs.old.nodes.length);
  const open: number[] = [];
  const pairOf = (old: TypeId, now: TypeId, alias?: Alias): number => {
    const known = numbers.get(old, now);
    if (known !== undefined) return known;
    nodes.push(
      alias === undefined
        ? { old, new: now, changes: [], edges: [] }
        : { old, new: now, changes: [], edges: [], alias },
    );
    numbers.set(old, now, nodes.length - 1);
    open.push(nodes.length - 1);
    return nodes.length - 1;
  };
  const variableRule = isNominal(graphs) ? 'go/symbol-changed' : 'abi/variable-type-changed';
  const roots = symbols.map((symbol): Root => {
    const place: { -readonly [Key in 'declared' | 'imported' | 'exposure']?: Root[Key] } = {};
    if (symbol.declared !== undefined) place.declared = symbol.declared;
    if (symbol.imported === true) place.imported = true;
    if (symbol.exposure !== undefined) place.exposure = symbol.exposure;
    const access = accessChange(symbol);
    if (symbol.kind === 'function') {
      const to = pairOf(symbol.old, symbol.new);
      const pair = symbol.name.startsWith('_Z') ? nodes[to] : undefined;
      if (pair !== undefined) pair.mangled = true;
      const changes = symbol.returns === true ? [RETURNS, ...access] : access;
      return { ...place, name: symbol.name, kind: 'function', edges: [{ to, kind: 'value', label: '' }], changes };
    }
    const { change, pairs } = relate(graphs, symbol.old, symbol.new, 'variable');
    return {
      ...place,
      name: symbol.name,
      kind: 'variable',
      edges: pairs.map((pair) => ({ to: pairOf(pair.old, pair.new, pair.alias), kind: pair.through, label: '' })),
      changes: [
        ...(change === undefined ? [] : [changeOfPlace(change, 'the type', variableRule, ALWAYS)]),
        ...variableAlignment(graphs, symbol),
        ...access,
      ],
    };
  });
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const pair = nodes[at];
    if (pair === undefined) continue;
    const { changes, edges } = compareNode(graphs, pair, pairOf);
    if (changes.length > 0) for (const change of changes) pair.changes.push(change);
    for (let number = 0; number < edges.length; number += 1) {
      const edge = edges[number];
      if (edge !== undefined) pair.edges.push(edge);
    }
  }
  return { nodes, roots };
}

function accessChange({ access }: SymbolTypes): readonly LocalChange[] {
  const change = access === undefined ? undefined : narrowed('it', ...access);
  return change === undefined ? [] : [change];
}

/** Callers were compiled with nothing behind the call. */
const RETURNS: LocalChange = {
  rule: 'abi/noreturn-removed',
  effect: 'risky',
  text: 'it was declared never to return and no longer is',
  matters: 'always',
};

const ALWAYS = { matters: 'always' } as const;

interface NodeComparison {
  readonly changes: readonly LocalChange[];
  readonly edges: readonly Edge[];
}

function compareNode(graphs: Graphs, pair: PairNode, pairOf: PairOf): NodeComparison {
  const a = graphs.old.nodes[pair.old];
  const b = graphs.new.nodes[pair.new];
  if (a === undefined || b === undefined) return unreadable('a type that is not there');
  if (isNominal(graphs)) return compareNominal(graphs, a, b, pairOf);
  if (isRecord(a) && isRecord(b)) return compareRecords(graphs, a, b, pairOf, pair);
  if (a.kind === 'enum' && b.kind === 'enum') return { changes: compareEnums(a, b), edges: [] };
  if (a.kind === 'function' && b.kind === 'function') {
    const [before, after] = pair.mangled === true ? describedByBoth(a, b) : [a, b];
    return compareFunctions(graphs, before, after, pairOf);
  }
  if (a.kind === 'typedef' && b.kind === 'typedef') return compareTypedefs(graphs, a, b, pairOf, pair);
  if (a.kind === 'base' && b.kind === 'base') return { changes: compareSameNumber(a, b), edges: [] };
  const reason = [a, b].map((node) => (node.kind === 'unknown' ? node.reason : '')).find((text) => text !== '');
  return unreadable(reason ?? `a ${a.kind} became a ${b.kind}`);
}

function unreadable(reason: string): NodeComparison {
  const text = `the type could not be read: ${reason}`;
  return { changes: [{ rule: 'abi/type-unreadable', effect: 'undecided', text, matters: 'always' }], edges: [] };
}

type Typedef = Extract<TypeNode, { kind: 'typedef' }>;

/** A typedef that names another type than before: one change, wherever it is used. */
function compareTypedefs(
  graphs: Graphs,
  a: Typedef,
  b: Typedef,
  pairOf: PairOf,
  ids: { readonly old: TypeId; readonly new: TypeId },
): NodeComparison {
  const { change, pairs } = relate(graphs, a.target, b.target);
  const declared = b.declared === undefined ? {} : { declared: b.declared };
  const changes: LocalChange[] = [];
  const aligned = change === undefined ? demandedAlignment(graphs, ids.old, ids.new) : undefined;
  if (aligned !== undefined) changes.push({ ...alignmentChange(aligned), ...declared });
  if (change !== undefined) {
    const more = { matters: 'layout', ...declared } as const;
    changes.push(changeOfPlace(change, 'the type that it names', 'abi/typedef-changed', more));
  }
  return {
    changes,
    edges: pairs.map((pair) => ({ to: pairOf(pair.old, pair.new, pair.alias), kind: pair.through, label: '' })),
  };
}

type Base = Extract<TypeNode, { kind: 'base' }>;

function compareSameNumber(a: Base, b: Base): readonly LocalChange[] {
  const difference = compareNumbers(a, b);
  if (difference === undefined) return [];
  return [
    {
      rule: 'abi/number-type-changed',
      effect: difference.effect,
      text: difference.why,
      old: `${a.encoding}, ${a.size} bytes`,
      new: `${b.encoding}, ${b.size} bytes`,
      matters: 'layout',
    },
  ];
}
