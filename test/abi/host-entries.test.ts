import { describe, it } from '@jest/globals';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { buildPart, disagreementsOf, expectReviewed, hostCases } from './host-table.ts';

const WAYS = [
  { host: ['gcc', '-O2', '-gdwarf-4'], plugin: ['clang', '-O0', '-gdwarf-5'] },
  { host: ['clang', '-O2', '-gdwarf-5'], plugin: ['gcc', '-O2', '-gdwarf-4'] },
] as const;

describeWith(['gcc', 'clang'], 'what a host takes symbols for that it looks up by name', () => {
  const directory = workspace();

  describe.each(hostCases('c', 'entry points'))('%s', (name, one) => {
    it.each(WAYS.map((way) => [`${way.host[0]} host, ${way.plugin[0]} plugin`, way] as const))('%s', (_, way) => {
      const host = buildPart(directory, name, 'host', way.host, one);
      const plugin = buildPart(directory, name, 'plugin', way.plugin, one);
      expectReviewed(name, one, disagreementsOf(name, one, host, plugin));
    });
  });
});
