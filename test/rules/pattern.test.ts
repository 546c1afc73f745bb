import { describe, expect, it } from '@jest/globals';
import { exactly, hasWildcard, matchesPattern } from '../../src/rules/pattern.ts';

describe('patterns of waivers', () => {
  it.each([
    ['greet_init', 'greet_init', true],
    ['greet_init', 'greet_init2', false],
    ['greet_init', 'Greet_init', false],
    ['greet_init', '', false],
    ['*', '', true],
    ['*', 'anything', true],
    ['greet_*', 'greet_init', true],
    ['greet_*', 'greet_', true],
    ['greet_*', 'regreet_init', false],
    ['*_init', 'greet_init', true],
    ['*_init', 'greet_init_2', false],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['a*b*c', 'abbc', true],
    ['ab*ba', 'aba', false],
    ['ab*ba', 'abba', true],
    ['a*a*a', 'aa', false],
    ['**', 'x', true],
    ['a.c', 'abc', false],
    ['a?c', 'abc', false],
    ['[ab]', 'a', false],
    ['operator\\*', 'operator*', true],
    ['operator\\*', 'operator/', false],
    ['operator*', 'operator*', true],
    ['a\\\\*', 'a\\anything', true],
    ['a\\b', 'a\\b', true],
  ])('%s on %s: %s', (pattern, name, expected) => {
    expect(matchesPattern(pattern, name)).toBe(expected);
  });

  it.each(['plain', 'operator*(Vector const&, float)', 'back\\slash', 'back\\*star', '', '\\', 'ends in \\'])(
    'exactly(%j) matches that name alone',
    (name) => {
      expect(hasWildcard(exactly(name))).toBe(false);
      expect(matchesPattern(exactly(name), name)).toBe(true);
      expect(matchesPattern(exactly(name), `${name}x`)).toBe(false);
    },
  );

  it('does not go back on itself for a hostile name', () => {
    expect(matchesPattern(`${'*a'.repeat(200)}*b`, 'a'.repeat(1_000_000))).toBe(false);
  });
});
