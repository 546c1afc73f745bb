import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { fitCommand } from '../../src/commands/fit.ts';
import { describeHost } from '../../src/fit/host-description.ts';
import { fitPlugins } from '../../src/fit/plugin.ts';
import { PRESETS } from '../../src/fit/presets/names.ts';
import { checkPreset } from '../../src/fit/presets/preset.ts';
import { fitGo } from '../../src/golang/fit/fit.ts';
import type { GoReading } from '../../src/golang/read.ts';
import { capture } from '../commands/capture.ts';
import { Workbench } from '../golang/workbench.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { loadFile, told } from './load-file.ts';

const TIMEOUT = 240_000;
const NO_TYPES = { nodes: [], symbols: [], missing: [], odr: [], producers: [], pointerSize: 8, littleEndian: true };

/** Numbers that are the same in every run (Numerical Recipes, quick generator). */
function* numbers(seed: number): Generator<number> {
  for (let value = seed; ; ) {
    value = (Math.imul(value, 1_664_525) + 1_013_904_223) >>> 0;
    yield value / 2 ** 32;
  }
}

describeWith(['go', 'gcc'], 'files that are no good Go plugin', () => {
  const directory = workspace();
  const bench = new Workbench(directory);
  let host = '';
  let plugin = '';
  let bytes = Buffer.alloc(0);

  beforeAll(() => {
    host = bench.host({});
    plugin = bench.plugin({});
    bytes = readFileSync(plugin);
  }, TIMEOUT);

  async function answer(content: Uint8Array | string, hosts: string | readonly string[] = host) {
    const file = typeof content === 'string' ? content : join(directory, 'edited.so');
    if (typeof content !== 'string') writeFileSync(file, content);
    const { terminal, out } = capture();
    const exit = await fitCommand(hosts, [file], { format: 'json', environment: process.env }, terminal);
    const output = JSON.parse(out()) as {
      plugins: { loads: unknown; reasons: { severity: string; rule: string; subject?: string; message: string }[] }[];
    };
    return { exit, loads: output.plugins[0]?.loads, reasons: output.plugins[0]?.reasons ?? [] };
  }

  it('is good as it is', async () => {
    expect(await answer(plugin)).toEqual({ exit: 0, loads: true, reasons: [] });
  });

  it('another file, and a Go file that is no plugin', async () => {
    const library = compileC(directory, 'plain', 'int run(void) { return 1; }');
    const { exit, reasons } = await answer(library);
    expect([exit, told(reasons)]).toEqual([3, ['undecided go/not-plugin file']]);
    const program = await answer(host);
    expect([program.exit, program.reasons[0]?.rule]).toEqual([1, 'fit/not-loadable']);
    for (const preset of ['krakend', 'tyk'] as const) {
      for (const file of [library, host]) {
        expect(told(checkPreset(preset, loadFile(file), undefined))).toEqual(['error go/not-plugin file']);
      }
    }
  });

  it('a version of Go that does not exist yet', async () => {
    const release = /go1\.\d+\.\d+/.exec(loadFile(plugin).go?.toolchain ?? '')?.[0] ?? '';
    const future = release.replace(/^go1\.\d\d/, 'go1.99');
    expect(future).toHaveLength(release.length);
    const renamed = Buffer.from(bytes.toString('latin1').replaceAll(release, future), 'latin1');
    const { exit, reasons } = await answer(renamed);
    // The tables and the hashes are those of a known version, so plugin.Open would accept it: told, but no refusal.
    expect(exit).toBe(0);
    expect(reasons.map(({ rule }) => rule).join(' ')).toMatch(/go\/(?:toolchain-mismatch|settings-unnoticed)/);
    // Its tables are laid out in another way: what was tried is told, and nothing is guessed.
    const other = Buffer.from(renamed);
    const { image } = loadFile(plugin);
    const section =
      image.sections.find(({ name }) => name === '.go.module') ?? image.sections.find(({ name }) => name === '.data');
    other.fill(0x5a, section?.offset, (section?.offset ?? 0) + (section?.size ?? 0));
    const unread = (await answer(other)).reasons.find(({ rule }) => rule === 'go/not-read');
    expect(unread).toMatchObject({ severity: 'undecided' });
    expect(unread?.message.length).toBeGreaterThan(80);
  });

  it(
    'cut at any place, or edited: an answer each time, from fit and from every preset',
    () => {
      const [first] = [loadFile(host)];
      const random = numbers(475);
      const next = (below: number): number => Math.floor((random.next().value ?? 0) * below);
      const file = join(directory, 'broken.so');
      const damaged = [
        ...Array.from({ length: 25 }, () => bytes.subarray(0, 64 + next(bytes.length - 64))),
        ...Array.from({ length: 25 }, () => {
          const edited = Buffer.from(bytes);
          for (let count = 0; count < 40; count += 1) edited[next(count % 2 === 0 ? 65_536 : bytes.length)] = next(256);
          return edited;
        }),
      ];
      let read = 0;
      for (const content of damaged) {
        writeFileSync(file, content);
        let loaded: ReturnType<typeof loadFile>;
        try {
          loaded = loadFile(file);
        } catch (error) {
          expect(String(error)).toContain(file);
          continue;
        }
        read += 1;
        expect(fitPlugins(first, [loaded], { find: () => undefined })).toHaveLength(1);
        for (const preset of PRESETS) expect(Array.isArray(checkPreset(preset, loaded, first))).toBe(true);
      }
      expect(read).toBeGreaterThan(10);
    },
    TIMEOUT,
  );

  it('a host that is none', async () => {
    const text = join(directory, 'notes.txt');
    writeFileSync(text, 'the host is in the cellar\n');
    await expect(answer(plugin, text)).rejects.toThrow(
      /A host is a program, a directory with a Go main package, a go\.mod/,
    );
    await expect(answer(plugin, join(directory, 'nowhere'))).rejects.toThrow(/there is no such file/);
    writeFileSync(text, bytes.subarray(0, 40));
    await expect(answer(plugin, text)).rejects.toThrow(/cannot be used/);
  });
});

describe('descriptions of hosts', () => {
  const describeText = (text: string) => describeHost('host', Buffer.from(text), () => undefined);

  it.each([
    ['nothing', ''],
    ['zeroes', '\0\0\0'],
    ['text', 'hello'],
    ['JSON of something else', '{"name":"host"}'],
    ['JSON that is cut', '{"GoVersion":"go1.24.4","Deps":['],
    ['a list', '["go1.24.4"]'],
    ['the word module in a text', 'this module is ours'],
    ['a head and nothing else', './host: go1.24.4\n'],
  ])('%s is none', (_, text) => {
    expect(describeText(text)).toBeUndefined();
  });

  it('keep to what is well formed', () => {
    const found = describeText(
      JSON.stringify({
        GoVersion: 'go1.24.4',
        Path: 7,
        Main: { Path: 'example.com/host', Replace: { Path: '../host', Replace: { Path: 'loop' } } },
        Deps: [
          null,
          'x',
          { Path: 'example.com/lib', Version: 'v1.0.0', Sum: 'h1:x', Replace: null },
          { Version: 'v1' },
        ],
        Settings: [{ Key: '-trimpath', Value: 'true' }, { Key: '', Value: 'x' }, { Key: 'GOARCH' }, 3],
      }),
    );
    expect(found).toMatchObject({
      kind: 'build-info',
      build: {
        toolchain: 'go1.24.4',
        module: { path: 'example.com/host', replace: { path: '../host' } },
        modules: [{ path: 'example.com/lib', version: 'v1.0.0', sum: 'h1:x' }],
      },
    });
    expect(found?.kind === 'build-info' ? [...found.build.settings] : []).toEqual([
      ['-trimpath', 'true'],
      ['GOARCH', ''],
    ]);
  });

  it('read a go.mod whatever is in it', () => {
    const found = describeText(
      [
        '// comment first',
        'module "example.com/host"',
        'go 1.24.0',
        'toolchain go1.24.4',
        'require example.com/one v1.0.0 // indirect',
        'require (',
        '\texample.com/two v2.0.0+incompatible',
        '\texample.com/three',
        ')',
        'replace example.com/two => example.com/fork v2.1.0',
        'replace example.com/one v0.9.0 => ../one',
        'replace => broken',
        'retract [v1.0.0, v1.9.9]',
        'tool example.com/tool',
        'require (',
        'godebug default=go1.21',
      ].join('\n'),
    );
    expect(found?.kind === 'go.mod' ? found.goMod : undefined).toEqual({
      module: 'example.com/host',
      go: '1.24.0',
      toolchain: 'go1.24.4',
      modules: [
        { path: 'example.com/one', version: 'v1.0.0' },
        {
          path: 'example.com/two',
          version: 'v2.0.0+incompatible',
          replace: { path: 'example.com/fork', version: 'v2.1.0' },
        },
        { path: 'godebug', version: 'default=go1.21' },
      ],
    });
  });

  it('of a hundred thousand lines end', () => {
    const lines = Array.from({ length: 100_000 }, (_, index) => `require example.com/m${index} v1.0.0`);
    const found = describeText(`module example.com/host\n${lines.join('\n')}`);
    expect(found?.kind === 'go.mod' ? found.goMod.modules.length : 0).toBe(100_000);
  });
});

describe('two thousand packages', () => {
  const reading = (hash: string): GoReading => {
    const paths = ['runtime', ...Array.from({ length: 2000 }, (_, index) => `example.com/lib/p${index}`)];
    const packages = paths.map((path) => ({ path, hash: path === 'runtime' ? '00' : hash }));
    return {
      toolchain: 'go1.24.4',
      build: {
        toolchain: 'go1.24.4',
        modules: [{ path: 'example.com/lib', version: hash === 'aa' ? 'v1.0.0' : 'v1.1.0' }],
        settings: new Map(),
      },
      hashes: new Map(packages.map(({ path, hash: own }) => [path, own])),
      directories: new Set(),
      plugin: {
        path: 'example.com/plug',
        packages,
        table: { symbols: [], complete: true, types: NO_TYPES },
        layout: '1.20',
      },
    };
  };

  it('that differ for one reason are one finding', () => {
    const { fit, findings } = fitGo({ file: 'host', go: reading('aa') }, { file: 'plug', go: reading('bb') });
    expect(fit.mismatches).toHaveLength(2000);
    expect(fit.firstNamed).toBe('example.com/lib/p0');
    expect(told(findings)).toEqual(['error go/module-version example.com/lib']);
    expect(findings[0]?.affected?.length).toBeLessThanOrEqual(200);
  });
});
