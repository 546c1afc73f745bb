import { describe, expect, it } from '@jest/globals';
import { alignmentOf } from '../../src/abi/compare/alignment.ts';
import { compareTypes } from '../../src/abi/compare/compare-types.ts';
import type { TypeGraph, TypeId } from '../../src/abi/model.ts';
import { typeName } from '../../src/abi/names.ts';
import { GraphMaker, member } from './graphs.ts';

const DEEP = 50_000;

/** Structs that each point to the next; the member behind the pointer has the given size. */
function list(length: number, size: (at: number) => number): TypeGraph {
  const make = new GraphMaker();
  const [int, long] = [make.int(4), make.int(8)];
  let next = make.pointer(make.add({ kind: 'void' }));
  for (let at = length - 1; at >= 0; at -= 1) {
    const value = size(at) === 4 ? int : long;
    next = make.pointer(make.struct(`s${at}`, [member('next', next, 0), member('value', value, 8)], 16));
  }
  make.symbol('walk', make.function([next]));
  return make.graph();
}

/** Structs that each hold the next. */
function nest(length: number, innermost: number): TypeGraph {
  const make = new GraphMaker();
  let size = innermost;
  let part = make.int(innermost);
  for (let at = length - 1; at >= 0; at -= 1) part = make.struct(`s${at}`, [member('part', part, 0)], size);
  size = innermost;
  make.symbol('walk', make.function([make.pointer(part)]));
  return make.graph();
}

function wrapped(
  depth: number,
  innermost: number,
  wrap: (make: GraphMaker, type: TypeId, at: number) => TypeId,
): TypeGraph {
  const make = new GraphMaker();
  let type = make.int(innermost);
  for (let at = 0; at < depth; at += 1) type = wrap(make, type, at);
  make.symbol('value', type, 'variable');
  make.symbol('run', make.function([type]));
  return make.graph();
}

describe('graphs of a hundred thousand types', () => {
  it('finds the one change at the end of a list', () => {
    const { findings } = compareTypes(
      list(100_000, () => 4),
      list(100_000, (at) => (at === 99_999 ? 8 : 4)),
    );
    expect(findings.map(({ rule, type, affected }) => [rule, type, affected])).toEqual([
      ['abi/member-type-changed', 'struct s99999', ['walk']],
    ]);
    // The path is cut, and both of its ends are there.
    expect(findings[0]?.path?.[0]).toBe('walk');
    expect(findings[0]?.path?.at(-1)).toBe('value');
    expect(findings[0]?.path?.length).toBeLessThan(30);
  });

  it('says where the search for affected symbols was given up', () => {
    const { findings } = compareTypes(
      list(100_000, () => 4),
      list(100_000, (at) => (at >= 99_500 ? 8 : 4)),
    );
    expect(findings).toHaveLength(500);
    expect(findings[0]?.message).toContain('1 exported symbol reaches it');
    expect(findings.filter(({ message }) => message.includes('At least')).length).toBeGreaterThan(0);
  });

  it('tells a thousand changed types one by one, and counts the others', () => {
    const { findings } = compareTypes(
      list(20_000, () => 4),
      list(20_000, () => 8),
    );
    expect(findings).toHaveLength(1_001);
    expect(findings.at(-1)).toMatchObject({
      rule: 'abi/more-changes',
      effect: 'breaking',
      subject: '19000 more types',
    });
    expect(findings.at(-1)?.message).toContain('19000 breaking');
  });

  it('tells one cause for fifty thousand structs inside each other', () => {
    const { findings } = compareTypes(nest(DEEP, 4), nest(DEEP, 8));
    expect(findings.map(({ rule, type }) => [rule, type])).toEqual([
      ['abi/struct-size-changed', `struct s${DEEP - 1}`],
    ]);
  });

  it('compares many symbols of one changed type', () => {
    const make = (size: number): TypeGraph => {
      const made = new GraphMaker();
      const pointer = made.pointer(made.struct('s', [member('a', made.int(size), 0)], size));
      for (let at = 0; at < 20_000; at += 1) made.symbol(`f${at}`, made.function([pointer]));
      return made.graph();
    };
    const { findings, compared } = compareTypes(make(4), make(8));
    expect(findings).toHaveLength(1);
    expect(findings[0]?.message).toContain('20000 exported symbols reach it');
    expect(findings[0]?.affected).toHaveLength(200);
    expect(compared.size).toBe(20_000);
  });
});

describe('types that nest deeper than any source', () => {
  it.each([
    [
      'typedefs',
      (make: GraphMaker, target: TypeId, at: number) =>
        make.add({ kind: 'typedef', name: `t${at}`, scope: '', target }),
    ],
    ['pointers', (make: GraphMaker, target: TypeId) => make.pointer(target)],
    ['arrays', (make: GraphMaker, element: TypeId) => make.add({ kind: 'array', element, dimensions: [2] })],
    ['const', (make: GraphMaker, target: TypeId) => make.add({ kind: 'const', target })],
    [
      'member pointers',
      (make: GraphMaker, target: TypeId) => make.add({ kind: 'member-pointer', container: target, target }),
    ],
  ] as const)('%s: undecided, not equal', (_, wrap) => {
    const [old, now] = [wrapped(DEEP, 4, wrap), wrapped(DEEP, 8, wrap)];
    const { findings } = compareTypes(old, now);
    expect(new Set(findings.map(({ effect }) => effect))).toEqual(new Set(['undecided']));
    expect(findings.length).toBeGreaterThan(0);
    expect(typeName(now, now.nodes.length - 2).length).toBeLessThanOrEqual(400);
  });

  it('functions that take functions: found at the innermost, and named in bounds', () => {
    const wrap = (make: GraphMaker, type: TypeId): TypeId => make.pointer(make.function([type, type, type, type]));
    const [old, now] = [wrapped(DEEP, 4, wrap), wrapped(DEEP, 8, wrap)];
    const { findings } = compareTypes(old, now);
    expect(findings.map(({ rule }) => rule)).toEqual(['abi/parameter-type-changed']);
    expect(typeName(now, now.nodes.length - 3).length).toBeLessThanOrEqual(400);
  });

  it('a struct that contains itself', () => {
    const make = new GraphMaker();
    const id = make.nodes.length;
    make.struct('s', [member('self', id, 0)], 8);
    const anonymous = make.nodes.length;
    make.add({
      kind: 'union',
      scope: '',
      language: 'c',
      declaration: false,
      size: 8,
      staticMembers: [],
      bases: [],
      methods: [],
      templateArguments: [],
      members: [{ type: anonymous, bitOffset: 0 }],
    });
    make.symbol('run', make.function([id, anonymous]));
    expect(compareTypes(make.graph(), make.graph()).findings).toEqual([]);
    expect(alignmentOf(make.graph(), id)).toBe(1);
  });
});

describe('types with many parts', () => {
  const MANY = 50_000;

  it('a struct whose every member is renamed and moved', () => {
    const make = (prefix: string, shift: number): TypeGraph => {
      const made = new GraphMaker();
      const int = made.int();
      const members = Array.from({ length: MANY }, (_, at) => member(`${prefix}${at}`, int, at * 4 + shift));
      made.symbol('run', made.function([made.pointer(made.struct('s', members, MANY * 4 + shift))]));
      return made.graph();
    };
    expect(compareTypes(make('a', 0), make('b', 0)).findings.map(({ effect }) => effect)).toEqual(['source-breaking']);
    const { findings } = compareTypes(make('a', 0), make('a', 4));
    expect(findings.map(({ effect }) => effect)).toEqual(['breaking']);
    expect(findings[0]?.message.length).toBeLessThan(1000);
    expect(findings[0]?.details?.split('\n').length).toBeLessThan(150);
  });

  it('a union of many members at one place', () => {
    const make = (prefix: string): TypeGraph => {
      const made = new GraphMaker();
      const int = made.int();
      const members = Array.from({ length: MANY }, (_, at) => member(`${prefix}${at}`, int, 0));
      made.symbol('run', made.function([made.pointer(made.struct('s', members, 4))]));
      return made.graph();
    };
    expect(compareTypes(make('a'), make('b')).findings).toHaveLength(1);
  });

  it('an enum whose every value goes', () => {
    const make = (prefix: string, first: number): TypeGraph => {
      const made = new GraphMaker();
      const values = Array.from({ length: MANY }, (_, at) => ({ name: `${prefix}${at}`, value: String(at + first) }));
      made.symbol('run', made.function([made.enumeration('e', values)]));
      return made.graph();
    };
    expect(compareTypes(make('A', 0), make('B', 0)).findings[0]?.effect).toBe('source-breaking');
    expect(compareTypes(make('A', 0), make('B', MANY)).findings[0]?.effect).toBe('breaking');
  });

  it('anonymous structs that hold each other twice', () => {
    const made = new GraphMaker();
    let inner = made.int();
    for (let depth = 0; depth < 30; depth += 1) {
      const members = [
        { type: inner, bitOffset: 0 },
        { type: inner, bitOffset: 32 },
      ];
      const list = { staticMembers: [], bases: [], methods: [], templateArguments: [] };
      inner = made.add({ kind: 'struct', scope: '', language: 'c', declaration: false, size: 8, members, ...list });
    }
    made.symbol('run', made.function([made.pointer(made.struct('s', [{ type: inner, bitOffset: 0 }], 8))]));
    const { findings } = compareTypes(made.graph(), made.graph());
    expect(findings.map(({ effect }) => effect)).toContain('undecided');
  });

  it('names that patterns would stumble over', () => {
    const make = (name: string): TypeGraph => {
      const made = new GraphMaker();
      const struct = made.struct('s', [member(name, made.int(), 0)], 4);
      const values = [{ name: `${'NumOf'.repeat(40_000)}!`, value: String(name.length) }];
      made.symbol('run', made.function([made.pointer(struct), made.enumeration('e', values)]));
      return made.graph();
    };
    const long = `pad${'_'.repeat(200_000)}`;
    expect(compareTypes(make(`${long}!`), make(`${long}!!`)).findings).toHaveLength(2);
  });
});
