import type { Edge, LocalChange, PairOf } from './change.ts';
import { changeOfPlace } from './place-change.ts';
import type { RecordNode } from './records.ts';
import { type Graphs, relate } from './relate.ts';

/** Compares the variants of two Rust enums by name: their discriminants and what they hold. */
export function compareVariants(
  graphs: Graphs,
  a: RecordNode,
  b: RecordNode,
  pairOf: PairOf,
  changes: LocalChange[],
  edges: Edge[],
): void {
  if (a.variants === undefined && b.variants === undefined) return;
  if (a.variants === undefined || b.variants === undefined) {
    changes.push(variantChange('the variants changed', 'variants'));
    return;
  }
  const now = new Map(b.variants.variants.map((variant) => [variant.name ?? variant.value ?? '', variant]));
  for (const variant of a.variants.variants) {
    const name = variant.name ?? variant.value ?? '';
    const other = now.get(name);
    now.delete(name);
    if (other === undefined) {
      changes.push(variantChange(`variant ${name} was removed`, name));
      continue;
    }
    if (variant.value !== other.value) {
      const text = `variant ${name} changed its discriminant from ${variant.value ?? 'the default'} to ${other.value ?? 'the default'}`;
      changes.push(variantChange(text, name));
    }
    const { change, pairs } = relate(graphs, variant.member.type, other.member.type);
    if (change !== undefined) {
      const more = { part: name, declared: other.member.declared, matters: 'layout' } as const;
      changes.push(changeOfPlace(change, `variant ${name}`, 'abi/member-type-changed', more));
    }
    for (const pair of pairs)
      edges.push({ to: pairOf(pair.old, pair.new, pair.alias), kind: pair.through, label: `variant ${name}` });
  }
  for (const name of now.keys()) {
    changes.push(variantChange(`variant ${name} was added, which old consumers do not know`, name));
  }
}

function variantChange(text: string, part: string): LocalChange {
  return { rule: 'abi/variant-changed', effect: 'breaking', text, part, matters: 'layout' };
}
