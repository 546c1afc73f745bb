import { describe, expect, it } from '@jest/globals';
import { mainTypes } from '../../src/golang/advice/main-types.ts';

const told = (kind: 'func' | 'var', type: string, methods: readonly string[] = []): readonly (string | undefined)[] =>
  mainTypes({ symbols: [{ name: 'F', kind, type, methods }] }).map(({ rule, message }) => `${rule}: ${message}`);

describe('a type of package main in the interface of a plugin', () => {
  it.each([
    ['func', 'func(*main.Options) error', 'main.Options'],
    ['func', 'func() (map[string]main.A, []main.B)', 'main.A, main.B'],
    ['func', 'func(api.Pair[int,main.T])', 'main.T'],
    ['var', '*main.registerer', 'main.registerer'],
  ] as const)('%s %s is told', (kind, type, names) => {
    expect(told(kind, type)).toEqual([expect.stringContaining(`go/type-in-main: F uses ${names}, declared`)]);
  });

  it.each([
    ['func', 'func(domain.Options, mymain.T) error'],
    ['func', 'func(api.Pair[int,example.com/main.T])'],
    ['var', 'int'],
  ] as const)('%s %s has none', (kind, type) => {
    expect(told(kind, type)).toEqual([]);
  });

  it('is no matter for a variable with methods, which hosts assert an interface with', () => {
    expect(told('var', 'main.registerer', ['Register(string)'])).toEqual([]);
  });
});
