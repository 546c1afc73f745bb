import type { Member } from '../../model.ts';
import { typeName } from '../../names.ts';
import type { RecordNode } from '../../record-node.ts';
import type { Edge, LocalChange, PairOf } from '../change.ts';
import { layoutDiffers } from '../members.ts';
import { changeOfPlace } from '../place-change.ts';
import type { Graphs } from '../relation.ts';
import type { NominalComparison } from './nodes.ts';
import { relateNominal } from './relate.ts';

/**
 * Compares the fields of two structs of Go by name. Any difference makes another type of it: package hashes cover
 * names, types, order and tags, also of fields that are not exported.
 */
export function compareStructs(graphs: Graphs, a: RecordNode, b: RecordNode, pairOf: PairOf): NominalComparison {
  const own: LocalChange[] = [];
  const moves: LocalChange[] = [];
  const edges: Edge[] = [];
  let embeddedChanged = false;
  const now = byName(b.members);
  const before = byName(a.members);
  for (const [name, field] of before) {
    const other = now.get(name);
    if (other === undefined) {
      own.push(changed(name, `field ${name} (${typeName(graphs.old, field.type)}) was removed`));
      continue;
    }
    const { change, pairs } = relateNominal(graphs, field.type, other.type);
    for (const pair of pairs)
      edges.push({ to: pairOf(pair.old, pair.new), kind: pair.through, label: `field ${name}` });
    if (change !== undefined) {
      own.push(changeOfPlace(change, `field ${name}`, 'go/type-changed', { part: name, matters: 'layout' }));
    } else if (layoutDiffers(graphs, field.type, other.type)) embeddedChanged = true;
    own.push(...promises(name, field, other));
    if (field.bitOffset !== other.bitOffset) moves.push(moved(name, field, other));
  }
  for (const [name, field] of now) {
    if (before.has(name)) continue;
    const text = `field ${name} (${typeName(graphs.new, field.type)}) was added at offset ${field.bitOffset / 8}`;
    own.push({ ...changed(name, text), new: String(field.bitOffset / 8) });
  }
  const followed = [...moves, ...resized(a, b)];
  const consequence = own.length === 0 && embeddedChanged;
  return {
    changes: [...own, ...(consequence ? followed.map((change) => ({ ...change, consequence })) : followed)],
    edges,
  };
}

/** Fields by name; there can be many that are called `_`. */
function byName(fields: readonly Member[]): ReadonlyMap<string, Member> {
  const named = new Map<string, Member>();
  let blank = 0;
  for (const field of fields) {
    const { name = '_' } = field;
    if (name === '_') blank += 1;
    named.set(name === '_' && blank > 1 ? `_ (${blank})` : name, field);
  }
  return named;
}

function promises(name: string, a: Member, b: Member): readonly LocalChange[] {
  const changes: LocalChange[] = [];
  if ((a.embedded === true) !== (b.embedded === true)) {
    changes.push(changed(name, `field ${name} is ${b.embedded === true ? 'embedded now' : 'no longer embedded'}`));
  }
  if (a.tag !== b.tag) {
    const text = `the tag of field ${name} changed from ${quoted(a.tag)} to ${quoted(b.tag)}`;
    changes.push({ ...changed(name, text), old: a.tag ?? '', new: b.tag ?? '' });
  }
  return changes;
}

function quoted(tag: string | undefined): string {
  return tag === undefined ? 'none' : `\`${tag}\``;
}

function moved(name: string, a: Member, b: Member): LocalChange {
  const [from, to] = [String(a.bitOffset / 8), String(b.bitOffset / 8)];
  return { ...changed(name, `field ${name} moved from offset ${from} to ${to}`), old: from, new: to };
}

function resized(a: RecordNode, b: RecordNode): readonly LocalChange[] {
  if (a.size === b.size) return [];
  const { part: _, ...change } = changed('', `the size changed from ${a.size} to ${b.size} bytes`);
  return [{ ...change, old: String(a.size), new: String(b.size) }];
}

function changed(part: string, text: string): LocalChange {
  return { rule: 'go/type-changed', effect: 'breaking', text, part, matters: 'layout' };
}
