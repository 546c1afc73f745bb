import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { readElf } from '../../src/elf/read.ts';
import type { GoProbeOutcome, GoProbeRequest } from '../../src/golang/probe/model.ts';
import { probeGoPlugin } from '../../src/golang/probe/probe.ts';
import { type GoReading, readGo } from '../../src/golang/read.ts';
import { describeWith } from '../support/needs.ts';
import { writeTree } from '../support/workspace.ts';
import { keptDirectory } from './kept-directory.ts';

const TIMEOUT = 240_000;

describeWith(['go', 'gcc'], 'a Go plugin in a Go host', () => {
  const root = keptDirectory('probe');

  function build(name: string, body: string, flags: readonly string[] = []): string {
    const directory = join(root, name);
    const source = `package main\n\nimport "C"\n\n${body}\n\nfunc main() {}\n`;
    writeTree(directory, { 'main.go': source, 'go.mod': `module example.com/${name}\n\ngo 1.19\n` });
    const file = join(root, `${name}.so`);
    execFileSync('go', ['build', '-buildmode=plugin', '-buildvcs=false', '-ldflags=-w', ...flags, '-o', file, '.'], {
      cwd: directory,
      stdio: 'pipe',
      env: { ...process.env, CGO_ENABLED: '1', GOFLAGS: '' },
    });
    return file;
  }

  async function probe(file: string, more: Partial<GoProbeRequest> = {}): Promise<GoProbeOutcome> {
    const { bytes, go } = read(file);
    const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
    const request = { file, bytes, go, architecture, symbols: [], openMs: 5000, probeMs: 2000 };
    return probeGoPlugin({ ...request, environment: process.env, ...more });
  }

  function read(file: string): { readonly bytes: Buffer; readonly go: GoReading } {
    const bytes = readFileSync(file);
    const { image } = readElf(bytes);
    const go = image === undefined ? undefined : readGo(bytes, image);
    if (go === undefined) throw new Error(`${file} is not from Go`);
    return { bytes, go };
  }

  const rules = ({ findings }: GoProbeOutcome) => findings.map(({ rule }) => rule);

  const typed = `import "io"

type Greeter interface { Greet(c *Config, names ...string) (string, error); Close() error }
type Config struct { io.Reader; Name string; Port int; next *Config; Hook func(int) error; Tags map[string][]Level }
type Level uint8
type Pair[K comparable, V any] struct { Key K; Val V }

var Default Pair[string, Config]
var Limit = 3

func Make(c *Config, g Greeter) (chan<- [4]Level, struct{ A int }) { return nil, struct{ A int }{} }
func Probe() error { return nil }`;

  it(
    'has the symbols and the types that were read from the file',
    async () => {
      const file = build('typed', typed, ['-ldflags=-s -w', '-trimpath']);
      const found = await probe(file, { symbols: ['Make', 'Limit'], probe: { symbol: 'Probe' } });
      expect(found.findings).toEqual([]);
      expect(found.evidence).toMatchObject({
        result: 'opened',
        flags: ['-trimpath'],
        probe: { signature: 'func() error' },
      });
      const table = read(file).go.plugin?.table;
      expect(table?.complete).toBe(true);
      const symbols = (table?.symbols ?? []).map(({ name, kind, type }) => ({ name, kind, type }));
      expect(found.evidence.symbols).toEqual([...symbols].sort((a, b) => (a.name < b.name ? -1 : 1)));
    },
    TIMEOUT,
  );

  it.each([
    [
      'fails',
      'import "errors"\n\nfunc Probe() error { return errors.New("no database") }',
      'load/probe-failed',
      /no database/,
    ],
    ['counts', 'func Probe() int { return 7 }', 'load/probe-failed', /returned 7, expected 0/],
    ['argument', 'func Probe(int) {}', 'load/probe-failed', /is func\(int\)/],
    ['absent', 'func Other() {}', 'load/symbol-missing', /Probe is not in the opened plugin/],
    [
      'panics',
      'func Probe() { var m map[string]int; m["x"] = 1 }',
      'load/crashed',
      /in the probe Probe: panic: assignment/,
    ],
    ['initpanic', 'func init() { panic("no licence") }', 'load/crashed', /in plugin.Open.*panic: no licence/],
    ['deadly', 'import "os"\n\nfunc init() { os.Exit(0) }', 'load/exited', /exit code 0 in plugin.Open/],
    [
      'fatal',
      'func Probe() { m := map[int]int{}; for i := 0; i < 8; i++ { go func() { for { m[1]++ } }() }; select {} }',
      'load/crashed',
      /fatal error: concurrent map/,
    ],
    ['hangs', 'func Probe() { for { } }', 'load/timeout', /2000 ms in the probe Probe/],
    [
      'waits',
      'func Probe() { waitHere() }\n\nfunc waitHere() { select {} }\n\nfunc init() { go func() { for { } }() }',
      'load/timeout',
      /2000 ms in the probe/,
    ],
    ['starts', 'func Probe() {}\n\nfunc init() { go func() { select {} }() }', 'go/init-goroutines', /a goroutine/],
  ] as const)(
    'that %s',
    async (name, body, rule, message) => {
      const found = await probe(build(name, body), { probe: { symbol: 'Probe' } });
      expect(rules(found)).toEqual([rule]);
      expect(found.findings[0]?.message).toMatch(message);
      if (rule === 'load/crashed') expect(found.findings[0]?.details).toMatch(/goroutine \d+ /);
      if (name === 'waits') expect(found.findings[0]?.details).toContain('waitHere');
    },
    TIMEOUT,
  );

  it('is not run when its toolchain is not there, and says which it is', async () => {
    const file = build('lonely', 'func Probe() {}');
    const nowhere = await probe(file, { environment: { PATH: '/nonexistent' } });
    expect(nowhere.evidence.result).toBe('no-host');
    expect(rules(nowhere)).toEqual(['load/go-host-missing']);
    const { go } = read(file);
    const other = await probe(file, {
      go: { ...go, toolchain: 'go1.99.9' },
      environment: { ...process.env, GOPROXY: 'off' },
    });
    expect(rules(other)).toEqual(['load/go-host-missing']);
    expect(other.findings[0]?.message).toContain('go1.99.9');
  });
});
