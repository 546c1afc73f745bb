import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { runGate } from '../../src/gate/run.ts';
import { SILENT } from '../../src/gate/step.ts';
import { adviseGo } from '../../src/golang/advice/advise.ts';
import { parseRemarks } from '../../src/golang/advice/remarks.ts';
import { describeWith } from '../support/needs.ts';
import { workspace, writeTree } from '../support/workspace.ts';
import { keptDirectory } from './kept-directory.ts';

const root = workspace();
let count = 0;

/** Rule, place and subject of what is said of a tree of sources. */
async function told(files: Readonly<Record<string, string>>, plugin = '.'): Promise<readonly string[]> {
  count += 1;
  const directory = join(root, `${count}`, 'src');
  writeTree(directory, files);
  const repository = join(root, `${count}`);
  const findings = await adviseGo({ directory, repository, plugin, environment: process.env });
  return findings.map(({ rule, location, subject }) => {
    expect(subject?.startsWith(`${location?.file} `)).toBe(true);
    return `${rule} ${location?.file}:${location?.line}:${location?.column}`;
  });
}

/** A host with the body of one function. */
const host = (body: string, more = ''): string => `package main

import (
	"os"
	"plugin"
	"time"
)

${more}

var _ = os.Args
var _ = time.Second

${body}
`;

describeWith(['go'], 'advice on Go sources', () => {
  it.each([
    ['plugin.Close', 'func f() {\n\tp, _ := plugin.Open("a.so")\n\tdefer p.Close()\n}', 'go/plugin-close'],
    [
      'a field with the plugin',
      'type s struct{ p *plugin.Plugin }\n\nfunc (x *s) f() {\n\tx.p.Close()\n}',
      'go/plugin-close',
    ],
    ['a function that does not exist', 'func f(p *plugin.Plugin) {\n\tplugin.Close(p)\n}', 'go/plugin-close'],
    [
      'the file is replaced and opened',
      'func reload(path string) {\n\tos.Rename("new.so", path)\n\tplugin.Open(path)\n}',
      'go/hot-reload',
    ],
    [
      'one path is opened again and again',
      'func f(path string) {\n\tfor {\n\t\ttime.Sleep(1)\n\t\tplugin.Open(path)\n\t}\n}',
      'go/hot-reload',
    ],
    [
      'an assertion to a struct of the host',
      'type Config struct{}\n\nfunc f(p *plugin.Plugin) {\n\ts, _ := p.Lookup("C")\n\t_ = s.(*Config)\n}',
      'go/main-type-asserted',
    ],
    [
      'a function type with such a struct',
      'type Config struct{}\n\nfunc f(s plugin.Symbol) {\n\tg, ok := s.(func(*Config) error)\n\t_, _ = g, ok\n}',
      'go/main-type-asserted',
    ],
    [
      'a case of a type switch',
      'type Run func()\n\nfunc f(s plugin.Symbol) {\n\tswitch s.(type) {\n\tcase Run:\n\t}\n}',
      'go/main-type-asserted',
    ],
  ])('%s', async (_, body, rule) => {
    const [one, ...others] = await told({ 'main.go': host(body) }, 'none');
    expect(others).toEqual([]);
    expect(one).toMatch(new RegExp(`^${rule} src/main\\.go:\\d+:\\d+$`));
  });

  it.each([
    [
      'Close of something else',
      'func f(c interface{ Close() error }) {\n\tp, _ := plugin.Open("a.so")\n\t_ = p\n\tdefer c.Close()\n}',
    ],
    [
      'Close of a type of its own',
      'type q struct{ *plugin.Plugin }\n\nfunc (q) Close() {}\n\nfunc f(x q) {\n\tx.Close()\n}',
    ],
    [
      'a file that is installed once and opened',
      'func install(path string, b []byte) {\n\tos.WriteFile(path, b, 0o600)\n\tplugin.Open(path)\n}',
    ],
    ['another path is replaced', 'func reload(path string) {\n\tos.Remove(path + ".old")\n\tplugin.Open(path)\n}'],
    ['a loop over paths', 'func f(paths []string) {\n\tfor _, path := range paths {\n\t\tplugin.Open(path)\n\t}\n}'],
    ['a loop with an index', 'func f(paths []string) {\n\tfor i := 0; i < 3; i++ {\n\t\tplugin.Open(paths[i])\n\t}\n}'],
    [
      'a path that comes through a channel',
      'func f(c chan string) {\n\tfor {\n\t\tpath := <-c\n\t\tplugin.Open(path)\n\t}\n}',
    ],
    ['a path that is made anew', 'func f(path string) {\n\tfor {\n\t\tpath += "x"\n\t\tplugin.Open(path)\n\t}\n}'],
    [
      'an assertion to an interface of the host',
      'type Handler interface{ Handle() }\n\nfunc f(s plugin.Symbol) {\n\t_ = s.(Handler)\n}',
    ],
    ['an assertion to plain types', 'func f(s plugin.Symbol) {\n\t_ = s.(*int)\n\t_ = s.(func(string) error)\n}'],
    ['an alias of such a type', 'type Run = func()\n\nfunc f(s plugin.Symbol) {\n\t_ = s.(Run)\n}'],
    ['an assertion on something else', 'type Config struct{}\n\nfunc f(s interface{}) {\n\t_ = s.(*Config)\n}'],
    ['a goroutine in the init of a host', 'func init() {\n\tgo func() {}()\n}'],
  ])('silent: %s', async (_, body) => {
    expect(await told({ 'main.go': host(body) }, 'none')).toEqual([]);
  });

  it('callbacks as bytes', async () => {
    const source = (body: string) => `package cb

// #include <stdlib.h>
import "C"
import "unsafe"

type callback func(int)
type state struct { cb callback; data []byte }

func f(cb callback, s *state, data []byte, name string) {
	${body}
}

var _ unsafe.Pointer
`;
    const wrong = [
      'C.CBytes((*[8]byte)(unsafe.Pointer(&cb))[:])',
      'C.CBytes((*[unsafe.Sizeof(*s)]byte)(unsafe.Pointer(s))[:])',
    ];
    for (const body of wrong) {
      expect(await told({ 'cb.go': source(body) })).toEqual(['go/callback-copied src/cb.go:11:2']);
    }
    const right = [
      'C.CBytes(data)',
      'C.CBytes([]byte(name))',
      'C.CBytes(s.data)',
      'C.CBytes((*[8]byte)(unsafe.Pointer(&name))[:])',
      'C.CString(name)',
    ];
    for (const body of right) expect(await told({ 'cb.go': source(body) })).toEqual([]);
  });

  it('goroutines of init, of what it calls, and of first values', async () => {
    const found = await told(
      {
        'plugin/main.go': `package main

import "example.com/plug/work"

func init() {
	start()
	later = func() { go run() }
}

func start() { helper() }
func helper() {
	go run()
}

func run() {}

var later func()
var first = begin()

func begin() int {
	go run()
	return 1
}

func Start() { go run() }
func main()  { go work.Run() }
`,
        'work/work.go': 'package work\n\nfunc init() {\n\tgo func() {}()\n}\n\nfunc Run() {}\n',
        'cmd/tool/main.go': 'package main\n\nfunc init() {\n\tgo main()\n}\n\nfunc main() {}\n',
        'nested/go.mod': 'module example.com/nested\n',
        'nested/n.go': 'package nested\n\nfunc init() {\n\tgo func() {}()\n}\n',
        'vendor/v/v.go': 'package v\n\nfunc init() {\n\tgo func() {}()\n}\n',
        'work/work_test.go': 'package work\n\nfunc init() {\n\tgo func() {}()\n}\n',
        'work/work_windows.go': 'package work\n\nfunc init() {\n\tgo func() {}()\n}\n',
      },
      './plugin/',
    );
    expect(found).toEqual([
      'go/goroutine-in-init src/plugin/main.go:12:2',
      'go/goroutine-in-init src/plugin/main.go:21:2',
      'go/goroutine-in-init src/work/work.go:4:2',
    ]);
  });

  it('hostile sources come to an end', async () => {
    const deep = `${'('.repeat(200_000)}1${')'.repeat(200_000)}`;
    const found = await told({
      'deep.go': `package main\n\nimport "plugin"\n\nvar x = ${deep}\n\nvar _ plugin.Symbol\n`,
      'cycle.go':
        'package main\n\ntype A [len(B{})]B\ntype B [len(A{})]A\ntype C struct{ C }\ntype D = D\n\nvar a = b\nvar b = a\n',
      'cut.go': 'package main\n\nimport "plugin"\n\nfunc f(p *plugin.Plugin) {\n\tp.Close()\n\tif {\n',
      'bytes.go': '\x00\xff package',
      'import.go':
        'package main\n\nimport "../../../etc"\nimport "unsafe"\nimport "C"\n\nvar _ = unsafe.Pointer(C.x)\n',
    });
    expect(found).toEqual(['go/plugin-close src/cut.go:6:4']);
  });

  it('links do not lead out of the repository', async () => {
    const outside = join(root, 'outside');
    writeTree(outside, { 'main.go': host('func f(p *plugin.Plugin) {\n\tp.Close()\n}') });
    const repository = join(root, 'inside');
    mkdirSync(repository);
    symlinkSync(outside, join(repository, 'link'));
    const request = { repository, plugin: '.', environment: process.env };
    expect(await adviseGo({ ...request, directory: join(repository, 'link') })).toEqual([]);
    expect(await adviseGo({ ...request, directory: join(repository, 'absent') })).toEqual([]);
    expect(await adviseGo({ ...request, directory: repository })).toEqual([]);
  });

  it('without a go command says so', async () => {
    const directory = join(root, 'lonely');
    writeTree(directory, { 'main.go': host('func f(p *plugin.Plugin) {\n\tp.Close()\n}') });
    const [found, ...others] = await adviseGo({
      directory,
      repository: directory,
      plugin: '.',
      environment: { PATH: '/none' },
    });
    expect(found).toMatchObject({ rule: 'go/source-not-analysed', severity: 'note' });
    expect(others).toEqual([]);
  });
});

describeWith(['go', 'gcc'], 'the gate of a plugin whose sources need advice', () => {
  const directory = keptDirectory('advice');

  it('tells it with the build, and does not block for it', async () => {
    writeTree(directory, {
      'plugin-gate.yml': `version: 1
plugins:
  - name: greeter
    kind: go-plugin
    build: { directory: plugin, go: {} }
    artifact: build/greeter.so
    hosts: [{ name: gateway, package: ., directory: host }]
baseline: { none: the first release }
`,
      'plugin/go.mod': 'module example.com/greeter\n\ngo 1.19\n',
      'plugin/main.go': 'package main\n\nfunc init() { go wait() }\n\nfunc wait() { select {} }\n\nfunc main() {}\n',
      'host/go.mod': 'module example.com/gateway\n\ngo 1.19\n',
      'host/main.go': host('func main() {\n\tfor {\n\t\tplugin.Open("a.so")\n\t}\n}'),
    });
    const { report } = await runGate({
      configFile: 'plugin-gate.yml',
      directory,
      environment: { PATH: process.env.PATH, HOME: process.env.HOME, GOCACHE: process.env.GOCACHE },
      progress: SILENT,
      version: '0.0.0-test',
      now: new Date('2026-11-22T12:00:00Z'),
    });
    expect(report.verdict).toBe('pass');
    const told = report.findings.flatMap(({ rule, severity, step, location }) => {
      return location === undefined ? [] : [`${severity} ${rule} ${step} ${location.file}:${location.line}`];
    });
    expect(told.sort()).toEqual([
      'note go/goroutine-in-init build plugin/main.go:3',
      'warning go/hot-reload build host/main.go:16',
    ]);
  }, 120_000);
});

describe('the lines of the analyser', () => {
  it('are taken only when they are whole', () => {
    const good = { kind: 'close', file: 'a/b.go', line: 3, column: 1, subject: 'p.Close' };
    const bad = [
      { ...good, kind: 'other' },
      { ...good, file: '../b.go' },
      { ...good, file: '/etc/passwd' },
      { ...good, line: 0 },
      { ...good, line: 1.5 },
      { ...good, subject: 'x'.repeat(1000) },
      { ...good, subject: 7 },
    ];
    const text = [good, ...bad].map((one) => JSON.stringify(one)).join('\n');
    expect(parseRemarks(`${text}\n{"kind\nnull\n[]\npanic: x\n`)).toEqual([{ ...good, main: false }]);
  });
});
