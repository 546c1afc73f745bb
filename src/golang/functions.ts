import type { ElfImage } from '../elf/model.ts';
import { canBeRead, GoMemory } from './memory.ts';
import { readModuledata } from './moduledata.ts';
import { readPackageHashes } from './package-hashes.ts';

/** Magic numbers of Go's line table from Go 1.18 on (internal/abi/symtab.go). */
const MAGICS: readonly number[] = [0xfffffff0, 0xfffffff1];
/** Where moduledata has the start of the code (runtime/symtab.go). */
const MODULE_TEXT = 176;
const LONGEST_NAME = 4096;
const MOST_FUNCTIONS = 5_000_000;
const MOST_WALKED = 300_000;
/**
 * Steps through tables, and functions looked at by name, for one file: tables can be made so that each question takes for ever.
 * A function of 100,000 lines has some hundred thousand steps.
 */
const MOST_STEPS = 5_000_000;

export interface GoFunction {
  /** As the runtime names it, `example.com/greet.init.0`; raw text. */
  readonly name: string;
  /** Bytes of stack between the stack pointer and the place of the return address, at an address of the function. */
  readonly frameSize: (address: number) => number | undefined;
  /** The largest that it has anywhere. */
  readonly fullFrameSize: () => number;
  /** The line of the function's own source at an address; of code that was inlined, the line that it was inlined at. */
  readonly line: (address: number) => { readonly file: string; readonly line: number } | undefined;
  /** Where the code that was inlined into it comes from: of the first such code, the first line. */
  readonly inlined: () => { readonly file: string; readonly line: number } | undefined;
}

/** The functions of a Go binary by address, as the file counts. */
export interface GoFunctions {
  readonly at: (address: number) => GoFunction | undefined;
  readonly named: (name: string) => GoFunction | undefined;
  /** As `named` for many names, in one walk over the table; what lies behind the first 300,000 functions is not found. */
  readonly allNamed: (names: ReadonlySet<string>) => ReadonlyMap<string, GoFunction>;
}

/**
 * Reads Go's table of functions, by which the runtime itself unwinds and prints traces; stripping leaves it in place
 * (runtime/symtab.go: pcHeader, functab, _func, pcvalue). From Go 1.18 on. Never throws; addresses that are not there give
 * undefined.
 */
export function readGoFunctions(bytes: Uint8Array, image: ElfImage): GoFunctions | undefined {
  if (!canBeRead(image)) return undefined;
  const memory = new GoMemory(bytes, image);
  const section = (...names: string[]) => image.sections.find(({ name }) => names.includes(name))?.address;
  // Up to Go 1.25 the linker leaves it in another section of a plugin.
  const start =
    section('.gopclntab', '.data.rel.ro.gopclntab') ??
    readModuledata(memory, image, readPackageHashes(memory, image)).found?.lineTable;
  if (start === undefined || !MAGICS.includes(memory.u32(start)) || memory.u8(start + 7) !== 8) return undefined;
  // From Go 1.26 on it is in moduledata alone, which has a section of its own since.
  const module = section('.go.module');
  const text = module === undefined ? memory.pointer(start + 24) : memory.pointer(module + MODULE_TEXT);
  const count = memory.u64(start + 8);
  if (text === 0 || count === 0 || count > MOST_FUNCTIONS) return undefined;
  const table: Table = {
    memory,
    quantum: memory.u8(start + 6),
    text,
    count,
    names: start + memory.u64(start + 32),
    units: start + memory.u64(start + 40),
    files: start + memory.u64(start + 48),
    values: start + memory.u64(start + 56),
    functions: start + memory.u64(start + 64),
    budget: { left: MOST_STEPS },
  };
  const known = new Map<string, GoFunction | undefined>();
  return {
    at: (address) => functionAt(table, address),
    named: (name) => {
      if (!known.has(name)) known.set(name, functionNamed(table, name));
      return known.get(name);
    },
    allNamed: (names) => {
      const found = new Map<string, GoFunction>();
      const longest = Math.min(LONGEST_NAME, Math.max(0, ...[...names].map((name) => Buffer.byteLength(name))) + 1);
      for (let index = 0; index < Math.min(count, MOST_WALKED) && found.size < names.size; index += 1) {
        const one = functionOf(table, index);
        const name = textAt(memory, table.names + memory.u32(one + 4), longest);
        if (names.has(name) && !found.has(name)) found.set(name, describe(table, one));
      }
      return found;
    },
  };
}

function functionNamed(table: Table, name: string): GoFunction | undefined {
  const { memory, budget } = table;
  const wanted = Buffer.from(`${name}\0`);
  for (let index = 0; index < table.count && budget.left > 0; index += 1) {
    budget.left -= 1;
    const one = functionOf(table, index);
    if (memory.range(table.names + memory.u32(one + 4), wanted.length).equals(wanted)) return describe(table, one);
  }
  return undefined;
}

interface Table {
  readonly memory: GoMemory;
  /** Bytes of the smallest instruction. */
  readonly quantum: number;
  readonly text: number;
  readonly count: number;
  /** Addresses of the parts. */
  readonly names: number;
  readonly units: number;
  readonly files: number;
  readonly values: number;
  readonly functions: number;
  /** Steps that may still be taken. */
  readonly budget: { left: number };
}

function functionOf({ memory, functions }: Table, index: number): number {
  return functions + memory.u32(functions + index * 8 + 4);
}

function functionAt(table: Table, address: number): GoFunction | undefined {
  const { memory, functions, count, text } = table;
  const offset = address - text;
  if (offset < 0 || offset >= memory.u32(functions + count * 8)) return undefined;
  let low = 0;
  let high = count;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (memory.u32(functions + middle * 8) <= offset) low = middle;
    else high = middle;
  }
  const one = functionOf(table, low);
  return memory.u32(functions + low * 8) <= offset ? describe(table, one) : undefined;
}

/** @param at address of its _func */
function describe(table: Table, at: number): GoFunction {
  const { memory, text } = table;
  const entry = text + memory.u32(at);
  const [sizes, files, lines] = [16, 20, 24].map((field) => memory.u32(at + field));
  const fileName = (value: number | undefined): string | undefined => {
    if (value === undefined || value < 0) return undefined;
    const place = memory.u32(table.units + (memory.u32(at + 32) + value) * 4);
    return place === 0xffffffff ? undefined : textAt(memory, table.files + place);
  };
  return {
    name: textAt(memory, table.names + memory.u32(at + 4)),
    frameSize: (address) => stepAt(table, sizes, entry, address)?.value,
    fullFrameSize: () => {
      let largest = 0;
      for (const { value } of steps(table, sizes, entry)) largest = Math.max(largest, value);
      return largest;
    },
    line: (address) => {
      const own = stepAt(table, files, entry, entry)?.value;
      let last: number | undefined;
      // Code of other files was inlined; the line before it is that of the call, or next to it.
      for (const { value, end } of steps(table, files, entry)) {
        if (value === own) last = Math.min(end - 1, address);
        if (address < end) break;
      }
      const file = fileName(own);
      const line = last === undefined ? undefined : stepAt(table, lines, entry, last)?.value;
      return file === undefined || line === undefined || line <= 0 ? undefined : { file, line };
    },
    inlined: () => {
      const own = stepAt(table, files, entry, entry)?.value;
      let start = entry;
      for (const { value, end } of steps(table, files, entry)) {
        const file = value === own ? undefined : fileName(value);
        const line = file === undefined ? undefined : stepAt(table, lines, entry, start)?.value;
        if (file !== undefined && line !== undefined && line > 0) return { file, line };
        start = end;
      }
      return undefined;
    },
  };
}

interface ValueStep {
  readonly value: number;
  /** The first address that it is no longer for. */
  readonly end: number;
}

function stepAt(table: Table, offset: number | undefined, entry: number, address: number): ValueStep | undefined {
  for (const step of steps(table, offset, entry)) if (address < step.end) return step;
  return undefined;
}

/** runtime/symtab.go, step: differences of value and address in turn, as varints, the first zigzag; 0 ends the table. */
function* steps(
  { memory, values, quantum, budget }: Table,
  offset: number | undefined,
  entry: number,
): Generator<ValueStep> {
  if (offset === undefined || offset === 0) return;
  let at = values + offset;
  let value = -1;
  let address = entry;
  const varint = (): number => {
    let result = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = memory.u8(at);
      at += 1;
      result += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return result;
  };
  for (let count = 0; budget.left > 0; count += 1) {
    budget.left -= 1;
    const change = varint();
    if (change === 0 && count > 0) return;
    value += change % 2 === 1 ? -(change + 1) / 2 : change / 2;
    address += varint() * quantum;
    yield { value, end: address };
  }
}

function textAt(memory: GoMemory, address: number, longest = LONGEST_NAME): string {
  let end = 0;
  while (end < longest && memory.has(address + end, 1) && memory.u8(address + end) !== 0) end += 1;
  return memory.range(address, end).toString('utf8');
}
