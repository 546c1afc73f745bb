import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { expect, it } from '@jest/globals';
import * as AT from '../../src/dwarf/at.ts';
import * as FORM from '../../src/dwarf/form.ts';
import * as TAG from '../../src/dwarf/tag.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { readAndCompare, readTypes } from './reading.ts';

const space = workspace();

type Bytes = readonly number[];

const u16 = (value: number): Bytes => [value & 0xff, (value >> 8) & 0xff];
const u32 = (value: number): Bytes => [...u16(value), ...u16(value >>> 16)];
const text = (value: string): Bytes => [...Buffer.from(value, 'latin1'), 0];

function uleb(value: number): Bytes {
  const bytes: number[] = [];
  let left = value;
  do {
    bytes.push((left % 128) | (left >= 128 ? 0x80 : 0));
    left = Math.floor(left / 128);
  } while (left > 0);
  return bytes;
}

/** A declaration of .debug_abbrev. */
function abbrev(code: number, tag: number, children: boolean, ...attributes: readonly (readonly number[])[]): Bytes {
  return [...uleb(code), ...uleb(tag), children ? 1 : 0, ...attributes.flatMap((pair) => pair.flatMap(uleb)), 0, 0];
}

const HEADER = 11;

/** A compile unit of DWARF 4 around entries that are already encoded. */
function unit(...parts: readonly (Bytes | Uint8Array)[]): Uint8Array {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(HEADER + size);
  bytes.set([...u32(HEADER - 4 + size), ...u16(4), ...u32(0), 8]);
  let at = HEADER;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const UNIT = 1;
const VICTIM = 2;
const COMMON = [
  ...abbrev(UNIT, TAG.compile_unit, true, [AT.language, FORM.data1]),
  // A variable that is found by name, since its place is no address.
  ...abbrev(
    VICTIM,
    TAG.variable,
    false,
    [AT.name, FORM.string],
    [AT.external, FORM.flag_present],
    [AT.location, FORM.exprloc],
    [AT.type, FORM.ref4],
  ),
];
const ROOT = [UNIT, 4];
/** The exported variable with a type at an offset of the unit. */
const victim = (type: number): Bytes => [VICTIM, ...text('victim'), 1, 0x96, ...u32(type)];
/** Where the first entry behind root and variable lies. */
const BEHIND = HEADER + ROOT.length + victim(0).length;

/** A shared object that exports `victim`, with these debug sections. */
function craft(
  sections: Readonly<Record<string, Uint8Array | Bytes>>,
  flags = '',
): { readonly bytes: Uint8Array; readonly path: string } {
  const directory = mkdtempSync(join(space, 'case-'));
  const lines = ['.data', '.globl victim', '.type victim, @object', '.size victim, 8', 'victim: .quad 1'];
  for (const [name, content] of Object.entries(sections)) {
    writeFileSync(join(directory, name), content instanceof Uint8Array ? content : Uint8Array.from(content));
    lines.push(`.section .${name},"${flags}"`, `.incbin "${name}"`);
  }
  writeFileSync(join(directory, 'a.s'), `${lines.join('\n')}\n`);
  execFileSync('cc', ['-shared', '-nostdlib', 'a.s', '-o', 'a.so'], { cwd: directory, stdio: 'pipe' });
  const path = join(directory, 'a.so');
  return { bytes: new Uint8Array(readFileSync(path)), path };
}

function expectEnd(
  info: Uint8Array,
  more: Bytes,
  sections: Readonly<Record<string, Uint8Array | Bytes>> = {},
): ReturnType<typeof codesOf> {
  const { bytes } = craft({ debug_info: info, debug_abbrev: [...COMMON, ...more, 0], ...sections });
  const graph = readTypes(bytes);
  if (graph === undefined) throw new Error('not read');
  readAndCompare(bytes, graph);
  return codesOf(graph);
}

/** Read once, compared with nothing. */
function codesAlone(info: Uint8Array, more: Bytes): readonly string[] {
  const { bytes } = craft({ debug_info: info, debug_abbrev: [...COMMON, ...more, 0] });
  return readTypes(bytes)?.missing.map(({ code }) => code) ?? [];
}

function codesOf(graph: NonNullable<ReturnType<typeof readTypes>>): {
  readonly typed: boolean;
  readonly codes: readonly string[];
} {
  return { typed: graph.symbols.some(({ type }) => type !== undefined), codes: graph.missing.map(({ code }) => code) };
}

function repeat(count: number, make: (at: number) => Bytes): Uint8Array {
  return Uint8Array.from(Array.from({ length: count }, (_, at) => make(at)).flat());
}

const TYPEDEF = abbrev(3, TAG.typedef, false, [AT.type, FORM.ref4]);
const CONST = abbrev(4, TAG.const_type, false, [AT.type, FORM.ref4]);
const STRUCT = abbrev(5, TAG.structure_type, true, [AT.byte_size, FORM.data1]);
const MEMBER = abbrev(6, TAG.member, false, [AT.type, FORM.ref4]);
const NAMESPACE = abbrev(7, TAG.namespace, true, [AT.name, FORM.strp]);
const NAMED_STRUCT = abbrev(8, TAG.structure_type, false, [AT.name, FORM.strp], [AT.byte_size, FORM.data1]);
const POINTER = abbrev(9, TAG.pointer_type, false, [AT.type, FORM.ref4]);
const FUNCTION = abbrev(10, TAG.subprogram, false, [AT.specification, FORM.ref4], [AT.low_pc, FORM.addr]);
const NOTHING = abbrev(11, TAG.structure_type, false);
const SPECIFIED = abbrev(12, TAG.structure_type, false, [AT.specification, FORM.ref4]);

/** What real compilers never write and an attacker would: each must end soon, in memory that is bounded by the file's size. */
describeWith(['cc'], 'hostile debug information', () => {
  it('types that lead back to themselves', () => {
    for (const code of [3, 4, 9]) {
      expect(
        expectEnd(unit(ROOT, victim(BEHIND), [code, ...u32(BEHIND)], [0]), [...TYPEDEF, ...CONST, ...POINTER]).typed,
      ).toBe(true);
    }
    const inside = unit(ROOT, victim(BEHIND), [5, 8, 6, ...u32(BEHIND), 0, 0]);
    expect(expectEnd(inside, [...STRUCT, ...MEMBER]).typed).toBe(true);
    expect(expectEnd(unit(ROOT, victim(BEHIND), [12, ...u32(BEHIND)], [0]), SPECIFIED).typed).toBe(true);
  });

  it('references into the middle of entries and out of the unit', () => {
    for (const target of [0, 3, HEADER + 1, BEHIND + 1, 0xfffffff0]) {
      expectEnd(unit(ROOT, victim(target), [3, ...u32(target)], [0]), TYPEDEF);
    }
  });

  it('a chain of 100,000 types', () => {
    const chain = repeat(100_000, (at) => [4 + (at % 2) * 5, ...u32(BEHIND + (at + 1) * 5)]);
    expect(expectEnd(unit(ROOT, victim(BEHIND), chain, [0]), [...CONST, ...POINTER]).typed).toBe(true);
  });

  it('structs that nest 100,000 deep', () => {
    const nested = repeat(100_000, () => [5, 8]);
    const { codes } = expectEnd(unit(ROOT, victim(BEHIND), nested), STRUCT);
    expect(codes).toContain('malformed');
  });

  it('a struct with 50,000 members, each of another type', () => {
    const members = repeat(50_000, (at) => [6, ...u32(BEHIND + 2 + at * 5)]);
    expectEnd(unit(ROOT, victim(BEHIND), [5, 8], members, [0, 0]), [...STRUCT, ...MEMBER]);
  });

  it('a struct with a million members, of which the first are compared', () => {
    const members = new Uint8Array(1_000_000 * 5);
    for (let at = 0; at < members.length; at += 5) members.set([6, ...u32(BEHIND)], at);
    expect(codesAlone(unit(ROOT, victim(BEHIND), [5, 8], members, [0, 0]), [...STRUCT, ...MEMBER])).toContain('limit');
  });

  it('a hundred and twenty structs with 10,000 members each', () => {
    const size = 2 + 10_000 * 5 + 1;
    const structs = new Uint8Array(size * 120);
    for (let number = 0; number < 120; number += 1) {
      const next = BEHIND + (number + 1) * size;
      structs.set([5, 8], number * size);
      for (let at = 0; at < 10_000; at += 1) structs.set([6, ...u32(next)], number * size + 2 + at * 5);
    }
    const last = [5, 8, 0];
    expect(codesAlone(unit(ROOT, victim(BEHIND), structs, last, [0]), [...STRUCT, ...MEMBER])).toContain('limit');
  });

  it('functions that all complete one function', () => {
    const functions = repeat(50_000, () => [10, ...u32(BEHIND), 0, 0, 0, 0, 0, 0, 0, 0]);
    expectEnd(unit(ROOT, victim(BEHIND), functions, [0]), FUNCTION);
  });

  it('entries of one byte', () => {
    const entries = new Uint8Array(4_100_000).fill(11);
    const info = unit(ROOT, victim(BEHIND), entries, [0]);
    const graph = readTypes(craft({ debug_info: info, debug_abbrev: [...COMMON, ...NOTHING, 0] }).bytes);
    expect(graph?.missing.map(({ code }) => code)).toContain('limit');
  });

  it('names that overlap in one string of a megabyte', () => {
    const structs = repeat(200_000, (at) => [8, ...u32(at), 8]);
    const { codes } = expectEnd(unit(ROOT, victim(BEHIND), structs, [0]), NAMED_STRUCT, {
      debug_str: new Uint8Array(1_000_001).fill(0x61, 0, 1_000_000),
    });
    expect(codes).not.toContain('no-debug-info');
  });

  it('namespaces of long names, 500 deep, again and again', () => {
    const tower = [...repeat(500, (at) => [7, ...u32(at)]), 8, ...u32(0), 8, ...new Array<number>(500).fill(0)];
    const towers = Uint8Array.from(Array.from({ length: 200 }, () => tower).flat());
    const first = BEHIND + 500 * 5;
    expectEnd(unit(ROOT, victim(first), towers, [0]), [...NAMESPACE, ...NAMED_STRUCT], {
      debug_str: new Uint8Array(100_001).fill(0x61, 0, 100_000),
    });
  });

  it('many units, each with a table of abbreviations that begins one byte later', () => {
    const table = [...COMMON, ...repeat(20_000, (at) => abbrev(20 + at, TAG.typedef, false))];
    const units = Uint8Array.from(
      Array.from({ length: 20_000 }, (_, at) => [...u32(HEADER - 4 + 2), ...u16(4), ...u32(at), 8, ...ROOT]).flat(),
    );
    const { bytes } = craft({ debug_info: units, debug_abbrev: [...table, 0] });
    expect(readTypes(bytes)?.missing.map(({ code }) => code)).toContain('malformed');
  });

  it('compressed sections that are too large or lie about their size', () => {
    const content = deflateSync(Buffer.alloc(50_000_000));
    for (const [announced, code] of [
      [2n ** 40n, 'limit'],
      [600n * 1024n * 1024n, 'limit'],
      [100n, 'malformed'],
      [200n * 1024n * 1024n, 'malformed'],
    ] as const) {
      const header = Buffer.alloc(12);
      header.write('ZLIB');
      header.writeBigUInt64BE(announced, 4);
      // The linker would unpack it: it gets its name afterwards.
      const { bytes } = craft({ xdebug_info: Buffer.concat([header, content]), debug_abbrev: [...COMMON, 0] });
      bytes[Buffer.from(bytes.buffer).indexOf('.xdebug_info') + 1] = 'z'.charCodeAt(0);
      expect(readTypes(bytes)?.missing.map((one) => one.code)).toContain(code);
    }
  });
});
