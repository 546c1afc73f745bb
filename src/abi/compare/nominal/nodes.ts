import { isOfMain } from '../../go/private.ts';
import type { Method, TypeId, TypeNode } from '../../model.ts';
import type { Edge, LocalChange, PairOf } from '../change.ts';
import { compareFunctions } from '../functions.ts';
import { changeOfPlace } from '../place-change.ts';
import type { Graphs } from '../relation.ts';
import { relateNominal } from './relate.ts';
import { compareStructs } from './structs.ts';

export interface NominalComparison {
  readonly changes: readonly LocalChange[];
  readonly edges: readonly Edge[];
}

/** Compares what two nodes of Go that stand for one another are made of: named types, and functions of symbols. */
export function compareNominal(graphs: Graphs, a: TypeNode, b: TypeNode, pairOf: PairOf): NominalComparison {
  if (a.kind === 'function' && b.kind === 'function') {
    const { changes, edges } = compareFunctions(graphs, a, b, pairOf);
    return { changes: changes.map((change) => ofSymbol(change)), edges };
  }
  const methods = compareMethodSets(graphs, methodsOf(a), methodsOf(b), pairOf);
  if (isOfMain(a) && isOfMain(b)) return methods;
  const made = comparePurpose(graphs, a, b, pairOf);
  return { changes: [...made.changes, ...methods.changes], edges: [...made.edges, ...methods.edges] };
}

function ofSymbol(change: LocalChange): LocalChange {
  return change.effect === 'undecided' ? change : { ...change, rule: 'go/symbol-changed', effect: 'breaking' };
}

function comparePurpose(graphs: Graphs, a: TypeNode, b: TypeNode, pairOf: PairOf): NominalComparison {
  if (a.kind === 'struct' && b.kind === 'struct' && (a.goMethods === undefined) === (b.goMethods === undefined)) {
    if (a.goMethods === undefined || b.goMethods === undefined) return compareStructs(graphs, a, b, pairOf);
    return compareInterfaces(graphs, a.goMethods, b.goMethods, pairOf);
  }
  if (a.kind === 'typedef' && b.kind === 'typedef') {
    const { change, pairs } = relateNominal(graphs, a.target, b.target);
    const edges = pairs.map((pair): Edge => ({ to: pairOf(pair.old, pair.new), kind: pair.through, label: '' }));
    if (change === undefined) return { changes: [], edges };
    return { changes: [changeOfPlace(change, 'what it is', 'go/type-changed', { matters: 'layout' })], edges };
  }
  const text = `it was ${purpose(a)} and is ${purpose(b)}`;
  return { changes: [{ rule: 'go/type-changed', effect: 'breaking', text, matters: 'layout' }], edges: [] };
}

function purpose(node: TypeNode): string {
  if (node.kind === 'struct') return node.goMethods === undefined ? 'a struct' : 'an interface';
  return 'a type of another kind';
}

type InterfaceMethods = readonly { readonly name: string; readonly type: TypeId }[];

/** A type of a host that has all methods of the old interface may lack one of the new. */
function compareInterfaces(
  graphs: Graphs,
  a: InterfaceMethods,
  b: InterfaceMethods,
  pairOf: PairOf,
): NominalComparison {
  const before = new Set(a.map(({ name }) => name));
  const { changes, edges } = compareMethods(graphs, a, b, pairOf, 'go/type-changed');
  const added = b
    .filter(({ name }) => !before.has(name))
    .map(({ name }) => methodChange('go/type-changed', name, `method ${name} was added to the interface`));
  return { changes: [...added, ...changes], edges };
}

/** What a pointer to a variable can do: hosts assert interfaces with these methods. More of them harm nobody. */
function compareMethodSets(
  graphs: Graphs,
  a: readonly Method[],
  b: readonly Method[],
  pairOf: PairOf,
): NominalComparison {
  return compareMethods(graphs, a, b, pairOf, 'go/symbol-changed');
}

function compareMethods(
  graphs: Graphs,
  a: InterfaceMethods,
  b: InterfaceMethods,
  pairOf: PairOf,
  rule: LocalChange['rule'],
): NominalComparison {
  const changes: LocalChange[] = [];
  const edges: Edge[] = [];
  const now = new Map(b.map(({ name, type }) => [name, type]));
  for (const { name, type } of a) {
    const other = now.get(name);
    if (other === undefined) {
      changes.push(methodChange(rule, name, `method ${name} was removed`));
      continue;
    }
    const { change, pairs } = relateNominal(graphs, type, other);
    if (change !== undefined)
      changes.push(changeOfPlace(change, `method ${name}`, rule, { part: name, matters: 'layout' }));
    for (const pair of pairs) edges.push({ to: pairOf(pair.old, pair.new), kind: 'pointer', label: `method ${name}` });
  }
  return { changes, edges };
}

function methodChange(rule: LocalChange['rule'], part: string, text: string): LocalChange {
  return { rule, effect: 'breaking', text, part, matters: 'layout' };
}

function methodsOf(node: TypeNode): readonly Method[] {
  return node.kind === 'struct' || node.kind === 'typedef' ? (node.methods ?? []) : [];
}
