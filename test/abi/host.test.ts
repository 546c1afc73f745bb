import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { compareWithHost } from '../../src/abi/host/compare-host.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { buildPart, disagreementsOf, expectReviewed, hostCases, inputOf } from './host-table.ts';

/** Host and plugin are rarely built in one way. */
const WAYS = [
  { host: ['gcc', '-O2', '-gdwarf-4'], plugin: ['clang', '-O0', '-gdwarf-5'] },
  { host: ['clang', '-O2', '-gdwarf-5'], plugin: ['gcc', '-O2', '-gdwarf-4'] },
] as const;

describeWith(['gcc', 'clang'], 'what a plugin takes its host to be', () => {
  const directory = workspace();

  describe.each(hostCases('c', 'types'))('%s', (name, one) => {
    it.each(WAYS.map((way) => [`${way.host[0]} host, ${way.plugin[0]} plugin`, way] as const))('%s', (_, way) => {
      const host = buildPart(directory, name, 'host', way.host, one);
      const plugin = buildPart(directory, name, 'plugin', way.plugin, one);
      expectReviewed(name, one, disagreementsOf(name, one, host, plugin));
    });
  });

  describe('what cannot be compared', () => {
    let plugin = '';
    let stripped = '';
    let strange = '';
    const source = '#line 1 "host_api.h"\nstruct host_api { int version; };\n#line 1 "a.c"\n';
    beforeAll(() => {
      const parts = join(directory, 'parts');
      mkdirSync(parts);
      plugin = compileC(parts, 'plugin', `${source}int init(struct host_api *api) { return api->version; }`, ['-g']);
      stripped = compileC(parts, 'stripped', `${source}struct host_api keep;`);
      strange = compileC(parts, 'strange', 'int other;', ['-g']);
    });
    const asked = { name: 'server', isHostHeader: () => true };

    it('is a remark with a host that has no debug information', () => {
      const { findings, compared } = compareWithHost(inputOf(plugin), inputOf(stripped), { name: 'server' });
      expect(findings).toMatchObject([{ rule: 'fit/host-types-unseen', severity: 'note', effect: 'compatible' }]);
      expect(findings[0]?.message).toContain('host_api');
      expect(compared).toEqual([]);
    });

    it.each([
      ['the host has no debug information', () => [plugin, stripped]],
      ['the host has none of the types', () => [plugin, strange]],
      ['the plugin has no debug information', () => [stripped, plugin]],
    ])('is undecided where the headers were named: %s', (_, files) => {
      const [own = '', host = ''] = files();
      const { findings } = compareWithHost(inputOf(own), inputOf(host), asked);
      expect(findings).toMatchObject([{ rule: 'fit/host-types-unseen', severity: 'undecided', effect: 'undecided' }]);
    });

    it('takes an object file that was compiled from the headers for the host', () => {
      const header = join(directory, 'host_api.h');
      writeFileSync(header, 'struct host_api { long version; };\n');
      const output = join(directory, 'headers.o');
      const options = ['-g', '-fno-eliminate-unused-debug-types', '-include', header, '-c', '-x', 'c', '/dev/null'];
      execFileSync('gcc', [...options, '-o', output]);
      const { findings } = compareWithHost(inputOf(plugin), inputOf(output), { name: 'server' });
      expect(findings).toMatchObject([{ rule: 'fit/host-type-differs', effect: 'breaking', type: 'struct host_api' }]);
    });
  });
});
