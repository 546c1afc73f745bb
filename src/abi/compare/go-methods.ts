import type { Edge, LocalChange, PairOf } from './change.ts';
import type { RecordNode } from './records.ts';

/**
 * The method sets of two Go interfaces. A value of an interface leads to a table with one entry for each method, in the
 * order of their names: one more or one less moves the others, and types that had all methods may lack one.
 */
export function compareGoMethods(
  a: RecordNode,
  b: RecordNode,
  pairOf: PairOf,
): { readonly changes: readonly LocalChange[]; readonly edges: readonly Edge[] } {
  const changes: LocalChange[] = [];
  const edges: Edge[] = [];
  const now = new Map((b.goMethods ?? []).map((method) => [method.name, method]));
  const before = new Set((a.goMethods ?? []).map(({ name }) => name));
  for (const { name, type } of a.goMethods ?? []) {
    const other = now.get(name);
    if (other === undefined) changes.push(changed(name, `method ${name} was removed from the interface`));
    else edges.push({ to: pairOf(type, other.type), kind: 'pointer', label: `method ${name}` });
  }
  for (const { name } of b.goMethods ?? []) {
    if (!before.has(name)) changes.push(changed(name, `method ${name} was added to the interface`));
  }
  return { changes, edges };
}

function changed(part: string, text: string): LocalChange {
  return { rule: 'abi/vtable-changed', effect: 'breaking', text, part, matters: 'layout' };
}
