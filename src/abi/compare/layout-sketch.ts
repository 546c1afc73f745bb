import type { TypeGraph } from '../model.ts';
import { typeName } from '../names.ts';
import { sizeOf } from './peel.ts';
import { place, type RecordNode } from './records.ts';

const MAX_ROWS = 60;
const WIDTH = 34;

interface Row {
  readonly offset: number;
  readonly place: string;
  readonly text: string;
}

/**
 * Old and new layout of a record side by side, as lines of text: offset, member, size, and the holes between.
 * For people; names are raw and escaped by the report.
 */
export function layoutSketch(old: TypeGraph, a: RecordNode, now: TypeGraph, b: RecordNode): string {
  const left = rows(old, a);
  const right = rows(now, b);
  const offsets = [...new Set([...left, ...right].map(({ offset }) => offset))].sort((one, other) => one - other);
  const lines: string[] = [pair(`old, ${a.size} bytes`, `new, ${b.size} bytes`, ' ')];
  for (const offset of offsets) {
    const [ones, others] = [left.filter((row) => row.offset === offset), right.filter((row) => row.offset === offset)];
    for (let at = 0; at < Math.max(ones.length, others.length); at += 1) {
      const [one, other] = [ones[at], others[at]];
      const mark = one?.text === other?.text ? ' ' : one === undefined ? '+' : other === undefined ? '-' : '!';
      lines.push(pair(shown(one), shown(other), mark));
    }
  }
  return lines.length > MAX_ROWS
    ? [...lines.slice(0, MAX_ROWS), `… ${lines.length - MAX_ROWS} more lines`].join('\n')
    : lines.join('\n');
}

function rows(graph: TypeGraph, record: RecordNode): Row[] {
  const found: Row[] = [];
  for (const base of record.bases) {
    if (base.offset !== undefined)
      found.push({ offset: base.offset * 8, place: String(base.offset), text: `base ${typeName(graph, base.type)}` });
  }
  let end = 0;
  for (const member of [...record.members].sort((a, b) => a.bitOffset - b.bitOffset)) {
    if (
      record.kind !== 'union' &&
      record.bases.length === 0 &&
      member.bitSize === undefined &&
      member.bitOffset > end &&
      end % 8 === 0
    ) {
      found.push({ offset: end, place: String(end / 8), text: `(hole of ${(member.bitOffset - end) / 8} bytes)` });
    }
    const size = member.bitSize ?? (sizeOf(graph, member.type) ?? 0) * 8;
    const bits = member.bitSize === undefined ? '' : ` : ${member.bitSize}`;
    const name = member.name ?? '(anonymous)';
    found.push({
      offset: member.bitOffset,
      place: place(member),
      text: `${name}${bits}: ${typeName(graph, member.type)}`,
    });
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
