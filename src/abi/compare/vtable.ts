import { type Slot, virtualBases, vtableOf } from '../cxx/vtable-layout.ts';
import type { TypeGraph, TypeId } from '../model.ts';
import { typeName } from '../names.ts';
import type { Edge, LocalChange, PairOf } from './change.ts';
import type { Graphs } from './relation.ts';

/**
 * Compares the virtual tables of a class. Only the slots that the class itself adds are told here; those of a base are
 * told at the base. A class whose slots move because a base got more is told, too: its callers use the old numbers.
 */
export function compareVirtuals(
  graphs: Graphs,
  pair: { readonly old: TypeId; readonly new: TypeId },
  pairOf: PairOf,
): { readonly changes: readonly LocalChange[]; readonly edges: readonly Edge[] } {
  if (!mayHaveTable(graphs.old, pair.old) && !mayHaveTable(graphs.new, pair.new)) return NO_TABLES;
  const before = placed(vtableOf(graphs.old, pair.old));
  const after = placed(vtableOf(graphs.new, pair.new));
  const changes: LocalChange[] = [...virtualBaseOrder(graphs, pair)];
  const edges: Edge[] = [];
  if (before.length === 0 && after.length === 0) return { changes, edges };
  const ofOld = (slot: Slot): boolean => slot.introducedBy === pair.old;
  const ofNew = (slot: Slot): boolean => slot.introducedBy === pair.new;
  if (before.length === 0) {
    if (after.some(({ slot }) => ofNew(slot))) changes.push(breaking('the class got a virtual table', 'vtable'));
    return { changes, edges };
  }
  const now = new Map(after.map((one) => [one.key, one]));
  const old = new Map(before.map((one) => [one.key, one]));
  for (const { key, slot, at } of before) {
    const other = now.get(key);
    if (other === undefined) {
      if (ofOld(slot))
        changes.push({ ...breaking(`virtual function ${slot.name} was removed`, slot.name), gone: true });
      continue;
    }
    // The override of a base's function went or came: the slot stays where it is.
    if (ofOld(slot) && at !== other.at) {
      const text = `virtual function ${slot.name} moved from slot ${at} to ${other.at}`;
      changes.push({ ...breaking(text, slot.name), old: String(at), new: String(other.at) });
    }
    if (ofOld(slot) && slot.pure !== other.slot.pure && tellsPure(graphs.old) && tellsPure(graphs.new))
      changes.push(purity(slot, other.slot));
    const edge = functionEdge(graphs, slot, other.slot, pair, pairOf);
    if (edge !== undefined) edges.push(edge);
  }
  for (const { key, slot, at } of after) {
    if (old.has(key) || !ofNew(slot)) continue;
    changes.push(added(slot, at, at >= before.length));
  }
  return { changes, edges };
}

const NO_TABLES = { changes: [], edges: [] } as const;

function mayHaveTable(graph: TypeGraph, id: TypeId): boolean {
  const node = graph.nodes[id];
  if (node === undefined || !('bases' in node)) return true;
  return node.bases.length > 0 || node.methods.some(({ virtual }) => virtual !== 'no');
}

interface Placed {
  readonly key: string;
  readonly slot: Slot;
  readonly at: number;
}

/** Slots with keys of their own: destructors have two, covariant functions may have more. */
function placed(slots: readonly Slot[]): readonly Placed[] {
  const count = new Map<string, number>();
  return slots.map((slot, at) => {
    const number = count.get(slot.key) ?? 0;
    count.set(slot.key, number + 1);
    return { key: `${slot.key}#${number}`, slot, at };
  });
}

/** gcc marks all virtual functions alike, pure or not. */
function tellsPure({ producers }: TypeGraph): boolean {
  return producers.length > 0 && producers.every((text) => text.includes('clang'));
}

function purity(slot: Slot, other: Slot): LocalChange {
  const text = other.pure
    ? `virtual function ${slot.name} became pure`
    : `virtual function ${slot.name} is no longer pure`;
  return { ...breaking(text, slot.name), effect: other.pure ? 'breaking' : 'compatible' };
}

function added(slot: Slot, at: number, appended: boolean): LocalChange {
  const text = `virtual function ${slot.name} was added in slot ${at}${appended ? ', behind the old ones' : ''}`;
  const change = breaking(text, slot.name);
  return appended ? { ...change, rule: 'abi/vtable-extended', effect: 'risky' } : change;
}

/** Where: at the class, since gcc gives functions the place of their definition. */
function breaking(text: string, part: string): LocalChange {
  return {
    rule: 'abi/vtable-changed',
    effect: 'breaking',
    text,
    part,
    matters: 'layout',
  };
}

/** The functions that only the table leads to: those that are exported are compared as symbols. */
function functionEdge(
  graphs: Graphs,
  slot: Slot,
  other: Slot,
  pair: { readonly old: TypeId; readonly new: TypeId },
  pairOf: PairOf,
): Edge | undefined {
  if (slot.filledBy !== pair.old || other.filledBy !== pair.new) return undefined;
  if (slot.type === undefined || other.type === undefined) return undefined;
  if (isExported(graphs.old, slot) && isExported(graphs.new, other)) return undefined;
  return { to: pairOf(slot.type, other.type), kind: 'pointer', label: `virtual ${slot.name}` };
}

const exported = new WeakMap<TypeGraph, ReadonlySet<string>>();

function isExported(graph: TypeGraph, { linkageName }: Slot): boolean {
  let names = exported.get(graph);
  if (names === undefined) {
    names = new Set(graph.symbols.filter(({ type }) => type !== undefined).map(({ name }) => name));
    exported.set(graph, names);
  }
  return linkageName !== undefined && names.has(linkageName);
}

/** Where a virtual base lies is read from the table at a place that depends on the order of all of them. */
function virtualBaseOrder(
  graphs: Graphs,
  pair: { readonly old: TypeId; readonly new: TypeId },
): readonly LocalChange[] {
  const [before, after] = [virtualBases(graphs.old, pair.old), virtualBases(graphs.new, pair.new)];
  if (before.length < 2) return [];
  const kept = before.filter((name) => after.includes(name));
  const order = after.filter((name) => before.includes(name));
  if (kept.every((name, at) => name === order[at])) return [];
  const text = `the order of the virtual bases changed from ${kept.join(', ')} to ${order.join(', ')}`;
  const name = typeName(graphs.new, pair.new);
  return [{ rule: 'abi/base-changed', effect: 'breaking', text, part: `bases of ${name}`, matters: 'layout' }];
}
