import type { Method } from '../model.ts';
import type { Edge, LocalChange } from './change.ts';
import type { PairOf } from './functions.ts';
import type { RecordNode } from './records.ts';
import type { Graphs } from './relate.ts';

/**
 * Compares the virtual functions that a class itself declares. Slots are compared where the producer gives them;
 * their order stands in for them where it does not. Slots of bases are compared at the bases.
 */
export function compareVirtuals(
  _graphs: Graphs,
  a: RecordNode,
  b: RecordNode,
  pairOf: PairOf,
  changes: LocalChange[],
  edges: Edge[],
): void {
  const [before, after] = [virtuals(a), virtuals(b)];
  if (before.length === 0 && after.length === 0) return;
  const now = new Map(after.map((method) => [keyOf(method), method]));
  const old = new Set(before.map(keyOf));
  if (before.length === 0) {
    changes.push(change('abi/vtable-changed', 'breaking', 'the class got a vtable', 'vtable'));
    return;
  }
  for (const [at, method] of before.entries()) {
    const other = now.get(keyOf(method));
    if (other === undefined) {
      changes.push(
        change('abi/vtable-changed', 'breaking', `virtual function ${method.name} was removed`, method.name),
      );
      continue;
    }
    const slots = [method.slot ?? at, other.slot ?? after.indexOf(other)] as const;
    if (slots[0] !== slots[1]) {
      const text = `virtual function ${method.name} moved from slot ${slots[0]} to ${slots[1]}`;
      changes.push({
        ...change('abi/vtable-changed', 'breaking', text, method.name),
        old: String(slots[0]),
        new: String(slots[1]),
        declared: other.declared,
      });
    }
    if (method.virtual !== other.virtual) {
      const pure = other.virtual === 'pure';
      const text = pure
        ? `virtual function ${method.name} became pure`
        : `virtual function ${method.name} is no longer pure`;
      changes.push({
        ...change('abi/vtable-changed', pure ? 'breaking' : 'compatible', text, method.name),
        declared: other.declared,
      });
    }
    edges.push({ to: pairOf(method.type, other.type), kind: 'pointer', label: `virtual ${method.name}` });
  }
  const last = Math.max(...before.map(({ slot }, at) => slot ?? at));
  for (const [at, method] of after.entries()) {
    if (old.has(keyOf(method))) continue;
    const slot = method.slot ?? at;
    const appended = slot > last;
    const text = `virtual function ${method.name} was added in slot ${slot}${appended ? ', behind the old ones' : ''}`;
    changes.push({
      ...change(
        appended ? 'abi/vtable-extended' : 'abi/vtable-changed',
        appended ? 'risky' : 'breaking',
        text,
        method.name,
      ),
      declared: method.declared,
    });
  }
}

function change(rule: LocalChange['rule'], effect: LocalChange['effect'], text: string, part: string): LocalChange {
  return { rule, effect, text, part, matters: 'layout' };
}

function virtuals({ methods }: RecordNode): readonly Method[] {
  return methods.filter(({ virtual }) => virtual !== 'no').sort((one, other) => (one.slot ?? 0) - (other.slot ?? 0));
}

/** Overloads differ in their linkage name; a destructor has no stable one, but only one name. */
function keyOf({ name, linkageName }: Method): string {
  return name.startsWith('~') ? '~' : (linkageName ?? name);
}
