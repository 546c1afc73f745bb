import { join } from 'node:path';
import { beforeAll, expect, it } from '@jest/globals';
import { type DiffCommandOptions, diffCommand } from '../../src/commands/diff.ts';
import { fitCommand } from '../../src/commands/fit.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { capture } from './capture.ts';

const OLD_API = 'struct host_api { int version; void (*log)(const char *); void *(*alloc)(unsigned long); };';
const NEW_API =
  'struct host_api { int version; void (*log)(const char *); int (*handle)(int); void *(*alloc)(unsigned long); };';
const own = (version: string): string => `struct own { ${version} };\nint own_use(struct own *own);\n`;

describeWith(['cc'], 'diff --host', () => {
  const directory = workspace();
  let [v1, v2, oldHost, newHost, bareHost] = ['', '', '', '', ''];

  beforeAll(() => {
    const plugin = (name: string, api: string): string =>
      compileC(
        directory,
        name,
        `#line 1 "sdk/host_api.h"\n${api}\n#line 1 "include/own.h"\n${own('int a;')}#line 1 "p.c"
int plugin_init(const struct host_api *api) { return api->version; }
int own_use(struct own *own) { return own->a; }`,
        ['-g'],
      );
    const host = (name: string, api: string, flags: readonly string[]): string =>
      compileC(directory, name, `#line 1 "include/host_api.h"\n${api}\n#line 1 "host.c"\nstruct host_api keep;`, flags);
    v1 = plugin('v1', OLD_API);
    v2 = plugin('v2', NEW_API);
    oldHost = host('old-host', OLD_API, ['-g']);
    newHost = host('new-host', NEW_API, ['-g']);
    bareHost = host('bare-host', NEW_API, []);
  });

  async function diff(old: string, now: string, options: DiffCommandOptions) {
    const { terminal, out } = capture();
    const exit = await diffCommand(old, now, { ...options, format: 'json' }, terminal);
    const { verdict, findings }: { verdict: string; findings: { rule: string; effect?: string; type?: string }[] } =
      JSON.parse(out());
    return { exit, verdict, findings: findings.map(({ rule, effect, type }) => [rule, effect, type]) };
  }

  it('is breaking without a host: nothing tells that hosts changed too', async () => {
    expect(await diff(v1, v2, {})).toEqual({
      exit: 1,
      verdict: 'breaking',
      findings: [['abi/struct-size-changed', 'breaking', 'struct host_api']],
    });
  });

  it('is risky where the host has the new form', async () => {
    expect(await diff(v1, v2, { host: newHost })).toEqual({
      exit: 0,
      verdict: 'risky',
      findings: [['abi/struct-size-changed', 'risky', 'struct host_api']],
    });
  });

  it('is breaking where the host has the old form', async () => {
    const { exit, findings } = await diff(v1, v2, { host: oldHost });
    expect(exit).toBe(1);
    expect(findings).toContainEqual(['fit/host-type-differs', 'breaking', 'struct host_api']);
    expect(findings).toContainEqual(['abi/struct-size-changed', 'breaking', 'struct host_api']);
  });

  it('compares an unchanged plugin with its host as well', async () => {
    expect(await diff(v1, v1, { host: newHost })).toEqual({
      exit: 1,
      verdict: 'breaking',
      findings: [['fit/host-type-differs', 'breaking', 'struct host_api']],
    });
    expect(await diff(v1, v1, { host: oldHost })).toEqual({ exit: 0, verdict: 'identical', findings: [] });
  });

  it('does not take what the host declares for private', async () => {
    const headers = ['include/own.h'];
    const hidden = await diff(v1, v2, { headers });
    expect(hidden.findings).toEqual([['abi/private-type-changed', 'compatible', 'struct host_api']]);
    const told = await diff(v1, v2, { headers, hostHeaders: ['sdk/*.h'] });
    expect(told.findings).toEqual([['abi/struct-size-changed', 'breaking', 'struct host_api']]);
  });

  it('is undecided where the headers are named and the host tells nothing', async () => {
    const { exit, findings } = await diff(v2, v2, { host: bareHost, hostHeaders: ['sdk/*.h'] });
    expect(exit).toBe(3);
    expect(findings).toEqual([['fit/host-types-unseen', 'undecided', undefined]]);
    const remark = await diff(v2, v2, { host: bareHost });
    expect(remark).toMatchObject({ exit: 0, findings: [['fit/host-types-unseen', 'compatible', undefined]] });
  });

  it('is undecided where the patterns match nothing', async () => {
    const { exit, findings } = await diff(v2, v2, { host: newHost, hostHeaders: ['skd/*.h'] });
    expect(exit).toBe(3);
    expect(findings).toContainEqual(['fit/host-headers-unmatched', 'undecided', undefined]);
  });

  it('is what fit says, too', async () => {
    const fits = async (host: string, options = {}) => {
      const { terminal, out } = capture();
      const exit = await fitCommand(host, [v1], { ...options, format: 'text' }, terminal);
      return { exit, out: out() };
    };
    expect((await fits(oldHost)).exit).toBe(0);
    const other = await fits(newHost);
    expect(other.exit).toBe(1);
    expect(other.out).toContain('LOADS, AND DOES NOT FIT');
    expect(other.out).toContain('fit/host-type-differs');
    expect((await fits(bareHost)).exit).toBe(0);
    expect((await fits(bareHost, { hostHeaders: ['sdk/*.h'] })).exit).toBe(3);
  });

  it('holds entry points against the types that are named', async () => {
    const api =
      'struct host_api;\ntypedef long (*start)(const struct host_api *);\ntypedef int (*begin)(const struct host_api *);';
    const source = `#line 1 "include/host_api.h"\n${api}\n#line 1 "host.c"\nstart one; begin two;`;
    const host = compileC(directory, 'entry-host', source, ['-g']);
    const named = async (type: string) => (await diff(v1, v1, { host, entries: [`plugin_init=${type}`] })).findings;
    expect(await named('begin')).toEqual([]);
    expect(await named('start')).toEqual([['fit/entry-signature-differs', 'breaking', undefined]]);
    expect(await named('ending')).toEqual([['fit/entry-not-compared', 'undecided', undefined]]);
    const { terminal, out } = capture();
    expect(await fitCommand(host, [v1], { entries: ['plugin_init=start'] }, terminal)).toBe(1);
    expect(out()).toContain('LOADS, AND DOES NOT FIT');
    const described = capture();
    expect(await fitCommand('-', [v1], { entries: ['plugin_init=start'] }, described.terminal)).toBe(3);
    expect(described.out()).toContain('fit/host-types-unseen');
  });

  it.each(['plugin_init', '=start', 'plugin_init=int (*)(void)', 'a b=start', 'x='])(
    'refuses --entry %s',
    async (entry) => {
      await expect(diff(v1, v2, { host: newHost, entries: [entry] })).rejects.toThrow('is not of the form SYMBOL=TYPE');
    },
  );

  it('asks for the host that the types are of', async () => {
    await expect(diff(v1, v2, { entries: ['plugin_init=start'] })).rejects.toThrow('--host');
  });

  it('takes a snapshot for the plugin', async () => {
    const { snapshotCommand } = await import('../../src/commands/snapshot.ts');
    const output = join(directory, 'v1.abi.json.gz');
    await snapshotCommand(v1, { output }, capture().terminal);
    expect((await diff(output, output, { host: newHost })).findings).toContainEqual([
      'fit/host-type-differs',
      'breaking',
      'struct host_api',
    ]);
  });
});
