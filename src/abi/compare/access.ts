import type { Access } from '../model.ts';
import { classIdentity } from '../names.ts';
import type { RecordNode } from '../record-node.ts';
import type { LocalChange } from './change.ts';
import type { Graphs } from './relation.ts';

const RANK: readonly Access[] = ['public', 'protected', 'private'];

/** Members and bases that sources could use and no longer can. Binaries know nothing of access. */
export function compareAccess(graphs: Graphs, a: RecordNode, b: RecordNode): readonly LocalChange[] {
  if (a.language !== 'c++' || b.language !== 'c++') return [];
  if (isAsBefore(a, b)) return NONE;
  const changes: LocalChange[] = [];
  const now = new Map(b.members.flatMap((member) => (member.name === undefined ? [] : [[member.name, member]])));
  for (const { name, access } of a.members) {
    const other = now.get(name ?? '');
    // What the compiler adds has the access that the compiler likes.
    if (name === undefined || other === undefined || name === '_vptr') continue;
    const change = narrowed(`member ${name}`, accessIn(a, access), accessIn(b, other.access));
    if (change !== undefined) changes.push({ ...change, part: name, declared: other.declared });
  }
  const bases = new Map(b.bases.map((base) => [classIdentity(graphs.new, base.type), base]));
  for (const { type, access } of a.bases) {
    const name = classIdentity(graphs.old, type);
    const other = bases.get(name);
    if (other === undefined) continue;
    const change = narrowed(`base ${name}`, accessIn(a, access), accessIn(b, other.access));
    if (change !== undefined) changes.push({ ...change, part: `base ${name}` });
  }
  return changes;
}

const NONE: readonly LocalChange[] = [];

/** The same members and bases in their order, each with the access that it had: so are nearly all records. */
function isAsBefore(a: RecordNode, b: RecordNode): boolean {
  if (a.members.length !== b.members.length || a.bases.length > 0) return false;
  for (let at = 0; at < a.members.length; at += 1) {
    const member = a.members[at];
    const other = b.members[at];
    if (member === undefined || other === undefined || member.name !== other.name) return false;
    if (accessIn(a, member.access) !== accessIn(b, other.access)) return false;
  }
  return true;
}

/** Undefined where the access is the same or wider. */
export function narrowed(what: string, before: Access, after: Access): LocalChange | undefined {
  if (RANK.indexOf(after) <= RANK.indexOf(before)) return undefined;
  return {
    rule: 'abi/access-narrowed',
    effect: 'source-breaking',
    text: `${what} was ${before} and is ${after}`,
    old: before,
    new: after,
    matters: 'always',
  };
}

/** Compilers leave out what a class or struct has anyway. */
function accessIn({ kind }: RecordNode, access: Access | undefined): Access {
  return access ?? (kind === 'class' ? 'private' : 'public');
}
