import type { TypeNode } from '../model.ts';
import type { Edge, LocalChange } from './change.ts';
import { type Graphs, relate } from './relate.ts';

type FunctionNode = Extract<TypeNode, { kind: 'function' }>;

/** Registers the pair of two nodes and gives its number. */
export type PairOf = (old: number, now: number) => number;

/** Compares two function types: parameters by position, result, variadic part, calling convention. */
export function compareFunctions(
  graphs: Graphs,
  a: FunctionNode,
  b: FunctionNode,
  pairOf: PairOf,
): { readonly changes: LocalChange[]; readonly edges: Edge[] } {
  const changes: LocalChange[] = [];
  const edges: Edge[] = [];
  const place = (
    old: number,
    now: number,
    label: string,
    kind: 'parameter' | 'result',
    rule: LocalChange['rule'],
  ): void => {
    const { change, pairs } = relate(graphs, old, now);
    if (change !== undefined) {
      const text = `${label} changed from ${change.old} to ${change.new}: ${change.why}`;
      changes.push({
        rule,
        effect: change.effect,
        text,
        part: label,
        old: change.old,
        new: change.new,
        matters: 'always',
      });
    }
    for (const pair of pairs)
      edges.push({ to: pairOf(pair.old, pair.new), kind: pair.through === 'pointer' ? 'pointer' : kind, label });
  };
  place(a.result, b.result, 'result', 'result', 'abi/result-changed');
  const results = [a.results ?? [], b.results ?? []] as const;
  for (let at = 0; at < Math.min(results[0].length, results[1].length); at += 1) {
    place(results[0][at] ?? 0, results[1][at] ?? 0, `result ${at + 1}`, 'result', 'abi/result-changed');
  }
  if (results[0].length !== results[1].length) {
    changes.push(always('abi/result-changed', `${results[0].length} results became ${results[1].length}`, 'result'));
  }
  // void f() in C says nothing about parameters: callers may pass any.
  const unspecified = (one: FunctionNode): boolean => !one.prototyped && one.parameters.length === 0;
  const common = Math.min(a.parameters.length, b.parameters.length);
  if (a.parameters.length !== b.parameters.length && !unspecified(a) && !unspecified(b)) {
    const grew = b.parameters.length > a.parameters.length;
    const counts = `${count(a)} became ${count(b)}`;
    changes.push({
      ...always(
        grew ? 'abi/parameter-added' : 'abi/parameter-removed',
        `the number of parameters changed: ${counts}`,
        'parameters',
      ),
      old: String(a.parameters.length),
      new: String(b.parameters.length),
    });
  }
  for (let at = 0; at < common; at += 1) {
    const [one, other] = [a.parameters[at], b.parameters[at]];
    if (one === undefined || other === undefined) continue;
    const name = other.name ?? one.name;
    const label = other.artificial ? 'this' : `parameter ${at + 1}${name === undefined ? '' : ` (${name})`}`;
    place(one.type, other.type, label, 'parameter', 'abi/parameter-type-changed');
  }
  if (a.variadic !== b.variadic && !unspecified(a) && !unspecified(b)) {
    changes.push(
      always(
        'abi/variadic-changed',
        b.variadic ? 'the function became variadic' : 'the function is no longer variadic',
        '...',
      ),
    );
  }
  if ((a.callingConvention ?? 1) !== (b.callingConvention ?? 1)) {
    changes.push(always('abi/calling-convention-changed', 'the calling convention changed', 'calling convention'));
  }
  return { changes, edges };
}

function always(rule: LocalChange['rule'], text: string, part: string): LocalChange {
  return { rule, effect: 'breaking', text, part, matters: 'always' };
}

function count({ parameters }: FunctionNode): string {
  return `${parameters.length}`;
}
