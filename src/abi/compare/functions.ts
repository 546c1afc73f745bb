import { returnsDerived } from '../cxx/vtable-layout.ts';
import type { TypeId, TypeNode } from '../model.ts';
import type { Edge, LocalChange, PairOf } from './change.ts';
import { changeOfPlace } from './place-change.ts';
import { relate } from './relate.ts';
import type { Graphs } from './relation.ts';

export type FunctionNode = Extract<TypeNode, { kind: 'function' }>;
export type { PairOf } from './change.ts';

/** Compares two function types: parameters by position, result, variadic part, calling convention. */
export function compareFunctions(
  graphs: Graphs,
  a: FunctionNode,
  b: FunctionNode,
  pairOf: PairOf,
): { readonly changes: LocalChange[]; readonly edges: Edge[] } {
  const changes: LocalChange[] = [];
  const edges: Edge[] = [];
  const compare = (old: number, now: number, labelled: () => string, position: 'parameter' | 'result'): void => {
    const { change, pairs } = relate(graphs, old, now, position);
    if (change === undefined && pairs.length === 0) return;
    const label = labelled();
    if (change !== undefined && !(position === 'result' && returnsDerived(graphs, old, now))) {
      const rule = position === 'result' ? 'abi/result-changed' : 'abi/parameter-type-changed';
      changes.push(changeOfPlace(change, label, rule, { part: label, matters: 'always' }));
    }
    for (let at = 0; at < pairs.length; at += 1) {
      const pair = pairs[at];
      if (pair === undefined) continue;
      const kind = pair.through === 'pointer' ? 'pointer' : position;
      edges.push({ to: pairOf(pair.old, pair.new, pair.alias), kind, label, flips: position === 'parameter' });
    }
  };
  compare(a.result, b.result, () => 'result', 'result');
  const before = a.results ?? NO_RESULTS;
  const after = b.results ?? NO_RESULTS;
  for (let at = 0; at < Math.min(before.length, after.length); at += 1) {
    compare(before[at] ?? 0, after[at] ?? 0, () => `result ${at + 1}`, 'result');
  }
  if (before.length !== after.length) {
    changes.push(always('abi/result-changed', `${before.length} results became ${after.length}`, 'result'));
  }
  if (!haveSameLists(a, b)) changes.push(...compareLists(a, b));
  const common = Math.min(a.parameters.length, b.parameters.length);
  for (let at = 0; at < common; at += 1) {
    const one = a.parameters[at];
    const other = b.parameters[at];
    if (one === undefined || other === undefined) continue;
    const label = (): string => {
      const name = other.name ?? one.name;
      return other.artificial ? 'this' : `parameter ${at + 1}${name === undefined ? '' : ` (${name})`}`;
    };
    compare(one.type, other.type, label, 'parameter');
  }
  if ((a.callingConvention ?? 1) !== (b.callingConvention ?? 1)) {
    changes.push(always('abi/calling-convention-changed', 'the calling convention changed', 'calling convention'));
  }
  return { changes, edges };
}

const NO_RESULTS: readonly TypeId[] = [];

/** Nothing for {@link compareLists} to tell, as with nearly all functions. */
function haveSameLists(a: FunctionNode, b: FunctionNode): boolean {
  const count = a.parameters.length;
  return count === b.parameters.length && a.variadic === b.variadic && (count > 0 || a.prototyped === b.prototyped);
}

/**
 * Two functions of one mangled name, which holds the types of the parameters: they have the same ones, and where one has
 * more, the other compiler left some out, as clang does with parameters that nothing uses. Names tell which.
 */
export function describedByBoth(a: FunctionNode, b: FunctionNode): readonly [FunctionNode, FunctionNode] {
  if (a.parameters.length === b.parameters.length) return [a, b];
  // Nobody leaves out `this`: the function became static, or no longer is.
  if (takesObject(a) !== takesObject(b)) return [a, b];
  const named = ({ parameters }: FunctionNode) =>
    new Set(parameters.map(({ name, artificial }) => key(name, artificial)));
  const kept = ({ parameters }: FunctionNode, other: ReadonlySet<string>) =>
    parameters.filter(
      ({ name, artificial }) => (name !== undefined || artificial === true) && other.has(key(name, artificial)),
    );
  return [
    { ...a, parameters: kept(a, named(b)) },
    { ...b, parameters: kept(b, named(a)) },
  ];
}

function takesObject({ parameters }: FunctionNode): boolean {
  return parameters[0]?.artificial === true;
}

function key(name: string | undefined, artificial: boolean | undefined): string {
  return artificial === true ? 'this' : (name ?? '');
}

/** Number of parameters, and whether more may follow. */
function compareLists(a: FunctionNode, b: FunctionNode): readonly LocalChange[] {
  const [open, closed] = [isUnspecified(a), isUnspecified(b)];
  if (open || closed) {
    if (!open || closed) return [];
    // Callers of f() may have passed anything, and do not say how many vector registers hold variable arguments.
    const from = 'it was declared without a parameter list';
    if (b.variadic) {
      return [{ ...always('abi/variadic-changed', `the function became variadic; ${from}`, '...'), effect: 'risky' }];
    }
    if (b.parameters.length === 0) return [];
    const text = `${from} and takes ${b.parameters.length} parameter${b.parameters.length === 1 ? '' : 's'} now`;
    return [{ ...always('abi/parameter-added', text, 'parameter 1'), effect: 'risky' }];
  }
  const changes: LocalChange[] = [];
  const [before, after] = [a.parameters.length, b.parameters.length];
  if (before !== after) {
    const rule = after > before ? 'abi/parameter-added' : 'abi/parameter-removed';
    const common = Math.min(before, after);
    const name = (after > before ? b : a).parameters[common]?.name;
    const text = `the number of parameters changed from ${before} to ${after}`;
    const part = `parameter ${common + 1}${name === undefined ? '' : ` (${name})`}`;
    changes.push({ ...always(rule, text, part), old: String(before), new: String(after) });
  }
  if (a.variadic !== b.variadic) {
    const text = b.variadic ? 'the function became variadic' : 'the function is no longer variadic';
    changes.push(always('abi/variadic-changed', text, '...'));
  }
  return changes;
}

/** `void f()` in C says nothing about parameters: callers may pass any. Compilers may mark it as variadic. */
function isUnspecified({ prototyped, parameters }: FunctionNode): boolean {
  return !prototyped && parameters.length === 0;
}

function always(rule: LocalChange['rule'], text: string, part: string): LocalChange {
  return { rule, effect: 'breaking', text, part, matters: 'always' };
}
