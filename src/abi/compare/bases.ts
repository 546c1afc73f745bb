import { sameInstance } from '../cxx/instance-names.ts';
import { classIdentity, typeName } from '../names.ts';
import type { RecordNode } from '../record-node.ts';
import type { Edge, LocalChange, PairOf } from './change.ts';
import { layoutDiffers } from './members.ts';
import { peel, sizeOf } from './peel.ts';
import { relate } from './relate.ts';
import type { Graphs } from './relation.ts';

export interface BaseChanges {
  readonly own: readonly LocalChange[];
  /** Bases at another place. */
  readonly moves: readonly LocalChange[];
  readonly edges: readonly Edge[];
  readonly embeddedChanged: boolean;
}

/** Bases whose names are compared more closely. */
const MOST_BASES = 64;

const NO_BASES: BaseChanges = { own: [], moves: [], edges: [], embeddedChanged: false };

/** Compares base classes by name: added, removed, moved, virtual. */
export function compareBases(graphs: Graphs, a: RecordNode, b: RecordNode, pairOf: PairOf): BaseChanges {
  const own: LocalChange[] = [];
  const moves: LocalChange[] = [];
  const edges: Edge[] = [];
  let embeddedChanged = false;
  if (a.bases.length === 0 && b.bases.length === 0) return NO_BASES;
  const names = (graph: Graphs['old'], record: RecordNode) =>
    record.bases.map((base) => {
      const { id } = peel(graph, base.type);
      return { ...base, key: classIdentity(graph, id), name: typeName(graph, id) };
    });
  const [before, after] = [names(graphs.old, a), names(graphs.new, b)];
  const now = new Map(after.map((base) => [base.key, base]));
  const old = new Set(before.map(({ key }) => key));
  for (const { key } of before.length > MOST_BASES || after.length > MOST_BASES ? [] : before) {
    const twin = now.has(key) ? undefined : after.find((base) => !old.has(base.key) && sameInstance(base.key, key));
    if (twin === undefined) continue;
    now.set(key, twin);
    old.add(twin.key);
  }
  for (const base of before) {
    const other = now.get(base.key);
    if (other === undefined) {
      own.push(baseChange(base.name, `base ${base.name} was removed`));
      continue;
    }
    if (base.virtual !== other.virtual) {
      own.push(baseChange(base.name, `base ${base.name} is ${other.virtual ? 'now' : 'no longer'} virtual`));
    } else if (base.offset !== other.offset) {
      const text = `base ${base.name} moved from offset ${base.offset} to ${other.offset}`;
      moves.push({ ...baseChange(base.name, text), old: String(base.offset), new: String(other.offset) });
    }
    if (layoutDiffers(graphs, base.type, other.type)) embeddedChanged = true;
    for (const pair of relate(graphs, base.type, other.type).pairs) {
      edges.push({ to: pairOf(pair.old, pair.new), kind: 'value', label: `base ${base.name}` });
    }
  }
  for (const base of after) {
    if (old.has(base.key)) continue;
    // An empty base takes no room; what it changes shows in the offsets of the others.
    const empty = sizeOf(graphs.new, base.type) === 1 && a.size === b.size;
    own.push({ ...baseChange(base.name, `base ${base.name} was added`), effect: empty ? 'compatible' : 'breaking' });
  }
  return { own, moves, edges, embeddedChanged };
}

function baseChange(name: string, text: string): LocalChange {
  return { rule: 'abi/base-changed', effect: 'breaking', text, part: `base ${name}`, matters: 'layout' };
}
