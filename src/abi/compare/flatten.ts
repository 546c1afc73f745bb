import type { Member, TypeGraph } from '../model.ts';
import type { RecordNode } from '../record-node.ts';
import { isRecord } from '../record-node.ts';
import { peel } from './peel.ts';

/** A member as sources reach it. */
export interface Placed {
  readonly member: Member;
  /** Its name, or the kind and number of an anonymous one. Unique in a record but for broken files. */
  readonly key: string;
}

/** Anonymous records in anonymous records; sources have two or three levels. */
const MAX_DEPTH = 32;
/** Steps into anonymous records. Two that hold each other twice would make more members than there are atoms. */
const MAX_ANONYMOUS = 4096;

export interface FlatMembers {
  readonly placed: readonly Placed[];
  /** There are more than are listed. */
  readonly cut: boolean;
}

/**
 * The members of a record, those of anonymous structs and unions in it included, with offsets from its start: `s.x` is
 * written the same whether x stands in s itself or in an anonymous union there, so a move between them is no change.
 */
export function flatMembers(graph: TypeGraph, record: RecordNode): FlatMembers {
  const placed: Placed[] = [];
  const count = new Map<string, number>();
  const open: { readonly member: Member; readonly shift: number; readonly depth: number }[] = [];
  const push = (members: readonly Member[], shift: number, depth: number): void => {
    // Backwards, because the last one is taken first.
    for (let at = members.length - 1; at >= 0; at -= 1) {
      const member = members[at];
      if (member !== undefined) open.push({ member, shift, depth });
    }
  };
  push(record.members, 0, 0);
  let steps = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { member, shift, depth } = next;
    if (depth > 0) steps += 1;
    if (steps > MAX_ANONYMOUS) return { placed, cut: true };
    const moved = shift === 0 ? member : { ...member, bitOffset: member.bitOffset + shift };
    if (member.name !== undefined) {
      placed.push({ member: moved, key: member.name });
      continue;
    }
    const { node } = peel(graph, member.type);
    const transparent = isRecord(node) && node.name === undefined && !node.declaration && node.bases.length === 0;
    if (transparent && node.variants === undefined && depth < MAX_DEPTH) {
      push(node.members, moved.bitOffset, depth + 1);
      continue;
    }
    const kind = `(anonymous ${node.kind})`;
    const number = (count.get(kind) ?? 0) + 1;
    count.set(kind, number);
    placed.push({ member: moved, key: number === 1 ? kind : `${kind} ${number}` });
  }
  return { placed, cut: false };
}
