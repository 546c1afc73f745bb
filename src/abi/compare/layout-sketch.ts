import type { TypeGraph } from '../model.ts';
import { typeName } from '../names.ts';
import type { RecordNode } from '../record-node.ts';
import { flatMembers } from './flatten.ts';
import { place } from './members.ts';
import { sizeOf } from './peel.ts';

const MAX_ROWS = 60;
const WIDTH = 34;
/** Members of a record that are looked at; a sketch of more helps nobody. */
const MAX_MEMBERS = 2000;

interface Row {
  readonly offset: number;
  readonly place: string;
  readonly text: string;
}

/**
 * Old and new layout of a record side by side, as lines of text: offset, member, and the holes between. Lines that
 * differ are marked `+`, `-` and `!`; of a long record only those and their neighbours are shown.
 * For people; names are raw and escaped by the report.
 */
export function layoutSketch(
  old: TypeGraph,
  a: RecordNode,
  now: TypeGraph,
  b: RecordNode,
  [left = 'old', right = 'new']: readonly string[] = [],
): string {
  if (a.goMethods !== undefined && b.goMethods !== undefined) {
    return methodSketch(methodRows(old, a.goMethods), methodRows(now, b.goMethods), [left, right]);
  }
  const before = byOffset(rows(old, a));
  const after = byOffset(rows(now, b));
  const offsets = [...new Set([...before.keys(), ...after.keys()])].sort((one, other) => one - other);
  const lines: Line[] = [];
  for (const offset of offsets) {
    const [ones, others] = [before.get(offset) ?? [], after.get(offset) ?? []];
    for (let at = 0; at < Math.max(ones.length, others.length); at += 1) {
      const [one, other] = [ones[at], others[at]];
      const mark = markOf(one?.text, other?.text);
      lines.push({ text: pair(shown(one), shown(other), mark), differs: mark !== ' ' });
    }
  }
  const head = pair(`${left}, ${a.size} bytes`, `${right}, ${b.size} bytes`, ' ');
  return [head, ...shortened(lines)].join('\n');
}

interface Line {
  readonly text: string;
  readonly differs: boolean;
}

function markOf(one: string | undefined, other: string | undefined): string {
  if (one === other) return ' ';
  return one === undefined ? '+' : other === undefined ? '-' : '!';
}

/** The methods of two interfaces of Go, in the order of their names: that of the tables that lead to them. */
function methodSketch(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  [left, right]: readonly [string, string],
): string {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  const lines = names.map((name): Line => {
    const [one, other] = [before.get(name), after.get(name)];
    const mark = markOf(one, other);
    return { text: pair(one ?? '', other ?? '', mark), differs: mark !== ' ' };
  });
  const head = pair(`${left}, ${before.size} methods`, `${right}, ${after.size} methods`, ' ');
  return [head, ...shortened(lines)].join('\n');
}

function methodRows(graph: TypeGraph, methods: NonNullable<RecordNode['goMethods']>): ReadonlyMap<string, string> {
  const told = methods.slice(0, MAX_MEMBERS);
  return new Map(told.map(({ name, type }) => [name, `${name}${typeName(graph, type).replace(/^func/, '')}`]));
}

function shortened(lines: readonly Line[]): readonly string[] {
  if (lines.length <= MAX_ROWS) return lines.map(({ text }) => text);
  const kept: string[] = [];
  let skipped = 0;
  lines.forEach(({ text }, at) => {
    const near = [-2, -1, 0, 1, 2].some((step) => lines[at + step]?.differs === true);
    if (!near || kept.length >= MAX_ROWS) {
      skipped += 1;
      return;
    }
    if (skipped > 0) kept.push(`  … ${skipped} lines`);
    skipped = 0;
    kept.push(text);
  });
  return skipped > 0 ? [...kept, `  … ${skipped} lines`] : kept;
}

function byOffset(rows: readonly Row[]): ReadonlyMap<number, readonly Row[]> {
  const groups = new Map<number, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.offset);
    if (group === undefined) groups.set(row.offset, [row]);
    else group.push(row);
  }
  return groups;
}

function rows(graph: TypeGraph, record: RecordNode): Row[] {
  const found: Row[] = [];
  let end = 0;
  for (const base of record.bases) {
    if (base.offset === undefined) continue;
    found.push({ offset: base.offset * 8, place: String(base.offset), text: `base ${typeName(graph, base.type)}` });
  }
  const members = flatMembers(graph, record).placed.slice(0, MAX_MEMBERS);
  for (const { member, key } of [...members].sort((a, b) => a.member.bitOffset - b.member.bitOffset)) {
    if (record.bases.length === 0 && member.bitSize === undefined && member.bitOffset > end && end % 8 === 0) {
      found.push({ offset: end, place: String(end / 8), text: `(hole of ${(member.bitOffset - end) / 8} bytes)` });
    }
    const size = member.bitSize ?? (sizeOf(graph, member.type) ?? 0) * 8;
    const bits = member.bitSize === undefined ? '' : ` : ${member.bitSize}`;
    const text = `${key}${bits}: ${typeName(graph, member.type)}`;
    found.push({ offset: member.bitOffset, place: place(member), text });
    end = Math.max(end, member.bitOffset + size);
  }
  return found;
}

function shown(row: Row | undefined): string {
  return row === undefined ? '' : `${row.place.padStart(5)}  ${row.text}`;
}

function pair(left: string, right: string, mark: string): string {
  const cut = left.length > WIDTH ? `${left.slice(0, WIDTH - 1)}…` : left.padEnd(WIDTH);
  return `${mark} ${cut} | ${right.length > WIDTH + 10 ? `${right.slice(0, WIDTH + 9)}…` : right}`.trimEnd();
}
