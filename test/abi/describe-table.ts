import { beforeAll, describe, expect, it } from '@jest/globals';
import { describeWith, hasProgram } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import {
  type AbiCase,
  abidiffSees,
  buildAll,
  builtFile,
  casesOf,
  diffText,
  expectedText,
  nameOfWay,
  rebuildFindings,
  waysOf,
} from './table.ts';

/**
 * Tests of all cases of some topics: what is found, and that two builds of one release have nothing to find.
 * @param oracle compares the answer with abidiff's, but for cases that say why it differs
 */
export function describeTopics(topics: readonly string[], oracle?: 'abidiff'): void {
  describeWith(
    topics.includes('rust') ? ['rustc'] : ['gcc', 'clang'],
    `pairs of small sources: ${topics.join(', ')}`,
    () => {
      const directory = workspace();
      const cases = topics.flatMap(casesOf);
      beforeAll(() => buildAll(directory, cases), 120_000);

      describe.each(cases.map((one) => [`${one.topic}/${one.name}`, one] as const))('%s', (_, one) => {
        it.each(waysOf(one).map((way) => [nameOfWay(way), way] as const))('%s', (_name, way) => {
          const [old, now] = [builtFile(directory, one, 'v1', way), builtFile(directory, one, 'v2', way)];
          const text = diffText(one, old, now);
          expect(text).toBe(expectedText(one, text));
          if (one.kind === 'look-alike') expect(text.split('\n')[0]).toMatch(/^(?:identical|compatible)$/);
          else expect(text.split('\n')[0]).not.toMatch(/^(?:identical|compatible)$/);
        });

        const gcc = waysOf(one).find(({ compiler }) => compiler === 'gcc');
        if (oracle === 'abidiff' && hasProgram('abidiff') && gcc !== undefined && one.abidiff === undefined) {
          it('abidiff sees the same', () => {
            const [old, now] = [builtFile(directory, one, 'v1', gcc), builtFile(directory, one, 'v2', gcc)];
            expect(abidiffSees(old, now)).toBe(one.kind === 'change');
          });
        }

        const ways = pairsOf(one);
        if (ways.length > 0) {
          it.each(ways)('the same source by %s', (_name, release, before, after) => {
            const files = [
              builtFile(directory, one, release, before),
              builtFile(directory, one, release, after),
            ] as const;
            expect(rebuildFindings(one, ...files)).toEqual([]);
            expect(rebuildFindings(one, files[1], files[0])).toEqual([]);
          });
        }
      });
    },
  );
}

/** Each release compiled in two ways that differ in everything. */
function pairsOf(one: AbiCase) {
  const [first, ...others] = waysOf(one);
  if (first === undefined) return [];
  return (['v1', 'v2'] as const).flatMap((release) =>
    others.map((other) => [`${nameOfWay(first)} and ${nameOfWay(other)}, ${release}`, release, first, other] as const),
  );
}
