import { describe, expect, it } from '@jest/globals';
import { compareTypes } from '../../src/abi/compare/compare-types.ts';
import type { MissingEvidence, TypeGraph } from '../../src/abi/model.ts';
import { worstEffect } from '../../src/rules/effects.ts';
import { GraphMaker, member } from './graphs.ts';

/** `int run(struct config *)`, with the member `level` as it is made by the argument. */
function config(level: (make: GraphMaker) => number, more: Partial<TypeGraph> = {}): TypeGraph {
  const make = new GraphMaker();
  const type = level(make);
  make.symbol('run', make.function([make.pointer(make.struct('config', [member('level', type, 0)], 4))]));
  return make.graph(more);
}

const int = (make: GraphMaker): number => make.int();
const unknown = (make: GraphMaker): number => make.add({ kind: 'unknown', reason: 'a reference that leads nowhere' });

describe('what cannot be seen is undecided', () => {
  it.each([
    ['in the new file', config(int), config(unknown)],
    ['in the old file', config(unknown), config(int)],
    ['in both', config(unknown), config(unknown)],
  ])('a type that could not be read %s', (_, old, now) => {
    const { findings } = compareTypes(old, now);
    expect(findings.map(({ rule, effect, path }) => [rule, effect, path])).toEqual([
      ['abi/type-unreadable', 'undecided', ['run', 'parameter 1', 'struct config', 'level']],
    ]);
    expect(findings[0]?.message).toContain('a reference that leads nowhere');
  });

  it('a node that is not there', () => {
    const make = new GraphMaker();
    make.symbol('run', make.function([7777]));
    expect(worstEffect(compareTypes(make.graph(), make.graph()).findings)).toBe('undecided');
    const gone = new GraphMaker();
    gone.symbol('run', 4242);
    expect(worstEffect(compareTypes(gone.graph(), gone.graph()).findings)).toBe('undecided');
  });

  it.each(['malformed', 'unsupported', 'limit', 'alt-missing', 'split-missing'] as const)(
    'equal types beside evidence that is %s',
    (code) => {
      const missing: MissingEvidence[] = [{ code, message: 'Unit 3 ends early.', fix: 'Build it again.' }];
      for (const graphs of [
        [config(int, { missing }), config(int)],
        [config(int), config(int, { missing })],
      ] as const) {
        const { findings } = compareTypes(...graphs);
        expect(findings.map(({ rule, effect, fix }) => [rule, effect, fix])).toEqual([
          ['abi/evidence-missing', 'undecided', 'Build it again.'],
        ]);
        expect(findings[0]?.message).toContain('Unit 3 ends early.');
      }
    },
  );

  it('a symbol without a type on one side is not compared, and the reason is told with the fix', () => {
    const old = config(int);
    const missing: MissingEvidence[] = [
      {
        code: 'symbol-without-type',
        message: 'No debug information describes 1 symbol.',
        fix: 'Use -g.',
        symbols: ['run'],
      },
    ];
    const now: TypeGraph = { ...config(int, { missing }), symbols: [{ name: 'run', kind: 'function' }] };
    const { compared, missing: text } = compareTypes(old, now);
    expect([...compared]).toEqual([]);
    expect(text).toBe('NEW: No debug information describes 1 symbol (Use -g)');
  });

  it('of two versions of a symbol one has no type', () => {
    const make = new GraphMaker();
    const type = make.function([]);
    const graph = make.graph({
      symbols: [
        { name: 'run', version: 'V_1', kind: 'function', type },
        { name: 'run', version: 'V_2', kind: 'function' },
      ],
    });
    expect([...compareTypes(graph, graph).compared]).toEqual([]);
  });

  it('a function that became a variable', () => {
    const make = new GraphMaker();
    make.symbol('run', make.int(), 'variable');
    expect([...compareTypes(config(int), make.graph()).compared]).toEqual([]);
  });
});

describe('names that stand for several types', () => {
  const odr = [{ name: 'geo::Shape', nodes: [0, 1] }];

  it('is told when it began', () => {
    const { findings } = compareTypes(config(int), config(int, { odr }));
    expect(findings.map(({ rule, effect, type }) => [rule, effect, type])).toEqual([
      ['abi/odr-conflict', 'risky', 'geo::Shape'],
    ]);
  });

  it('is nothing new when it was so before', () => {
    expect(compareTypes(config(int, { odr }), config(int, { odr })).findings).toEqual([]);
  });
});
