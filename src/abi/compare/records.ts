import type { Member, TypeNode } from '../model.ts';
import { qualifiedName, typeName } from '../names.ts';
import type { Edge, LocalChange } from './change.ts';
import type { PairOf } from './functions.ts';
import { peel, sizeOf } from './peel.ts';
import { type Graphs, relate } from './relate.ts';
import { compareVirtuals } from './vtable.ts';

export type RecordNode = Extract<TypeNode, { kind: 'struct' | 'class' | 'union' }>;

/** Members that were left for later use: putting them to use is what they are for. */
const RESERVED = /^_*(?:reserved|rsvd|resv|unused|spare|pad|padding|dummy|future|opaque)\d*_*\w?$/i;

/** Compares two records: size, bases, members by name, virtual functions, how values are passed. */
export function compareRecords(
  graphs: Graphs,
  a: RecordNode,
  b: RecordNode,
  pairOf: PairOf,
): { readonly changes: LocalChange[]; readonly edges: Edge[] } {
  const changes: LocalChange[] = [];
  const edges: Edge[] = [];
  if (a.declaration || b.declaration) {
    // Known to the old consumers, no longer to be seen: whether it stayed the same cannot be told.
    if (!a.declaration && b.declaration) {
      changes.push({
        rule: 'abi/definition-missing',
        effect: 'undecided',
        text: 'the new debug information only declares the type, so its layout cannot be compared',
        matters: 'layout',
      });
    }
    return { changes, edges };
  }
  if (a.size !== b.size) {
    const text = `the size changed from ${a.size} to ${b.size} bytes`;
    changes.push({
      rule: 'abi/struct-size-changed',
      effect: 'breaking',
      text,
      old: String(a.size),
      new: String(b.size),
      matters: 'layout',
    });
  }
  if (a.alignment !== b.alignment && (a.alignment ?? 0) !== (b.alignment ?? 0)) {
    const text = `the alignment changed from ${a.alignment ?? 'natural'} to ${b.alignment ?? 'natural'}`;
    changes.push({
      rule: 'abi/alignment-changed',
      effect: 'breaking',
      text,
      part: 'alignment',
      old: text,
      matters: 'layout',
    });
  }
  if (a.passing !== undefined && b.passing !== undefined && a.passing !== b.passing) {
    const text = `values were passed ${words(a.passing)} and are now passed ${words(b.passing)}`;
    changes.push({
      rule: 'abi/passing-changed',
      effect: 'breaking',
      text,
      part: 'passing',
      old: a.passing,
      new: b.passing,
      matters: 'pass',
    });
  }
  compareBases(graphs, a, b, pairOf, changes, edges);
  compareMembers(graphs, a, b, pairOf, changes, edges);
  compareVirtuals(graphs, a, b, pairOf, changes, edges);
  compareVariants(graphs, a, b, pairOf, changes, edges);
  return { changes, edges };
}

function words(passing: 'by-value' | 'by-reference'): string {
  return passing === 'by-value' ? 'in registers or on the stack' : 'by a hidden pointer';
}

function compareBases(
  graphs: Graphs,
  a: RecordNode,
  b: RecordNode,
  pairOf: PairOf,
  changes: LocalChange[],
  edges: Edge[],
): void {
  const names = (graph: Graphs['old'], record: RecordNode) =>
    record.bases.map((base) => ({ ...base, name: typeName(graph, base.type) }));
  const [before, after] = [names(graphs.old, a), names(graphs.new, b)];
  for (const base of before) {
    const other = after.find(({ name }) => name === base.name);
    if (other === undefined) {
      changes.push(layout('abi/base-changed', `base ${base.name} was removed`, `base ${base.name}`));
      continue;
    }
    if (base.virtual !== other.virtual) {
      changes.push(
        layout(
          'abi/base-changed',
          `base ${base.name} is ${other.virtual ? 'now' : 'no longer'} virtual`,
          `base ${base.name}`,
        ),
      );
    } else if (base.offset !== other.offset) {
      const text = `base ${base.name} moved from offset ${base.offset} to ${other.offset}`;
      changes.push({
        ...layout('abi/base-changed', text, `base ${base.name}`),
        old: String(base.offset),
        new: String(other.offset),
      });
    }
    for (const pair of relate(graphs, base.type, other.type).pairs) {
      edges.push({ to: pairOf(pair.old, pair.new), kind: 'value', label: `base ${base.name}` });
    }
  }
  for (const base of after) {
    if (!before.some(({ name }) => name === base.name)) {
      // An empty base takes no room; what it changes shows in the offsets of the others.
      const empty = sizeOf(graphs.new, base.type) === 1 && a.size === b.size;
      changes.push({
        ...layout('abi/base-changed', `base ${base.name} was added`, `base ${base.name}`),
        effect: empty ? 'risky' : 'breaking',
      });
    }
  }
}

interface Placed {
  readonly member: Member;
  readonly key: string;
}

/** Members by name; anonymous ones by kind and order among the anonymous. */
function keyed(graph: Graphs['old'], { members }: RecordNode): Placed[] {
  const count = new Map<string, number>();
  return members.map((member) => {
    if (member.name !== undefined) return { member, key: member.name };
    const kind = `(anonymous ${peel(graph, member.type).node.kind})`;
    const number = (count.get(kind) ?? 0) + 1;
    count.set(kind, number);
    return { member, key: `${kind} ${number}` };
  });
}

function compareMembers(
  graphs: Graphs,
  a: RecordNode,
  b: RecordNode,
  pairOf: PairOf,
  changes: LocalChange[],
  edges: Edge[],
): void {
  const [before, after] = [keyed(graphs.old, a), keyed(graphs.new, b)];
  const now = new Map(after.map((one) => [one.key, one.member]));
  const old = new Map(before.map((one) => [one.key, one.member]));
  const renamedTo = new Set<string>();
  const used: string[] = [];
  for (const { key, member } of before) {
    const other = now.get(key);
    if (other === undefined) {
      const twin = after.find(
        (one) => !old.has(one.key) && !renamedTo.has(one.key) && sameSlot(graphs, member, one.member),
      );
      if (twin !== undefined) {
        renamedTo.add(twin.key);
        const reserved = RESERVED.test(key);
        const text = reserved
          ? `reserved member ${key} became ${twin.key}`
          : `member ${key} was renamed to ${twin.key}`;
        changes.push({
          rule: reserved ? 'abi/reserved-used' : 'abi/member-renamed',
          effect: reserved ? 'compatible' : 'source-breaking',
          text,
          part: twin.key,
          old: key,
          new: twin.key,
          declared: twin.member.declared,
          matters: 'layout',
        });
        related(graphs, member, twin.member, twin.key, pairOf, changes, edges);
      } else if (RESERVED.test(key) && a.size === b.size) {
        used.push(key);
      } else {
        const text = `member ${key} (${typeName(graphs.old, member.type)}) was removed`;
        changes.push({ ...layout('abi/member-removed', text, key), old: place(member) });
      }
      continue;
    }
    if (member.bitOffset !== other.bitOffset || member.bitSize !== other.bitSize) {
      const bits = member.bitSize !== other.bitSize;
      const text = bits
        ? `bit-field ${key} changed from ${width(member)} to ${width(other)} bits`
        : `member ${key} moved from offset ${place(member)} to ${place(other)}`;
      changes.push({
        ...layout(bits ? 'abi/bit-field-changed' : 'abi/member-moved', text, key),
        old: bits ? width(member) : place(member),
        new: bits ? width(other) : place(other),
        declared: other.declared,
      });
    }
    related(graphs, member, other, key, pairOf, changes, edges);
  }
  for (const { key, member } of after) {
    if (old.has(key) || renamedTo.has(key)) continue;
    const reserved = used.length > 0 || shrunkReserve(graphs, before, now, member);
    changes.push(addedMember(graphs, a, b, member, key, reserved));
  }
}

/** The reserve became shorter and the new member lies in what it gave up. */
function shrunkReserve(
  graphs: Graphs,
  before: readonly Placed[],
  now: ReadonlyMap<string, Member>,
  added: Member,
): boolean {
  return before.some(({ key, member }) => {
    if (!RESERVED.test(key)) return false;
    const other = now.get(key);
    const size = sizeOf(graphs.old, member.type);
    if (other === undefined || size === undefined) return false;
    return added.bitOffset >= member.bitOffset && added.bitOffset < member.bitOffset + size * 8;
  });
}

function addedMember(
  graphs: Graphs,
  a: RecordNode,
  b: RecordNode,
  member: Member,
  key: string,
  reserved: boolean,
): LocalChange {
  const type = typeName(graphs.new, member.type);
  const base = { part: key, new: place(member), declared: member.declared };
  if (reserved) {
    const text = `member ${key} (${type}) uses room that was reserved`;
    return { rule: 'abi/reserved-used', effect: 'compatible', text, ...base, matters: 'layout' };
  }
  if (a.kind === 'union' && a.size === b.size) {
    const text = `member ${key} (${type}) was added to the union`;
    return { rule: 'abi/member-added', effect: 'compatible', text, ...base, matters: 'layout' };
  }
  if (a.size === b.size) {
    const text = `member ${key} (${type}) was added at offset ${place(member)}, in what was padding`;
    return { rule: 'abi/member-in-padding', effect: 'risky', text, ...base, matters: 'input' };
  }
  const atEnd = member.bitOffset >= a.size * 8;
  const text = `member ${key} (${type}) was added at offset ${place(member)}${atEnd ? ', behind the old end' : ''}`;
  return { rule: 'abi/member-added', effect: 'breaking', text, ...base, matters: 'layout' };
}

function related(
  graphs: Graphs,
  member: Member,
  other: Member,
  key: string,
  pairOf: PairOf,
  changes: LocalChange[],
  edges: Edge[],
): void {
  const { change, pairs } = relate(graphs, member.type, other.type);
  if (change !== undefined) {
    const text = `member ${key} changed from ${change.old} to ${change.new}: ${change.why}`;
    changes.push({
      rule: 'abi/member-type-changed',
      effect: change.effect,
      text,
      part: key,
      old: change.old,
      new: change.new,
      declared: other.declared,
      matters: 'layout',
    });
  }
  for (const pair of pairs) edges.push({ to: pairOf(pair.old, pair.new), kind: pair.through, label: `member ${key}` });
}

/** The same room and representation under another name. */
function sameSlot(graphs: Graphs, a: Member, b: Member): boolean {
  if (a.bitOffset !== b.bitOffset || a.bitSize !== b.bitSize || a.name === undefined || b.name === undefined)
    return false;
  const { change, pairs } = relate(graphs, a.type, b.type);
  if (change !== undefined && change.effect !== 'compatible' && change.effect !== 'source-breaking') {
    // A reserved slot may take anything of its size.
    return RESERVED.test(a.name) && sizeOf(graphs.old, a.type) === sizeOf(graphs.new, b.type);
  }
  return pairs.length >= 0;
}

function compareVariants(
  graphs: Graphs,
  a: RecordNode,
  b: RecordNode,
  pairOf: PairOf,
  changes: LocalChange[],
  edges: Edge[],
): void {
  if (a.variants === undefined && b.variants === undefined) return;
  if (a.variants === undefined || b.variants === undefined) {
    changes.push(layout('abi/variant-changed', 'the variants changed', 'variants'));
    return;
  }
  const now = new Map(b.variants.variants.map((variant) => [variant.name ?? variant.value ?? '', variant]));
  for (const variant of a.variants.variants) {
    const name = variant.name ?? variant.value ?? '';
    const other = now.get(name);
    now.delete(name);
    if (other === undefined) changes.push(layout('abi/variant-changed', `variant ${name} was removed`, name));
    else {
      if (variant.value !== other.value) {
        const text = `variant ${name} changed its discriminant from ${variant.value ?? 'the default'} to ${other.value ?? 'the default'}`;
        changes.push(layout('abi/variant-changed', text, name));
      }
      related(graphs, variant.member, other.member, name, pairOf, changes, edges);
    }
  }
  for (const name of now.keys()) {
    changes.push(layout('abi/variant-changed', `variant ${name} was added, which old consumers do not know`, name));
  }
}

function layout(rule: LocalChange['rule'], text: string, part: string): LocalChange {
  return { rule, effect: 'breaking', text, part, matters: 'layout' };
}

/** Offset in bytes, with the bit for bit-fields. */
export function place({ bitOffset, bitSize }: Member): string {
  const byte = Math.floor(bitOffset / 8);
  return bitSize === undefined ? String(byte) : `${byte}:${bitOffset % 8}`;
}

function width(member: Member): string {
  return member.bitSize === undefined ? 'all' : String(member.bitSize);
}

/** For messages: `struct config`, `geo::Shape`. */
export function recordName(node: RecordNode): string {
  const name = qualifiedName(node);
  return node.language === 'c' && node.name !== undefined ? `${node.kind} ${name}` : name;
}
