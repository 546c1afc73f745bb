import type { TypeGraph, TypeId } from '../model.ts';
import { alignmentOf } from './alignment.ts';
import type { LocalChange } from './change.ts';
import type { SymbolTypes } from './explore.ts';
import { peel } from './peel.ts';
import type { Position } from './qualifiers.ts';
import type { Graphs, PlaceChange } from './relation.ts';

/** Bytes to which values of a type were and are aligned. */
interface AlignmentDifference {
  readonly before: number;
  readonly after: number;
  /** One release was compiled so that it does not tell. */
  readonly hidden: boolean;
}

/**
 * How the alignment differs that typedefs demand (`typedef float v4f __attribute__((aligned(16)))`): code that knows the
 * typedef reads and writes with instructions that need it. Alignment of records is compared at the records.
 */
export function demandedAlignment(graphs: Graphs, old: TypeId, now: TypeId): AlignmentDifference | undefined {
  const [one, other] = [toldBy(graphs.old, old), toldBy(graphs.new, now)];
  if (one === undefined && other === undefined) return undefined;
  // Nothing is known then.
  if (one === 0 || other === 0) return undefined;
  const [before, after] = [alignmentOf(graphs.old, old), alignmentOf(graphs.new, now)];
  if (before === after) return undefined;
  const silent = one === undefined ? graphs.old : other === undefined ? graphs.new : undefined;
  const hidden = silent?.producers.some((text) => text.includes('-gstrict-dwarf')) === true;
  return { before, after, hidden };
}

/** What the outermost typedef that says something says: bytes, or 0 where the compiler does not tell. */
function toldBy(graph: TypeGraph, type: TypeId): number | undefined {
  for (const id of peel(graph, type).typedefs) {
    const node = graph.nodes[id];
    if (node?.kind === 'typedef' && node.alignment !== undefined) return node.alignment;
  }
  return undefined;
}

/** Of a typedef of one name. More is asked of those who make values, less is promised to those who get them. */
export function alignmentChange({ before, after, hidden }: AlignmentDifference): LocalChange {
  return {
    rule: 'abi/alignment-changed',
    effect: hidden ? 'undecided' : 'breaking',
    text: textOf({ before, after, hidden }),
    part: 'alignment',
    old: String(before),
    new: String(after),
    matters: after > before ? 'input' : 'output',
  };
}

/** At one place, where the typedef has another name or came or went. */
export function alignmentAtPlace(
  difference: AlignmentDifference,
  position: Position,
): Omit<PlaceChange, 'old' | 'new'> {
  const { before, after, hidden } = difference;
  const harmless = (position === 'parameter' && after < before) || (position === 'result' && after > before);
  const bad = hidden ? 'undecided' : 'breaking';
  return { kind: 'replaced', effect: harmless ? 'compatible' : bad, asCallback: bad, why: textOf(difference) };
}

/**
 * Of an exported variable (`alignas(64) int table[16]`). Less is promised to consumers; with more, an executable that has a
 * copy of the variable placed that where it was to be before.
 */
export function variableAlignment(
  graphs: Graphs,
  { old, new: now, demanded }: Pick<SymbolTypes, 'old' | 'new' | 'demanded'>,
): readonly LocalChange[] {
  if (demanded === undefined) return [];
  const [natural, naturalNow] = [alignmentOf(graphs.old, old), alignmentOf(graphs.new, now)];
  const [before, after] = [demanded[0] ?? natural, demanded[1] ?? naturalNow];
  // What the type demands is told of the type.
  if (before === after || (before === natural && after === naturalNow)) return [];
  const silent = demanded[0] === undefined ? graphs.old : graphs.new;
  const hidden = demanded.includes(undefined) && isSilent(silent);
  const more = { part: 'alignment', old: String(before), new: String(after), matters: 'always' } as const;
  const effect = hidden ? 'undecided' : after < before ? 'breaking' : 'risky';
  return [{ rule: 'abi/alignment-changed', effect, text: textOf({ before, after, hidden }), ...more }];
}

function isSilent({ producers }: TypeGraph): boolean {
  return producers.some((text) => text.includes('-gstrict-dwarf'));
}

function textOf({ before, after, hidden }: AlignmentDifference): string {
  return hidden
    ? `the alignment is ${Math.max(before, after)} bytes in one release; -gstrict-dwarf hides it in the other`
    : `the alignment changed from ${before} to ${after} bytes`;
}
