import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { compareGo, goReadingOf } from '../../src/golang/compare.ts';
import { readSnapshot } from '../../src/snapshot/format.ts';

/** See test/fixtures/go-snapshots/README.md. */
function reading(name: string) {
  const { snapshot, problem } = readSnapshot(readFileSync(`test/fixtures/go-snapshots/${name}.abi.json.gz`));
  if (snapshot === undefined) throw new Error(problem);
  return goReadingOf(snapshot);
}

const told = (old: string, now: string): readonly string[] =>
  compareGo(reading(old), reading(now))
    .filter(({ effect }) => effect !== undefined)
    .map(({ rule, subject, effect, path }) => `${rule} ${subject} ${effect}: ${path?.at(-1) ?? ''}`)
    .sort();

describe('a snapshot of a Go plugin with its types in words', () => {
  it('is the same as the release that it was made of', () => {
    expect(told('in-words', 'first')).toEqual([]);
    expect(told('first', 'in-words')).toEqual([]);
  });

  it('tells what the type graph tells, but for tags', () => {
    const symbol = 'go/symbol-changed HandlerRegisterer breaking';
    const packages = 'go/packages-changed packages risky: ';
    const types = [
      'go/type-changed example.com/plug/api.Inner breaking: A',
      'go/type-changed example.com/plug/api.Level breaking: example.com/plug/api.Level',
      'go/type-changed example.com/plug/api.Sink breaking: Get',
    ];
    expect(told('in-words', 'second')).toEqual([packages, `${symbol}: HandlerRegisterer`, ...types]);
    expect(told('first', 'second')).toEqual(
      [
        packages,
        `${symbol}: RegisterHandlers`,
        ...types,
        'go/type-changed example.com/plug/api.Outer breaking: Next',
      ].sort(),
    );
  });
});
