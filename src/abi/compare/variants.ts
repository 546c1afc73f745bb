import type { RecordNode } from '../record-node.ts';
import { isRecord } from '../record-node.ts';
import type { Edge, LocalChange, PairOf } from './change.ts';
import { compareMembers } from './members.ts';
import { peel } from './peel.ts';
import { changeOfPlace } from './place-change.ts';
import { relate } from './relate.ts';
import type { Graphs } from './relation.ts';

/** What the variants of two enums come to. */
export interface VariantChanges {
  /** Variants added, removed or selected otherwise, and what they hold changed. */
  readonly own: readonly LocalChange[];
  /** What variants hold lies at another place. */
  readonly moves: readonly LocalChange[];
  readonly edges: readonly Edge[];
  /** As in {@link MemberChanges}. */
  readonly embeddedChanged: boolean;
}

const NO_VARIANTS: VariantChanges = { own: [], moves: [], edges: [], embeddedChanged: false };

/**
 * Compares the variants of two Rust enums by name: their discriminants and what they hold. The struct that rustc makes
 * for each variant has the size of the whole, so that it is no type of its own here but a part of the enum.
 */
export function compareVariants(graphs: Graphs, a: RecordNode, b: RecordNode, pairOf: PairOf): VariantChanges {
  if (a.variants === undefined && b.variants === undefined) return NO_VARIANTS;
  if (a.variants === undefined || b.variants === undefined) {
    return { ...NO_VARIANTS, own: [variantChange('the variants changed', 'variants')] };
  }
  const own: LocalChange[] = [];
  const moves: LocalChange[] = [];
  const edges: Edge[] = [];
  let embeddedChanged = false;
  const now = new Map(b.variants.variants.map((variant) => [variant.name ?? variant.value ?? '', variant]));
  for (const variant of a.variants.variants) {
    const name = variant.name ?? variant.value ?? '';
    const other = now.get(name);
    now.delete(name);
    if (other === undefined) {
      own.push(variantChange(`variant ${name} was removed`, name));
      continue;
    }
    if (variant.value !== other.value) {
      const text = `variant ${name} changed its discriminant from ${variant.value ?? 'the default'} to ${other.value ?? 'the default'}`;
      own.push(variantChange(text, name));
    }
    const [one, twin] = [peel(graphs.old, variant.member.type).node, peel(graphs.new, other.member.type).node];
    if (isRecord(one) && isRecord(twin) && !one.declaration && !twin.declaration) {
      const inside = compareMembers(graphs, one, twin, pairOf);
      const told = (change: LocalChange): LocalChange => ({
        ...change,
        text: `variant ${name}: ${change.text}`,
        part: change.part === undefined ? name : `${name}.${change.part}`,
      });
      own.push(...inside.own.map(told));
      moves.push(...inside.moves.map(told));
      edges.push(...inside.edges.map((edge) => ({ ...edge, label: `variant ${name}, ${edge.label}` })));
      embeddedChanged ||= inside.embeddedChanged;
      continue;
    }
    const { change, pairs } = relate(graphs, variant.member.type, other.member.type);
    if (change !== undefined) {
      const more = { part: name, declared: other.member.declared, matters: 'layout' } as const;
      own.push(changeOfPlace(change, `variant ${name}`, 'abi/member-type-changed', more));
    }
    for (const pair of pairs)
      edges.push({ to: pairOf(pair.old, pair.new, pair.alias), kind: pair.through, label: `variant ${name}` });
  }
  for (const name of now.keys()) {
    own.push(variantChange(`variant ${name} was added, which old consumers do not know`, name));
  }
  return { own, moves, edges, embeddedChanged };
}

function variantChange(text: string, part: string): LocalChange {
  return { rule: 'abi/variant-changed', effect: 'breaking', text, part, matters: 'layout' };
}
