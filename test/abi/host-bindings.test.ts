import { describe, it } from '@jest/globals';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { buildPart, disagreementsOf, expectReviewed, hostCases } from './host-table.ts';

/** Plugins in other languages: what they take the host's C types to be is written anew in each of them. */

describeWith(['gcc', 'clang', 'rustc'], 'plugins in Rust beside hosts in C', () => {
  const directory = workspace();
  const WAYS = [
    { host: ['gcc', '-O2', '-gdwarf-5'], plugin: ['rustc', '-Copt-level=0'] },
    { host: ['clang', '-O0', '-gdwarf-4'], plugin: ['rustc', '-Copt-level=3'] },
  ] as const;

  describe.each(hostCases('rust'))('%s', (name, one) => {
    it.each(WAYS.map((way) => [`${way.host[0]} host, ${way.plugin[1]}`, way] as const))('%s', (_, way) => {
      const host = buildPart(directory, name, 'host', way.host, one);
      const plugin = buildPart(directory, name, 'plugin', way.plugin, one);
      expectReviewed(name, one, disagreementsOf(name, one, host, plugin));
    });
  });
});

describeWith(['gcc', 'clang', 'go'], 'Go libraries for C beside hosts in C', () => {
  const directory = workspace();

  it.each(hostCases('go'))(
    '%s',
    (name, one) => {
      const host = buildPart(directory, name, 'host', ['clang', '-O2', '-gdwarf-5'], one);
      const plugin = buildPart(directory, name, 'plugin', ['go', '-O2'], one);
      expectReviewed(name, one, disagreementsOf(name, one, host, plugin));
    },
    60_000,
  );
});
