import { comparePassing } from '../cxx/passing.ts';
import type { TypeId } from '../model.ts';
import { qualifiedName } from '../names.ts';
import type { RecordNode } from '../record-node.ts';
import { isAcrossLanguages, underOneName } from '../rust/foreign.ts';
import { compareAccess } from './access.ts';
import { alignmentOfRecord } from './alignment.ts';
import { compareBases } from './bases.ts';
import type { Edge, LocalChange, PairOf } from './change.ts';
import { compareMembers } from './members.ts';
import type { Graphs } from './relation.ts';
import { argumentEdges } from './template-arguments.ts';
import { compareVariants } from './variants.ts';
import { compareVirtuals } from './vtable.ts';

/** Compares two records: bases, members by name, size, virtual functions, how values are passed. */
export function compareRecords(
  graphs: Graphs,
  before: RecordNode,
  after: RecordNode,
  pairOf: PairOf,
  ids: { readonly old: TypeId; readonly new: TypeId },
): { readonly changes: readonly LocalChange[]; readonly edges: readonly Edge[] } {
  if (before.declaration || after.declaration) {
    return { changes: declared(before, after), edges: argumentEdges(graphs, before, after, pairOf) };
  }
  const across = isAcrossLanguages(before, after);
  const [a, b] = across ? underOneName(graphs, before, after) : [before, after];
  if (across && (a.variants === undefined) !== (b.variants === undefined)) {
    // A tagged union of C has its parts elsewhere in the description, and its room is the same.
    return { changes: [...compareAlignment(graphs, a, b), ...compareSizes(a, b)], edges: [] };
  }
  const bases = compareBases(graphs, a, b, pairOf);
  const members = compareMembers(graphs, a, b, pairOf);
  const virtuals = compareVirtuals(graphs, ids, pairOf);
  const variants = compareVariants(graphs, a, b, pairOf);
  const rest: LocalChange[] = [];
  append(rest, virtuals.changes);
  append(rest, variants.own);
  const edges: Edge[] = [];
  append(edges, bases.edges);
  append(edges, members.edges);
  append(edges, virtuals.edges);
  append(edges, variants.edges);
  const demanded = compareAlignment(graphs, a, b);
  // rustc tells the alignment of every type, also where nobody asked for more than its parts have.
  const embeddedChanged = members.embeddedChanged || bases.embeddedChanged || variants.embeddedChanged;
  const natural = a.language === 'rust' && embeddedChanged;
  const aligned = natural ? [] : demanded;
  // Nothing here takes more room than before, and a type that is part of this one does: that one is the cause.
  const ownLayout = members.ownLayout || isBreaking(bases.own) || isBreaking(rest) || isBreaking(aligned);
  const consequence = !ownLayout && embeddedChanged;
  const followed: LocalChange[] = [];
  if (natural) append(followed, demanded);
  append(followed, bases.moves);
  append(followed, members.moves);
  append(followed, variants.moves);
  append(followed, compareSizes(a, b));
  const changes: LocalChange[] = [];
  append(changes, bases.own);
  append(changes, members.own);
  append(changes, rest);
  append(changes, comparePassing(graphs, a, b));
  append(changes, compareAccess(graphs, a, b));
  append(changes, aligned);
  append(changes, consequence ? followed.map((change) => ({ ...change, consequence })) : followed);
  return { changes, edges };
}

/** Nearly all of these lists are empty: spreading them takes most of the time that a record without changes takes. */
function append<Item>(list: Item[], more: readonly Item[]): void {
  for (let at = 0; at < more.length; at += 1) {
    const item = more[at];
    if (item !== undefined) list.push(item);
  }
}

function isBreaking(changes: readonly LocalChange[]): boolean {
  return changes.length > 0 && changes.some(({ effect }) => effect === 'breaking');
}

/** Known to the old consumers, no longer to be seen: whether it stayed the same cannot be told. */
function declared(a: RecordNode, b: RecordNode): readonly LocalChange[] {
  if (a.declaration || !b.declaration) return [];
  if (isOfLibrary(b) && b.templateArguments.length === 0) return [];
  const text = 'the new debug information only declares the type, so its layout cannot be compared';
  return [{ rule: 'abi/definition-missing', effect: 'undecided', text, matters: 'layout' }];
}

/** The C++ library's own: it is the same one, or its new release tells; what consumers put into it is another matter. */
function isOfLibrary(node: RecordNode): boolean {
  return node.language === 'c++' && /^(?:std|__gnu_cxx|__cxxabiv1)::/.test(qualifiedName(node));
}

function compareSizes(a: RecordNode, b: RecordNode): readonly LocalChange[] {
  if (a.size === b.size) return [];
  return [
    {
      rule: 'abi/struct-size-changed',
      effect: 'breaking',
      text: `the size changed from ${a.size} to ${b.size} bytes`,
      old: String(a.size),
      new: String(b.size),
      matters: 'layout',
    },
  ];
}

/** What the source demands, for the whole or for a member. What follows from the members' types is told there. */
function compareAlignment(graphs: Graphs, a: RecordNode, b: RecordNode): readonly LocalChange[] {
  const demanded = (record: RecordNode): number =>
    record.members.reduce((most, { alignment = 0 }) => Math.max(most, alignment), record.alignment ?? 0);
  if (demanded(a) === demanded(b)) return [];
  const [before, after] = [alignmentOfRecord(graphs.old, a), alignmentOfRecord(graphs.new, b)];
  if (before === after) return [];
  // The strict form of DWARF 4 has no attribute for it.
  const silent = (before < after ? graphs.old : graphs.new).producers.some((text) => text.includes('-gstrict-dwarf'));
  return [
    {
      rule: 'abi/alignment-changed',
      effect: silent ? 'undecided' : 'breaking',
      text: silent
        ? `the alignment is ${Math.max(before, after)} bytes in one release; -gstrict-dwarf hides it in the other`
        : `the alignment changed from ${before} to ${after} bytes`,
      part: 'alignment',
      old: String(before),
      new: String(after),
      matters: 'layout',
    },
  ];
}

/** For messages: `struct config`, `geo::Shape`. */
export function recordName(node: RecordNode): string {
  const name = qualifiedName(node);
  return node.language === 'c' && node.name !== undefined ? `${node.kind} ${name}` : name;
}
