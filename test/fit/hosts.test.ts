import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from '@jest/globals';
import { fitCommand } from '../../src/commands/fit.ts';
import { capture } from '../commands/capture.ts';
import { openReally, Workbench } from '../golang/workbench.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace, writeTree } from '../support/workspace.ts';
import { told } from './load-file.ts';

const TIMEOUT = 240_000;

interface Answer {
  readonly file: string;
  readonly loads: boolean | string;
  readonly reasons: readonly {
    readonly severity: string;
    readonly rule: string;
    readonly subject?: string;
    readonly message: string;
    readonly fix?: string;
  }[];
}

interface Output {
  readonly plugins: readonly Answer[];
  readonly hosts?: readonly {
    readonly host: string;
    readonly kind: string;
    readonly built?: string;
    readonly plugins: readonly Answer[];
  }[];
}

/** Hosts that are not a program at hand: what is told of them is never more than what the program itself would show. */
describeWith(['go', 'gcc'], 'hosts by their description', () => {
  const root = workspace();
  const bench = new Workbench(root);
  const dump = (name: string): string => join(root, name);
  let host = '';
  let alike = '';

  const scratch = workspace();

  async function ask(hosts: string | readonly string[], plugins: readonly string[]) {
    const { terminal, out } = capture();
    const exit = await fitCommand(hosts, plugins, { format: 'json', environment: process.env }, terminal);
    return { exit, output: JSON.parse(out()) as Output };
  }

  beforeAll(() => {
    host = bench.host({});
    alike = bench.plugin({});
    writeFileSync(dump('text'), execFileSync('go', ['version', '-m', host]));
    writeFileSync(dump('json'), execFileSync('go', ['version', '-m', '-json', host]));
    const lines = execFileSync('go', ['version', '-m', host], { encoding: 'utf8' }).split('\n').slice(1);
    const toolchain = /: (go\S+)/.exec(readFileSync(dump('text'), 'utf8'))?.[1];
    // As runtime/debug.BuildInfo.String writes it, with the line ends of another system.
    writeFileSync(dump('string'), [`go\t${toolchain}`, ...lines.map((line) => line.slice(1))].join('\r\n'));
  }, TIMEOUT);

  it(
    'agree: nothing is refused, and what is not decided is named',
    async () => {
      expect(openReally(host, [alike])).toEqual([{ opened: true }]);
      for (const kind of ['text', 'json', 'string']) {
        const { exit, output } = await ask(dump(kind), [alike]);
        expect([kind, exit, told(output.plugins[0]?.reasons ?? [])]).toEqual([
          kind,
          3,
          ['undecided go/host-partial host'],
        ]);
        expect(output.plugins[0]?.reasons[0]?.message).toMatch(
          /Not decided: which packages the host has; the package hashes/,
        );
      }
    },
    TIMEOUT,
  );

  it.each([
    ['-trimpath', { flags: ['-trimpath'] }, ['error go/flags-mismatch -trimpath']],
    ['-race', { flags: ['-race'] }, ['error go/flags-mismatch -race']],
    ['-gcflags=all', { flags: ['-gcflags=all=-N -l'] }, ['error go/flags-mismatch -gcflags']],
    ['-gcflags of the plugin alone', { flags: ['-gcflags=-N -l'] }, []],
    ['a build tag', { flags: ['-tags=special'] }, ['undecided go/flags-mismatch -tags']],
    ['-s -w', { flags: ['-ldflags=-s -w'] }, []],
    ['a newer version', { versions: { 'example.com/lib': 'v1.1.0' } }, ['undecided go/module-version example.com/lib']],
    [
      '-trimpath and a newer version',
      { flags: ['-trimpath'], versions: { 'example.com/lib': 'v1.1.0' } },
      ['error go/flags-mismatch -trimpath', 'undecided go/module-version example.com/lib'],
    ],
    ['another sum', { modules: 'edited-type' }, ['undecided go/module-source example.com/lib']],
    ['a replacement', { replaceLib: true }, ['undecided go/replace-path example.com/lib']],
  ] as const)(
    'differ: %s',
    async (_, options, expected) => {
      const plugin = bench.plugin(options);
      const [answer] = openReally(host, [plugin]);
      for (const kind of ['text', 'json']) {
        const { output } = await ask(dump(kind), [plugin]);
        const reasons = output.plugins[0]?.reasons ?? [];
        expect(told(reasons.filter(({ rule }) => rule !== 'go/host-partial'))).toEqual(expected);
        // An answer that is certain is that of plugin.Open.
        if (output.plugins[0]?.loads === false) expect(answer?.opened).toBe(false);
        for (const { rule, fix } of reasons) if (rule !== 'go/host-partial') expect(fix).toMatch(/go /);
      }
    },
    TIMEOUT,
  );

  it(
    'say nothing of flags when they were written down without them',
    async () => {
      const text = readFileSync(dump('text'), 'utf8');
      writeFileSync(dump('bare'), text.replaceAll(/^\tbuild\t.*\n/gm, ''));
      for (const plugin of [alike, bench.plugin({ flags: ['-trimpath'] }), bench.plugin({ flags: ['-race'] })]) {
        const { output } = await ask(dump('bare'), [plugin]);
        expect(told(output.plugins[0]?.reasons ?? [])).toEqual(['undecided go/host-partial host']);
        expect(output.plugins[0]?.reasons[0]?.message).toContain('the flags of the host, which the dump leaves out');
      }
      const other = text.replaceAll(/^\tbuild\t.*\n/gm, '').replace(/: go1\.\S+/, ': go1.20.1');
      writeFileSync(dump('bare'), other);
      const { output } = await ask(dump('bare'), [alike]);
      expect(told(output.plugins[0]?.reasons ?? [])).toContain('error go/toolchain-mismatch toolchain');
    },
    TIMEOUT,
  );

  it(
    'cannot load plugins, or are for another machine',
    async () => {
      const text = readFileSync(dump('text'), 'utf8');
      writeFileSync(dump('static'), text.replace('CGO_ENABLED=1', 'CGO_ENABLED=0'));
      writeFileSync(dump('arm'), text.replace(/GOARCH=\w+/, `GOARCH=${process.arch === 'arm64' ? 'amd64' : 'arm64'}`));
      writeFileSync(dump('other'), text.replace('GOOS=linux', 'GOOS=darwin'));
      for (const [name, rule] of [
        ['static', 'go/host-cannot-load'],
        ['arm', 'fit/machine'],
        ['other', 'fit/machine'],
      ] as const) {
        const { exit, output } = await ask(dump(name), [alike]);
        expect([name, exit, output.plugins[0]?.reasons[0]?.rule]).toEqual([name, 1, rule]);
      }
    },
    TIMEOUT,
  );

  it(
    'are a go.mod: modules and sums are compared, the rest is named',
    async () => {
      const directory = join(root, 'mod');
      const mod = (lib: string, rest = ''): string =>
        `// the gateway\nmodule example.com/host // old name\n\ngo 1.19\n\nrequire (\n\texample.com/lib ${lib}\n\texample.com/dep v1.0.0 // indirect\n)\n${rest}`;
      writeTree(directory, {
        'go.mod': mod('v1.0.0'),
        'go.sum': readFileSync(join(root, 'host-source', 'go.sum'), 'utf8'),
      });
      const at = join(directory, 'go.mod');
      const rules = async (plugin: string) => {
        const { output } = await ask(at, [plugin]);
        return told(output.plugins[0]?.reasons ?? []);
      };
      const partial = 'undecided go/host-partial host';
      expect(await rules(alike)).toEqual([partial]);
      expect(await rules(bench.plugin({ versions: { 'example.com/lib': 'v1.1.0' } }))).toEqual([
        partial,
        'undecided go/module-version example.com/lib',
      ]);
      expect(await rules(bench.plugin({ modules: 'edited-type' }))).toEqual([
        partial,
        'undecided go/module-source example.com/lib',
      ]);
      writeTree(directory, { 'go.mod': mod('v1.0.0', 'replace example.com/lib v1.0.0 => ../lib-copy\n') });
      expect(await rules(alike)).toEqual([partial, 'undecided go/replace-path example.com/lib']);
      writeTree(directory, { 'go.mod': mod('v1.0.0').replace('go 1.19', 'go 1.99') });
      expect(await rules(alike)).toEqual(['error go/toolchain-mismatch toolchain', partial]);
    },
    TIMEOUT,
  );

  it(
    'say without a go.sum that sums are not compared',
    async () => {
      const file = join(root, 'lone.mod');
      writeFileSync(file, 'module example.com/host\n\nrequire example.com/lib v1.0.0\n');
      const { output } = await ask(file, [alike]);
      expect(output.plugins[0]?.reasons[0]?.message).toMatch(/the sums of its modules, as no go\.sum lies beside it/);
    },
    TIMEOUT,
  );

  it(
    'are a main package: built as the plugin was built, again only when it changed',
    async () => {
      const directory = join(root, 'gateway');
      writeTree(directory, {
        'go.mod': 'module example.com/gateway\n\ngo 1.19\n',
        'cmd/host/main.go':
          'package main\n\nimport (\n\t"os"\n\t"plugin"\n)\n\nfunc main() { plugin.Open(os.Args[1]) }\n',
      });
      for (const options of [{}, { flags: ['-trimpath'] }] as const) {
        const plugin = bench.plugin(options);
        const { exit, output } = await ask(join(directory, 'cmd/host'), [plugin]);
        expect([exit, output.plugins[0]?.reasons]).toEqual([0, []]);
        expect(output.hosts?.[0]?.built).toContain(`-trimpath=${options.flags !== undefined}`);
      }
      // The first plugin decides how it is built, and the second differs from both.
      const { exit, output } = await ask(join(directory, 'cmd/host'), [
        alike,
        bench.plugin({ flags: ['-trimpath'], module: 'example.com/second' }),
      ]);
      expect([exit, output.plugins.map(({ loads }) => loads)]).toEqual([1, [true, false]]);
    },
    TIMEOUT,
  );

  it(
    'are a package that cannot be built: undecided, with the output of the compiler',
    async () => {
      const directory = join(root, 'broken');
      writeTree(directory, {
        'go.mod': 'module example.com/broken\n\ngo 1.19\n',
        'main.go': 'package main\n\nfunc main() { missing() }\n',
      });
      const broken = await ask(directory, [alike]);
      expect(broken.exit).toBe(3);
      expect(broken.output.plugins[0]?.reasons[0]).toMatchObject({
        rule: 'go/host-not-built',
        details: expect.stringContaining('undefined: missing'),
      });
      writeTree(directory, { 'main.go': 'package library\n' });
      expect((await ask(directory, [alike])).output.plugins[0]?.reasons[0]?.rule).toBe('go/host-not-built');
      mkdirSync(join(root, 'nothing'));
      expect((await ask(join(root, 'nothing'), [alike])).output.plugins[0]?.reasons[0]?.rule).toBe('go/host-not-built');
      expect(existsSync(join(directory, 'broken'))).toBe(false);
    },
    TIMEOUT,
  );

  it(
    'with plugins make a matrix, each answer that of plugin.Open',
    async () => {
      const hosts = [host, bench.host({ flags: ['-trimpath'] })];
      const plugins = [alike, bench.plugin({ flags: ['-trimpath'], module: 'example.com/second' })];
      const { exit, output } = await ask(hosts, plugins);
      expect(exit).toBe(1);
      const said = output.hosts?.map((one) => one.plugins.map(({ loads }) => loads));
      expect(said).toEqual(hosts.map((one) => openReally(one, plugins).map(({ opened }) => opened)));
      expect(said).toEqual([
        [true, false],
        [false, true],
      ]);
      expect(output.plugins.map(({ loads }) => loads)).toEqual([false, false]);
      expect(output.plugins[1]?.reasons[0]?.message).toContain(`(host ${host})`);
    },
    TIMEOUT,
  );

  it(
    'tell of plugins that exclude each other even where no host is known',
    async () => {
      const second = bench.plugin({ flags: ['-ldflags=-s'] });
      const { output } = await ask('-', [alike, second]);
      expect(told(output.plugins[1]?.reasons ?? [])).toEqual([
        'error go/plugin-path-twice example.com/plug',
        'undecided go/host-unknown host',
      ]);
    },
    TIMEOUT,
  );

  it(
    'know one file under several names: plugin.Open gives the first back',
    async () => {
      const link = join(scratch, 'linked.so');
      symlinkSync(alike, link);
      expect(openReally(host, [alike, link]).map(({ opened }) => opened)).toEqual([true, true]);
      const { output } = await ask(host, [alike, link]);
      expect(output.plugins.map(({ loads }) => loads)).toEqual([true, true]);
    },
    TIMEOUT,
  );

  it(
    'say what plugin.Open does with a file that is no Go plugin',
    async () => {
      const other = compileC(scratch, 'other', 'int f(void) { return 0; }');
      expect(openReally(host, [other])).toEqual([
        { opened: false, message: expect.stringContaining('no plugin module data') },
      ]);
      const { exit, output } = await ask(host, [other]);
      expect(told(output.plugins[0]?.reasons ?? [])).toEqual(['undecided go/not-plugin file']);
      expect(exit).toBe(3);
    },
    TIMEOUT,
  );

  it('are of one file: which of several the host is cannot be told', async () => {
    writeFileSync(dump('two'), execFileSync('go', ['version', '-m', host, alike]));
    await expect(ask(dump('two'), [alike])).rejects.toThrow(/build information is that of 2 files/);
  });

  it(
    'are written as text, Markdown and HTML',
    async () => {
      const write = async (format: 'text' | 'markdown' | 'html') => {
        const { terminal, out } = capture();
        await fitCommand([host, dump('text')], [alike], { format, environment: process.env }, terminal);
        return out();
      };
      expect(
        (await write('text'))
          .split('\n')
          .slice(1, 3)
          .map((line) =>
            line
              .trim()
              .split(/\s{2,}/)
              .slice(-2),
          ),
      ).toEqual([
        [expect.stringContaining('host-1'), expect.stringContaining('text')],
        ['✓ loads', '? undecided'],
      ]);
      const markdown = await write('markdown');
      expect(markdown).toMatch(
        /^\| Plugin \| `.*` \| `.*` \|\n\| :-- \| :-: \| :-: \|\n\| `.*` \| ✅ loads \| ❔ undecided \|$/m,
      );
      expect(markdown).toContain('❔ **`go/host-partial`**');
      const page = await write('html');
      expect(page).toMatch(/^<!doctype html>/);
      expect(page.match(/<td role="cell" class="mark"/g)).toHaveLength(2);
      expect(page).toContain('go/host-partial');
    },
    TIMEOUT,
  );
});
