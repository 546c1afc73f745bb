import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { TypeGraph, TypeNode } from '../../src/abi/model.ts';
import { readElf } from '../../src/elf/read.ts';
import { readSnapshot, SNAPSHOT_LIMITS, writeSnapshot } from '../../src/snapshot/format.ts';
import { snapshotJsonSchema } from '../../src/snapshot/json-schema.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { sharedObject } from './shared-object.ts';

/** One node of every kind, with every optional field once there and once not. */
const declared = { file: 'include/a.h', line: 12, column: 3 };
const member = {
  name: 'x',
  type: 1,
  bitOffset: 32,
  bitSize: 3,
  alignment: 8,
  access: 'private',
  mutable: true,
  declared,
} as const;
const compound = {
  name: 'S',
  scope: 'ns',
  language: 'c++',
  declaration: false,
  size: 16,
  alignment: 8,
  members: [member, { type: 0, bitOffset: 0 }],
  staticMembers: [{ name: 's', type: 1, declared }],
  bases: [
    { type: 2, virtual: true },
    { type: 2, offset: 8, virtual: false, access: 'public' },
  ],
  methods: [
    {
      name: 'm',
      linkageName: '_ZN1S1mEv',
      type: 9,
      virtual: 'pure',
      slot: 2,
      access: 'public',
      static: false,
      declared,
    },
    {
      name: 'n',
      type: 9,
      virtual: 'no',
      static: true,
      deleted: true,
      defaulted: false,
      explicit: true,
      artificial: true,
    },
  ],
  templateArguments: [{ name: 'T', type: 1 }, { value: '3' }],
  variants: { discriminant: member, variants: [{ value: '0', name: 'A', member }, { member }] },
  passing: 'by-reference',
  goMethods: [{ name: 'Read', type: 9 }],
  declared,
} as const;

const nodes: readonly TypeNode[] = [
  { kind: 'void' },
  { kind: 'base', name: 'int', size: 4, encoding: 'signed', bitSize: 31 },
  { kind: 'struct', ...compound },
  { kind: 'pointer', target: 2, size: 8 },
  { kind: 'reference', target: 2 },
  { kind: 'rvalue-reference', target: 2 },
  { kind: 'const', target: 3 },
  { kind: 'typedef', name: 't', scope: '', target: 6, declared },
  { kind: 'array', element: 1, dimensions: [2, undefined], vector: true },
  {
    kind: 'function',
    result: 0,
    parameters: [{ type: 3, name: 'this', artificial: true }, { type: 1 }],
    variadic: true,
    prototyped: false,
    callingConvention: 193,
    results: [1, 3],
  },
  {
    kind: 'enum',
    name: 'E',
    scope: '',
    size: 4,
    underlying: 1,
    scoped: true,
    enumerators: [{ name: 'A', value: '18446744073709551615' }],
    declaration: false,
    declared,
  },
  { kind: 'class', ...compound, name: undefined, members: [] },
  { kind: 'union', ...compound },
  { kind: 'member-pointer', container: 2, target: 1 },
  { kind: 'unspecified', name: 'decltype(nullptr)' },
  { kind: 'unknown', reason: 'form 0x99' },
  ...(['volatile', 'restrict', 'atomic', 'shared', 'immutable'] as const).map((kind) => ({ kind, target: 1 })),
];

const types: TypeGraph = {
  nodes,
  symbols: [
    { name: '_ZN1S1mEv', version: 'V1', kind: 'function', type: 9, qualifiedName: 'S::m', language: 'c++', declared },
    { name: 'v', kind: 'variable', noreturn: true, imported: true },
  ],
  missing: [
    { code: 'limit', message: 'm', fix: 'f', symbols: ['v'] },
    { code: 'malformed', message: 'm', fix: 'f' },
  ],
  odr: [{ name: 'S', nodes: [2, 11] }],
  producers: ['cc 1'],
  pointerSize: 8,
  littleEndian: true,
};

const bytes = sharedObject();
const read = readElf(bytes).image;
if (read === undefined) throw new Error('the sample cannot be read');
// The reader leaves in a section where its name stands; the model has no such field.
const image = { ...read, sections: read.sections.map((section) => ({ ...section, nameOffset: undefined })) };
const sample: Snapshot = {
  digest: `sha256:${'a'.repeat(64)}`,
  size: bytes.length,
  release: '1.2.0',
  content: `sha256:${'b'.repeat(64)}`,
  image,
  problems: [{ rule: 'elf/malformed', message: 'odd', offset: 4 }],
  types,
};

const packed = writeSnapshot(sample);

function inside(): { [key: string]: unknown; strings: string[]; columns: Record<string, number[]> } {
  return JSON.parse(gunzipSync(packed).toString('utf8'));
}

function problemOf(change: (document: ReturnType<typeof inside>) => unknown): string {
  const document = inside();
  const changed = change(document) ?? document;
  return readSnapshot(gzipSync(JSON.stringify(changed))).problem ?? 'none';
}

describe('a snapshot', () => {
  it('gives back what was put in, every field of the models', () => {
    expect(readSnapshot(packed)).toEqual({ snapshot: sample });
  });

  it('is the same bytes for the same content, with no time and no system in them', () => {
    expect(Buffer.compare(writeSnapshot(structuredClone(sample)), packed)).toBe(0);
    expect([...packed.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
  });

  it('is as its published schema says', () => {
    const valid = new Ajv2020({ strict: true }).compile(snapshotJsonSchema() as object);
    expect(valid(inside())).toBe(true);
    expect(valid({ ...inside(), columns: { 'types.nodes.kind': ['0'] } })).toBe(false);
  });

  it('lacks nothing when it was made before the model got another optional field', () => {
    expect(problemOf(({ columns }) => void delete columns['types.symbols.noreturn?'])).toMatch(
      /noreturn holds 1 values more/,
    );
    expect(
      problemOf(({ columns }) => {
        delete columns['types.symbols.noreturn?'];
        delete columns['types.symbols.noreturn'];
      }),
    ).toBe('none');
  });
});

describe('what is refused', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['cut off', packed.subarray(0, packed.length - 20), /not a whole gzip file/],
    ['only the beginning', packed.subarray(0, 2), /not a whole gzip file/],
    ['another gzip file', gzipSync('hello'), /not JSON/],
    ['another JSON file', gzipSync('{"schema":"x"}'), /no snapshot/],
    ['a list', gzipSync('[]'), /no snapshot/],
    ['nothing', gzipSync(''), /not JSON/],
    ['deeply nested', gzipSync('['.repeat(5_000_000)), /not JSON/],
    [
      'another version',
      gzipSync('{"schema":"plugin-gate/snapshot/v2"}'),
      /this version reads plugin-gate\/snapshot\/v1/,
    ],
    ['a bomb', gzipSync(Buffer.alloc(SNAPSHOT_LIMITS.unpacked + 1)), /unpacks to more than/],
    ['a bomb of values', gzipSync(`[${'[],'.repeat(SNAPSHOT_LIMITS.values)}0]`), /holds more than \d+ values/],
  ])('%s', (_name, given, problem) => {
    expect(readSnapshot(given).problem).toMatch(problem);
  });

  it.each<[string, Parameters<typeof problemOf>[0], RegExp]>([
    ['an unknown key', (document) => ({ ...document, other: 1 }), /unknown key "other"/],
    ['no digest', (document) => ({ ...document, digest: 'sha256:1' }), /digest is not one/],
    ['no size', (document) => ({ ...document, size: -1 }), /size is none/],
    ['a long release', (document) => ({ ...document, release: 'x'.repeat(300) }), /not a short text/],
    ['strings that are none', (document) => ({ ...document, strings: [1] }), /not a list of texts/],
    ['columns that are none', (document) => ({ ...document, columns: { a: [null] } }), /not lists of numbers/],
    ['a column that ends early', ({ columns }) => void columns['types.symbols.kind']?.pop(), /kind ends too early/],
    ['a column that goes on', ({ columns }) => void columns['types.symbols.kind']?.push(0), /1 values more/],
    [
      'a column of nobody',
      ({ columns }) => void Object.assign(columns, { 'types.x': [1] }),
      /types\.x holds 1 values more/,
    ],
    [
      'a type that is not there',
      ({ columns }) => void columns['types.nodes.pointer.target']?.fill(99),
      /refers to element 99 of/,
    ],
    ['a text that is not there', ({ columns }) => void columns['types.symbols.name']?.fill(1e6), /holds 1000000/],
    ['half a number', ({ columns }) => void columns['types.symbols.name']?.fill(0.5), /holds 0\.5/],
    ['a kind that is none', ({ columns }) => void columns['types.nodes.kind']?.fill(77), /holds 77/],
    ['a length that lies', ({ columns }) => void columns['types.nodes#']?.fill(1e15), /too long|too early/],
    ['a length below zero', ({ columns }) => void columns['types.nodes#']?.fill(-1), /holds -1/],
    [
      'a list of nothing, very often',
      ({ columns }) => void columns['types.nodes.array.dimensions#']?.fill(1e12),
      /too long/,
    ],
    [
      'a reference beyond the end',
      ({ columns }) => void columns['types.nodes.typedef.target']?.fill(1e9),
      /refers to element/,
    ],
    [
      'a reference before the start',
      ({ columns }) => void columns['types.nodes.typedef.target']?.fill(-5),
      /leaves its range/,
    ],
  ])('%s', (_name, change, problem) => {
    expect(problemOf(change)).toMatch(problem);
  });

  it('texts that are used so often that they could not be shown', () => {
    const problem = problemOf(({ strings, columns }) => {
      strings.push('x'.repeat(60_000_000));
      columns['types.producers#'] = [10];
      columns['types.producers'] = Array(10).fill(strings.length - 1);
    });
    expect(problem).toMatch(/too long to be compared/);
  });
});
