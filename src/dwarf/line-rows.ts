import * as AT from './at.ts';
import { Cursor } from './cursor.ts';
import type { DwarfFile } from './file.ts';
import { fileName } from './line.ts';
import type { UnitHeader } from './unit.ts';

/** A line of a source file. */
export interface SourceLine {
  /** Absolute where the compilation directory is known. */
  readonly file: string;
  readonly line: number;
}

/** Rows that are gone through for each byte of .debug_line: an opcode of one byte makes at most one. */
const OVERLAP = 2;
const SLACK = 10_000;
const MOST_ROWS = 20_000_000;

/**
 * The source lines of addresses, by the line number programs of all units (DWARF 5 section 6.2). Units are gone through
 * once, whatever the number of addresses; a broken program tells what it told up to there.
 * @param addresses as the file counts them, before it is loaded anywhere
 */
export function sourceLines(file: DwarfFile, addresses: readonly number[]): ReadonlyMap<number, SourceLine> {
  const found = new Map<number, SourceLine>();
  const wanted = [...new Set(addresses)].sort((left, right) => left - right);
  const budget = { rows: Math.min(file.sections.line.length * OVERLAP + SLACK, MOST_ROWS) };
  const seen = new Set<number>();
  for (const unit of file.units) {
    if (found.size === wanted.length || budget.rows < 0) break;
    const value = file.root(unit)?.get(AT.stmt_list);
    const offset = value?.kind === 'section-offset' || value?.kind === 'constant' ? value.value : undefined;
    if (offset === undefined || seen.has(offset)) continue;
    seen.add(offset);
    runProgram(file, unit, offset, budget, (row, end) => {
      for (let at = firstFrom(wanted, row.address); at < wanted.length; at += 1) {
        const address = wanted[at] ?? end;
        // Rows of a hostile file overlap: looking at an address costs what a row does.
        budget.rows -= 1;
        if (address >= end || budget.rows < 0) return;
        const name = found.has(address) ? undefined : fileName(file, unit, row.file);
        // Line 0: code that no line stands for.
        if (name !== undefined && row.line > 0) found.set(address, { file: name, line: row.line });
      }
    });
  }
  return found;
}

/** Index of the first element that is not smaller. */
function firstFrom(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Registers of the machine that matter here (section 6.2.2). */
interface Row {
  address: number;
  file: number;
  line: number;
}

/** What a program's header says about its opcodes (section 6.2.4). */
interface Header {
  readonly minimum: number;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly operands: readonly number[];
}

const STANDARD = { copy: 1, advancePc: 2, advanceLine: 3, setFile: 4, constAddPc: 8, fixedAdvancePc: 9 } as const;
const EXTENDED = { endSequence: 1, setAddress: 2 } as const;

/** Gives each row with the address at which the next begins, to the end of its sequence. */
function runProgram(
  { sections }: DwarfFile,
  unit: UnitHeader,
  offset: number,
  budget: { rows: number },
  give: (row: Row, end: number) => void,
): void {
  const cursor = new Cursor(sections.line, sections.little, offset);
  const header = readHeader(cursor);
  if (header === undefined) return;
  const { minimum, lineBase, lineRange, operands } = header;
  const start = (): Row => ({ address: 0, file: 1, line: 1 });
  let row = start();
  let last: Row | undefined;
  const emit = (): void => {
    budget.rows -= 1;
    if (last !== undefined && row.address > last.address) give(last, row.address);
    last = { ...row };
  };
  while (!cursor.failed && cursor.offset < cursor.end && budget.rows >= 0) {
    const opcode = cursor.u8();
    if (opcode > operands.length) {
      const adjusted = opcode - operands.length - 1;
      row.address += Math.floor(adjusted / lineRange) * minimum;
      row.line += lineBase + (adjusted % lineRange);
      emit();
      continue;
    }
    switch (opcode) {
      case 0: {
        const length = cursor.uleb();
        const next = cursor.offset + length;
        const extended = length > 0 ? cursor.u8() : 0;
        if (extended === EXTENDED.setAddress) row.address = cursor.address(unit.addressSize);
        if (extended === EXTENDED.endSequence) {
          emit();
          row = start();
          last = undefined;
        }
        if (next > cursor.end) return;
        cursor.offset = next;
        break;
      }
      case STANDARD.copy:
        emit();
        break;
      case STANDARD.advancePc:
        row.address += cursor.uleb() * minimum;
        break;
      case STANDARD.advanceLine:
        row.line += Number(cursor.sleb());
        break;
      case STANDARD.setFile:
        row.file = cursor.uleb();
        break;
      case STANDARD.constAddPc:
        row.address += Math.floor((255 - operands.length - 1) / lineRange) * minimum;
        break;
      case STANDARD.fixedAdvancePc:
        row.address += cursor.u16();
        break;
      default:
        for (let left = operands[opcode - 1] ?? 0; left > 0 && !cursor.failed; left -= 1) cursor.skipLeb();
    }
  }
}

/** Leaves the cursor at the first opcode, with its end at that of the program. */
function readHeader(cursor: Cursor): Header | undefined {
  let length = cursor.u32();
  const dwarf64 = length === 0xffffffff;
  if (dwarf64) length = cursor.u64();
  cursor.end = Math.min(cursor.end, cursor.offset + length);
  const version = cursor.u16();
  if (cursor.failed || version < 2 || version > 5) return undefined;
  if (version >= 5) cursor.skip(2); // address_size, segment_selector_size
  const headerLength = cursor.sectionOffset(dwarf64);
  const first = cursor.offset + headerLength;
  const minimum = cursor.u8();
  if (version >= 4) cursor.skip(1); // maximum_operations_per_instruction: no VLIW machine loads plugins
  cursor.skip(1); // default_is_stmt
  const lineBase = (cursor.u8() << 24) >> 24;
  const lineRange = cursor.u8();
  const count = cursor.u8() - 1;
  const operands: number[] = [];
  for (let index = 0; index < count; index += 1) operands.push(cursor.u8());
  if (cursor.failed || lineRange === 0 || count < 9 || first > cursor.end) return undefined;
  cursor.offset = first;
  return { minimum, lineBase, lineRange, operands };
}
