import { describe, expect, it } from '@jest/globals';
import { compareTypes } from '../../src/abi/compare/compare-types.ts';
import type { TypeGraph } from '../../src/abi/model.ts';
import { GraphMaker } from './graphs.ts';

type Methods = Readonly<Record<string, 'int' | 'long'>>;

/** `func Run(h Handler) (int, error)` with an interface of these methods, as a reader of Go's tables makes it. */
function handler(methods: Methods, results = 2): TypeGraph {
  const make = new GraphMaker();
  const numbers = { int: make.int(4), long: make.int(8) };
  const node = make.add({
    kind: 'struct',
    name: 'Handler',
    scope: 'host/api',
    language: 'go',
    declaration: false,
    size: 16,
    members: [],
    staticMembers: [],
    bases: [],
    methods: [],
    templateArguments: [],
    goMethods: Object.entries(methods).map(([name, type]) => ({ name, type: make.function([numbers[type]]) })),
  });
  make.add({
    kind: 'function',
    result: numbers.int,
    parameters: [{ type: node }],
    variadic: false,
    prototyped: true,
    results: Array.from({ length: results }, () => numbers.int),
  });
  make.symbol('plugin.Run', make.nodes.length - 1);
  return make.graph({ nominal: true });
}

const found = (old: TypeGraph, now: TypeGraph) =>
  compareTypes(old, now).findings.map(({ rule, effect, path }) => [rule, effect, path?.at(-1)]);

describe('Go types in the graph', () => {
  it('are the same where nothing changed', () => {
    expect(found(handler({ Close: 'int', Handle: 'int' }), handler({ Close: 'int', Handle: 'int' }))).toEqual([]);
  });

  it('break with a method more or less in an interface', () => {
    const [less, more] = [handler({ Handle: 'int' }), handler({ Close: 'int', Handle: 'int' })];
    expect(found(less, more)).toEqual([['go/type-changed', 'breaking', 'Close']]);
    expect(found(more, less)).toEqual([['go/type-changed', 'breaking', 'Close']]);
  });

  it('break with another parameter of a method, and with another number of results', () => {
    expect(found(handler({ Handle: 'int' }), handler({ Handle: 'long' }))).toEqual([
      ['go/type-changed', 'breaking', 'Handle'],
    ]);
    expect(found(handler({}, 2), handler({}, 1))).toEqual([['go/symbol-changed', 'breaking', 'result']]);
  });
});
