import type { Member, TypeGraph } from '../model.ts';
import { typeName } from '../names.ts';
import type { RecordNode } from '../record-node.ts';
import { alignmentOf } from './alignment.ts';
import type { Edge, LocalChange, PairOf } from './change.ts';
import type { Placed } from './flatten.ts';
import { sizeOf } from './peel.ts';
import { changeOfPlace } from './place-change.ts';
import { relate } from './relate.ts';
import type { Graphs } from './relation.ts';
import { firstEndingAfter, inReserve, isReserved, joined, type Range, rangeOf, reserveOf } from './reserve.ts';

/** What a comparison of members came to, in the order in which people want to read it: causes first. */
export interface MemberChanges {
  /** Members added, removed, renamed or of another type. */
  readonly own: readonly LocalChange[];
  /** Members at another place; what follows from `own` or from an embedded type that changed. */
  readonly moves: readonly LocalChange[];
  readonly edges: readonly Edge[];
  /** A member's type has another size or alignment, and it is not the member that changed but its type. */
  readonly embeddedChanged: boolean;
  /** One of `own` takes or gives room. */
  readonly ownLayout: boolean;
}

const TOO_MANY: LocalChange = {
  rule: 'abi/type-unreadable',
  effect: 'undecided',
  text: 'it has more members than are compared',
  matters: 'layout',
};

/** Members at one place that are looked at for a renamed one; a union has all of its members there. */
const MAX_TWINS = 8;

/** Compares the members of two records by name. */
export function compareMembers(graphs: Graphs, a: RecordNode, b: RecordNode, pairOf: PairOf): MemberChanges {
  const common = new CommonMembers(graphs, pairOf);
  if (sameNames(a, b)) {
    // Nothing came, went or changed its order, as in nearly all records.
    a.members.forEach((member, at) => {
      const other = b.members[at];
      const { name = '' } = member;
      if (other !== undefined && !(a.size === b.size && isReserved(name))) common.compare(name, member, other);
    });
    return changesOf(common, common.own);
  }
  const reserve = reserveOf(graphs, a, b);
  const { before, after } = reserve;
  const now = new Map(after.map((one) => [one.key, one]));
  const old = new Set(before.map(({ key }) => key));
  const { own } = common;
  const twins = twinsOf([...after.filter(({ key }) => !old.has(key)), ...reserve.left]);
  const taken = new Set<string>();
  for (const one of before) {
    const { key, member } = one;
    const other = now.get(key);
    if (other !== undefined) {
      common.compare(key, member, other.member);
      continue;
    }
    const twin = twins(graphs, member, taken);
    if (twin !== undefined) {
      taken.add(twin.key);
      own.push(renamed(one, twin));
      for (const edge of edgesOf(graphs, member, twin.member, twin.key, pairOf)) common.edges.push(edge);
    } else own.push(removed(graphs, one));
  }
  if (reserve.cut) own.push(TOO_MANY);
  const room = roomOf(graphs, before);
  for (const one of after) {
    if (old.has(one.key) || taken.has(one.key)) continue;
    const reserved = inReserve(graphs.new, one.member, reserve);
    own.push(added(graphs, a, b, one, { reserved, room, moves: common.moves.length > 0 }));
  }
  return changesOf(common, own);
}

function changesOf({ moves, edges, embeddedChanged }: CommonMembers, own: readonly LocalChange[]): MemberChanges {
  const ownLayout = own.some(({ effect, rule }) => effect === 'breaking' || rule === 'abi/member-added');
  return { own, moves, edges, embeddedChanged, ownLayout };
}

/** What members that both records have come to. */
class CommonMembers {
  readonly own: LocalChange[] = [];
  readonly moves: LocalChange[] = [];
  readonly edges: Edge[] = [];
  embeddedChanged = false;
  readonly #graphs: Graphs;
  readonly #pairOf: PairOf;

  constructor(graphs: Graphs, pairOf: PairOf) {
    this.#graphs = graphs;
    this.#pairOf = pairOf;
  }

  compare(key: string, member: Member, other: Member): void {
    const { own } = this;
    const { change, pairs } = relate(this.#graphs, member.type, other.type);
    if (change !== undefined) {
      const more = { part: key, declared: other.declared, matters: 'layout' } as const;
      own.push(changeOfPlace(change, `member ${key}`, 'abi/member-type-changed', more));
    } else if (layoutDiffers(this.#graphs, member.type, other.type)) this.embeddedChanged = true;
    for (const pair of pairs) {
      const to = this.#pairOf(pair.old, pair.new, pair.alias);
      this.edges.push({ to, kind: pair.through, label: `member ${key}` });
    }
    if (bitsOf(this.#graphs.old, member) !== bitsOf(this.#graphs.new, other)) own.push(resizedBits(key, member, other));
    else if (member.bitOffset !== other.bitOffset) this.moves.push(moved(key, member, other));
    if ((member.mutable === true) !== (other.mutable === true)) own.push(mutable(key, other));
  }
}

/** Undefined for whole values: clang says nothing of a bit-field that is as wide as its type. */
function bitsOf(graph: TypeGraph, { bitSize, bitOffset, type }: Member): number | undefined {
  if (bitSize === undefined || bitSize % 8 !== 0 || bitOffset % 8 !== 0) return bitSize;
  return sizeOf(graph, type) === bitSize / 8 ? undefined : bitSize;
}

/** Whether two records have the same members in the same order, all with names. */
function sameNames(a: RecordNode, b: RecordNode): boolean {
  if (a.members.length !== b.members.length) return false;
  for (let at = 0; at < a.members.length; at += 1) {
    const name = a.members[at]?.name;
    if (name === undefined || name !== b.members[at]?.name) return false;
  }
  return true;
}

/** Whether values of two types that stand for each other take other room. */
export function layoutDiffers(graphs: Graphs, old: number, now: number): boolean {
  return (
    sizeOf(graphs.old, old) !== sizeOf(graphs.new, now) || alignmentOf(graphs.old, old) !== alignmentOf(graphs.new, now)
  );
}

/** New members by place, to find the one that an old one became. */
function twinsOf(fresh: readonly Placed[]) {
  const byPlace = new Map<string, Placed[]>();
  for (const one of fresh) {
    const key = placeKey(one.member);
    const list = byPlace.get(key);
    if (list === undefined) byPlace.set(key, [one]);
    else list.push(one);
  }
  return (graphs: Graphs, member: Member, taken: ReadonlySet<string>): Placed | undefined => {
    const candidates = byPlace.get(placeKey(member)) ?? [];
    return candidates.slice(0, MAX_TWINS).find((one) => !taken.has(one.key) && isSameSlot(graphs, member, one.member));
  };
}

function placeKey({ bitOffset, bitSize }: Member): string {
  return `${bitOffset}:${bitSize ?? ''}`;
}

/** The same room and representation under another name. */
function isSameSlot(graphs: Graphs, a: Member, b: Member): boolean {
  if (a.name === undefined || b.name === undefined) return false;
  if (sizeOf(graphs.old, a.type) !== sizeOf(graphs.new, b.type)) return false;
  // A reserved slot may take anything of its size.
  if (isReserved(a.name)) return true;
  const { change } = relate(graphs, a.type, b.type);
  return (
    change === undefined || change.kind === 'equivalent' || change.kind === 'qualifier' || change.sameBits === true
  );
}

function edgesOf(graphs: Graphs, a: Member, b: Member, key: string, pairOf: PairOf): Edge[] {
  const { pairs } = relate(graphs, a.type, b.type);
  return pairs.map(({ old, new: now, alias, through }) => ({
    to: pairOf(old, now, alias),
    kind: through,
    label: `member ${key}`,
  }));
}

function renamed({ key }: Placed, twin: Placed): LocalChange {
  const reserved = isReserved(key);
  const text = reserved ? `reserved member ${key} became ${twin.key}` : `member ${key} was renamed to ${twin.key}`;
  return {
    rule: reserved ? 'abi/reserved-used' : 'abi/member-renamed',
    effect: reserved ? 'compatible' : 'source-breaking',
    text,
    part: twin.key,
    old: key,
    new: twin.key,
    declared: twin.member.declared,
    matters: 'layout',
  };
}

function removed(graphs: Graphs, { key, member }: Placed): LocalChange {
  const text = `member ${key} (${typeName(graphs.old, member.type)}) was removed`;
  return {
    rule: 'abi/member-removed',
    effect: 'breaking',
    text,
    part: key,
    old: place(member),
    matters: 'layout',
    gone: true,
  };
}

function resizedBits(key: string, member: Member, other: Member): LocalChange {
  return {
    rule: 'abi/bit-field-changed',
    effect: 'breaking',
    text: `${key} was ${width(member)} and is ${width(other)}`,
    part: key,
    old: width(member),
    new: width(other),
    declared: other.declared,
    matters: 'layout',
  };
}

function moved(key: string, member: Member, other: Member): LocalChange {
  const what = member.bitSize === undefined ? 'member' : 'bit-field';
  return {
    rule: member.bitSize === undefined ? 'abi/member-moved' : 'abi/bit-field-changed',
    effect: 'breaking',
    text: `${what} ${key} moved from offset ${place(member)} to ${place(other)}`,
    part: key,
    old: place(member),
    new: place(other),
    declared: other.declared,
    matters: 'layout',
  };
}

function mutable(key: string, other: Member): LocalChange {
  const now = other.mutable === true;
  return {
    rule: 'abi/qualifier-changed',
    effect: now ? 'risky' : 'source-breaking',
    text: `member ${key} is ${now ? 'now' : 'no longer'} mutable`,
    part: key,
    declared: other.declared,
    matters: 'layout',
  };
}

/** Where old members lie, sorted and joined: what is outside was padding. */
function roomOf(graphs: Graphs, before: readonly Placed[]): readonly Range[] {
  return joined(before.map(({ member }) => rangeOf(graphs.old, member)));
}

function overlaps(room: readonly Range[], { from, to }: Range): boolean {
  const found = firstEndingAfter(room, from);
  return found !== undefined && found.from < to;
}

interface Surroundings {
  readonly reserved: boolean;
  /** Where old members lay. */
  readonly room: readonly Range[];
  /** Other members had to give way. */
  readonly moves: boolean;
}

function added(
  graphs: Graphs,
  a: RecordNode,
  b: RecordNode,
  { key, member }: Placed,
  { reserved, room, moves }: Surroundings,
): LocalChange {
  const what = `member ${key} (${typeName(graphs.new, member.type)})`;
  const base = { part: key, new: place(member), declared: member.declared, matters: 'layout' } as const;
  if (a.size !== b.size || moves) {
    const behind = member.bitOffset >= a.size * 8 ? ', behind the old end' : '';
    const text = `${what} was added at offset ${place(member)}${behind}`;
    return { rule: 'abi/member-added', effect: 'breaking', text, ...base };
  }
  if (reserved) {
    return { rule: 'abi/reserved-used', effect: 'compatible', text: `${what} uses room that was reserved`, ...base };
  }
  if (a.kind === 'union' || overlaps(room, rangeOf(graphs.new, member))) {
    const text = `${what} was added in the room of others`;
    return { rule: 'abi/member-added', effect: 'compatible', text, ...base };
  }
  const where =
    member.bitOffset >= a.size * 8 ? 'behind the end, which consumers made no room for' : 'in what was padding';
  const text = `${what} was added at offset ${place(member)}, ${where}`;
  return { rule: 'abi/member-in-padding', effect: 'risky', text, ...base, matters: 'input' };
}

/** Offset in bytes, with the bit for bit-fields. */
export function place({ bitOffset, bitSize }: Member): string {
  const byte = Math.floor(bitOffset / 8);
  return bitSize === undefined ? String(byte) : `${byte}:${bitOffset % 8}`;
}

function width({ bitSize }: Member): string {
  return bitSize === undefined ? 'an ordinary member' : `a bit-field of ${bitSize} bit${bitSize === 1 ? '' : 's'}`;
}
