import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import type { GateReport } from '../../src/gate/report.ts';
import { describeWith } from '../support/needs.ts';
import { workspace, writeTree } from '../support/workspace.ts';
import { compile, gate } from './project.ts';

/** Types that a plugin shares with its hosts, in the steps fit and compare. */

const root = workspace();

const OLD = 'struct host_api { int version; void *(*alloc)(unsigned long); };';
const NEW = 'struct host_api { int version; void (*log)(const char *); void *(*alloc)(unsigned long); };';
const plugin = (api: string): string =>
  `#line 1 "sdk/host_api.h"\n${api}\n#line 1 "p.c"\nint init(const struct host_api *api) { return api->version; }\n`;
const host = (api: string): string =>
  `#line 1 "include/host_api.h"\n${api}\n#line 1 "host.c"\nstruct host_api keep;\nint host_run(void) { return keep.version; }\n`;

interface Files {
  readonly before?: string;
  readonly now: string;
  readonly hosts: Readonly<Record<string, string>>;
  readonly headers?: string;
  readonly entries?: string;
}

function project({ before, now, hosts, headers, entries }: Files): string {
  const directory = mkdtempSync(join(root, 'p-'));
  if (before !== undefined) compile(directory, 'p-1.so', plugin(before));
  compile(directory, 'p.so', plugin(now));
  const list = Object.entries(hosts).map(([name, api]) => {
    compile(directory, `${name}.so`, host(api));
    return `      - { name: ${name}, file: ${name}.so${headers === undefined ? '' : `, headers: ["${headers}"]`}${entries === undefined ? '' : `, entries: ${entries}`} }\n`;
  });
  const baseline = before === undefined ? '{ none: first release }' : '{ file: p-1.so }';
  writeTree(directory, {
    'plugin-gate.yml': `version: 1\nplugins:\n  - name: p\n    kind: elf\n    artifact: p.so\n    baseline: ${baseline}\n    hosts:\n${list.join('')}`,
  });
  return directory;
}

function types({ findings }: GateReport) {
  return findings
    .filter(({ rule }) => rule.startsWith('fit/host-') || rule === 'abi/struct-size-changed')
    .map(({ rule, step, severity, blocks }) => [rule, step, severity, blocks]);
}

describeWith(['cc'], 'types that plugin and host share', () => {
  it('fit where they are the same', async () => {
    const { report } = await gate(project({ now: NEW, hosts: { server: NEW } }));
    expect(types(report)).toEqual([]);
  });

  it('do not fit where they differ, with place and path', async () => {
    const { report } = await gate(project({ now: OLD, hosts: { server: NEW } }));
    expect(types(report)).toEqual([['fit/host-type-differs', 'fit', 'error', true]]);
    const found = report.findings.find(({ rule }) => rule === 'fit/host-type-differs');
    expect(found).toMatchObject({
      type: 'struct host_api',
      path: ['init', 'parameter 1 (api)', 'struct host_api'],
      affected: ['init'],
    });
    expect(found?.location?.file).toMatch(/sdk\/host_api\.h$/);
    expect(found?.effect).toBeUndefined();
  });

  it('are told for the host that differs', async () => {
    const { report } = await gate(project({ now: NEW, hosts: { old: OLD, server: NEW } }));
    const found = report.findings.filter(({ rule }) => rule === 'fit/host-type-differs');
    expect(found.map(({ message }) => /what (\w+) takes/.exec(message)?.[1])).toEqual(['old']);
    expect(report.plugins[0]?.steps.find(({ step }) => step === 'fit')?.summary).toBe(
      'old: does not fit, server: fits',
    );
  });

  it('hold entry points against the types that the configuration names', async () => {
    const api = `${NEW} typedef long (*init_fn)(const struct host_api *); typedef int (*other_fn)(const struct host_api *);`;
    const typed = (name: string) => `${api}\n#line 1 "host.c"\n${name} keep_fn;`;
    const entry = async (type: string) => {
      const { report } = await gate(
        project({ now: NEW, hosts: { server: typed(type) }, entries: `{ init: ${type} }` }),
      );
      return report.findings
        .filter(({ rule }) => rule.startsWith('fit/entry-'))
        .map(({ rule, severity }) => [rule, severity]);
    };
    expect(await entry('other_fn')).toEqual([]);
    expect(await entry('init_fn')).toEqual([['fit/entry-signature-differs', 'error']]);
    const { report } = await gate(project({ now: NEW, hosts: { server: NEW }, entries: '{ init: init_fn }' }));
    expect(report.findings.map(({ rule, severity }) => [rule, severity])).toContainEqual([
      'fit/entry-not-compared',
      'undecided',
    ]);
  });

  it('may change with the host', async () => {
    const followed = await gate(project({ before: OLD, now: NEW, hosts: { server: NEW } }));
    expect(types(followed.report)).toEqual([['abi/struct-size-changed', 'compare', 'warning', false]]);
    const alone = await gate(project({ before: OLD, now: NEW, hosts: { server: NEW, old: OLD } }));
    expect(types(alone.report)).toContainEqual(['abi/struct-size-changed', 'compare', 'error', true]);
  });

  it('are undecided where the headers are named and match nothing', async () => {
    const { report } = await gate(project({ now: NEW, hosts: { server: NEW }, headers: 'skd/*.h' }));
    expect(types(report)).toEqual([['fit/host-headers-unmatched', 'fit', 'undecided', true]]);
    const right = await gate(project({ now: NEW, hosts: { server: NEW }, headers: 'sdk/*.h' }));
    expect(types(right.report)).toEqual([]);
  });
});
