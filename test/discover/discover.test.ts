import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/load.ts';
import { configText } from '../../src/discover/config-text.ts';
import { discoverPlugins } from '../../src/discover/discover.ts';
import { openRepository, pathIn } from '../../src/discover/repository.ts';
import { describeWith } from '../support/needs.ts';
import { workspace, writeTree } from '../support/workspace.ts';

const root = workspace();
let count = 0;

function repository(files: Readonly<Record<string, string>>): string {
  const directory = join(root, `repository-${count++}`);
  mkdirSync(directory);
  writeTree(directory, files);
  return directory;
}

const find = (directory: string) => discoverPlugins(openRepository(directory));

/** The configuration that init writes; it must load without problems. */
function configOf(directory: string) {
  const text = configText(find(directory), 'linux/amd64');
  const loaded = loadConfig('plugin-gate.yml', text);
  expect(loaded).toHaveProperty('config');
  return 'config' in loaded ? loaded.config : undefined;
}

const MAIN = 'package main\n\nfunc main() {}\n';
const C_SHARED = 'package main\n\nimport "C"\n\n//export Greet\nfunc Greet() {}\n\nfunc main() {}\n';
const HANDLER =
  'package main\n\nvar HandlerRegisterer = registerer("greet")\n\ntype registerer string\n\nfunc main() {}\n';
const SERVER = 'package main\n\nimport "log"\n\nfunc Serve() {}\n\nfunc main() {\n\tlog.Println("x")\n}\n';
const MOD = 'module example.com/greet/v2\n\ngo 1.24\n';

type Files = Readonly<Record<string, string>>;
type Expected = { name: string; kind: string; artifact: string; build?: unknown; versionScript?: string };

const SAMPLES: Readonly<Record<string, [Files, Expected[]]>> = {
  'a Go plugin by its Makefile': [
    {
      'go.mod': `${MOD}toolchain go1.24.4\n`,
      'main.go': HANDLER,
      Makefile: 'build:\n\tgo build -buildmode=plugin -o greet.so .\n',
    },
    [
      {
        name: 'greet',
        kind: 'go-plugin',
        artifact: 'greet.so',
        build: { directory: '.', go: { package: '.', tags: [], toolchain: 'go1.24.4' } },
      },
    ],
  ],
  'two packages of one module, one by a workflow': [
    {
      'go.mod': MOD,
      'cmd/auth/main.go': MAIN,
      'cmd/server/main.go': SERVER,
      '.github/workflows/ci.yml':
        'jobs:\n  x:\n    steps:\n      - run: go build -trimpath -tags netgo,osusergo -buildmode=plugin -o out/auth.so ./cmd/auth\n',
    },
    [
      {
        name: 'auth',
        kind: 'go-plugin',
        artifact: 'out/auth.so',
        build: { directory: '.', go: { package: './cmd/auth', tags: ['netgo', 'osusergo'] } },
      },
    ],
  ],
  'a module in a directory, built by a script with cd': [
    {
      'plugins/greet/go.mod': MOD,
      'plugins/greet/main.go': MAIN,
      'build.sh': '#!/bin/sh\ncd plugins/greet && go build -buildmode=c-shared -o greet.so\n',
    },
    [
      {
        name: 'greet',
        kind: 'c-shared',
        artifact: 'plugins/greet/greet.so',
        build: { directory: 'plugins/greet', go: { package: '.', tags: [] } },
      },
    ],
  ],
  'c-shared by its source alone': [
    { 'go.mod': MOD, 'main.go': C_SHARED },
    [{ name: 'greet', kind: 'c-shared', artifact: 'build/greet.so', build: { directory: '.', go: { package: '.' } } }],
  ],
  'a KrakenD plugin by its source alone': [
    { 'go.mod': MOD, 'handler/main.go': HANDLER },
    [
      {
        name: 'handler',
        kind: 'go-plugin',
        artifact: 'build/handler.so',
        build: { directory: '.', go: { package: './handler' } },
      },
    ],
  ],
  'a makefile with variables and a version script': [
    {
      'plugin/Makefile':
        'NAME = greet\nCFLAGS := -fPIC \\\n  -O2\nLDFLAGS = -shared -Wl,--version-script=greet.map\n\nlib$(NAME).so: greet.o\n\t$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^\n\nclean:\n\trm -f *.so\n',
    },
    [
      {
        name: 'greet',
        kind: 'elf',
        artifact: 'plugin/libgreet.so',
        build: { directory: '.', commands: [['make', '-C', 'plugin']] },
        versionScript: 'plugin/greet.map',
      },
    ],
  ],
  'a makefile with a pattern rule': [
    { Makefile: 'PLUGINS = a.so b.so\n\nall: $(PLUGINS)\n\n%.so: %.c\n\t$(CC) -shared -fPIC -o $@ $<\n' },
    [
      { name: 'a', kind: 'elf', artifact: 'a.so', build: { directory: '.', commands: [['make']] } },
      { name: 'b', kind: 'elf', artifact: 'b.so', build: { directory: '.', commands: [['make']] } },
    ],
  ],
  'cmake, one module in a subdirectory': [
    {
      'CMakeLists.txt': 'project(app C)\nadd_executable(host host.c)\nadd_subdirectory(plugins)\n',
      'plugins/CMakeLists.txt':
        '# add_library(no MODULE x.c)\nadd_library(greet MODULE greet.c)\nset_target_properties(greet PROPERTIES PREFIX "")\nadd_library(util STATIC u.c)\nadd_library(core SHARED c.c)\n',
    },
    [
      {
        name: 'greet',
        kind: 'elf',
        artifact: 'build/plugins/greet.so',
        build: {
          directory: '.',
          commands: [
            ['cmake', '-S', '.', '-B', 'build', '-DCMAKE_BUILD_TYPE=RelWithDebInfo'],
            ['cmake', '--build', 'build', '--target', 'greet'],
          ],
        },
      },
      { name: 'core', kind: 'elf', artifact: 'build/plugins/libcore.so' },
    ],
  ],
  meson: [
    {
      'meson.build':
        "project('x', 'c')\nshared_module('greet', 'greet.c', name_prefix: '')\nshared_library('api', 'a.c')\n",
    },
    [
      { name: 'greet', kind: 'elf', artifact: 'build/greet.so' },
      { name: 'api', kind: 'elf', artifact: 'build/libapi.so' },
    ],
  ],
  'a cdylib of a Cargo workspace': [
    {
      'Cargo.toml': '[workspace]\nmembers = ["greet", "host"]\n',
      'Cargo.lock': '',
      'greet/Cargo.toml': '[package]\nname = "greet-plugin"\n\n[lib]\ncrate-type = ["cdylib", "rlib"]\n',
      'host/Cargo.toml': '[package]\nname = "host"\n\n[lib]\ncrate-type = ["rlib"]\n',
    },
    [
      {
        name: 'greet-plugin',
        kind: 'elf',
        artifact: 'target/release/libgreet_plugin.so',
        build: { directory: '.', commands: [['cargo', 'build', '--release', '--package', 'greet-plugin', '--locked']] },
      },
    ],
  ],
  'a shared object that lies there': [
    { 'modules/mod_greet.so': '\u007fELF', 'notes.so': 'text', 'node_modules/x/y.so': '\u007fELF' },
    [{ name: 'mod_greet', kind: 'elf', artifact: 'modules/mod_greet.so' }],
  ],
};

describe('discovery', () => {
  it.each(Object.keys(SAMPLES))('%s', (name) => {
    const [files = {}, expected = []] = SAMPLES[name] ?? [];
    const directory = repository(files);
    const found = find(directory);
    expect(found).toHaveLength(expected.length);
    expect(found).toMatchObject(expected);
    expect(configOf(directory)?.plugins.map(({ name, kind, artifact }) => ({ name, kind, artifact }))).toEqual(
      expected.map(({ name, kind, artifact }) => ({ name, kind, artifact })),
    );
  });

  it.each<[string, Files]>([
    ['nothing', {}],
    ['a Go program', { 'go.mod': MOD, 'main.go': SERVER }],
    ['a Go library', { 'go.mod': MOD, 'lib.go': 'package lib\n\nfunc Greet() {}\n' }],
    ['a Go test', { 'go.mod': MOD, 'x_test.go': HANDLER }],
    ['a c-archive', { 'go.mod': MOD, 'main.go': SERVER, Makefile: 'a:\n\tgo build -buildmode=c-archive -o a.a\n' }],
    ['Go without a module', { 'main.go': HANDLER }],
    ['a commented build', { 'go.mod': MOD, 'main.go': SERVER, Makefile: '# go build -buildmode=plugin -o x.so .\n' }],
    ['a makefile for a program', { Makefile: 'app: app.o\n\t$(CC) -o $@ $^ -lshared-thing\n' }],
    [
      'static libraries',
      {
        'CMakeLists.txt': 'add_library(x STATIC x.c)\nadd_library(y x.c)\n',
        'meson.build': "static_library('z', 'z.c')\n",
      },
    ],
    ["other people's code", { 'vendor/x/Makefile': 'x.so:\n\tcc -shared -o x.so x.c\n' }],
  ])('finds nothing in %s, and the example that is written loads', (_, files) => {
    const directory = repository(files);
    expect(find(directory)).toEqual([]);
    expect(configOf(directory)?.plugins).toHaveLength(1);
  });

  it('takes a file under previous/ as the baseline of its plugin', () => {
    const directory = repository({
      Makefile: 'greet.so: greet.c\n\tcc -shared -o greet.so greet.c\nother.so: o.c\n\tcc -shared -o $@ o.c\n',
      'previous/greet.so': '\u007fELF',
    });
    const config = configOf(directory);
    expect(config?.plugins.map(({ name, baseline }) => [name, baseline])).toEqual([
      ['greet', { file: 'previous/greet.so' }],
      ['other', undefined],
    ]);
    expect(config?.baseline).toEqual({ none: 'first release that is gated' });
  });

  it('names the line on which a rule or a command begins', () => {
    const makefile = 'FLAGS = -a \\\n  -b \\\n  -c\n\ngreet.so: a.c \\\n  b.c\n\tcc -shared \\\n\t  -o $@ a.c\n';
    const script = '# one\nset -e \\\n  -u\ngo build \\\n  -buildmode=plugin \\\n  -o auth.so ./auth\n';
    const directory = repository({ Makefile: makefile, 'build.sh': script, 'go.mod': MOD, 'auth/main.go': MAIN });
    expect(find(directory).map(({ evidence }) => evidence)).toEqual([
      'build.sh:4: go build -buildmode=plugin',
      'Makefile:5: linked with -shared',
    ]);
  });

  it('gives plugins of one name a number', () => {
    const directory = repository({
      'a/greet.so': '\u007fELF',
      'b/Makefile': 'greet.so:\n\tcc -shared -o $@ x.c\n',
      'c/Makefile': 'greet.so:\n\tcc -shared -o $@ x.c\n',
    });
    expect(configOf(directory)?.plugins.map(({ name, artifact }) => `${name} ${artifact}`)).toEqual([
      'greet b/greet.so',
      'greet-2 c/greet.so',
    ]);
  });
});

describe('hostile repositories', () => {
  it('names and contents that YAML or a comment could be misled by', () => {
    const directory = repository({
      'a: b # c.so': '\u007fELF',
      '{name}.so': '\u007fELF',
      'line\nplugins: []\n.so': '\u007fELF',
      'true.so': '\u007fELF',
      '- x/"quoted".so': '\u007fELF',
      '\u202egnp.so': '\u007fELF',
      Makefile:
        '$(EVIL).so:\n\tcc -shared -o $@ x.c\n../../etc/x.so:\n\tcc -shared -o $@ x.c\nA = $(A)$(A)\n$(A):\n\tcc -shared\n',
    });
    const config = configOf(directory);
    expect(config?.plugins.map(({ artifact }) => artifact).sort()).toEqual(
      ['- x/"quoted".so', 'a: b # c.so', 'true.so', '\u202egnp.so'].sort(),
    );
  });

  it('does not follow links and does not wait on pipes', () => {
    const directory = repository({ 'real/x.so': '\u007fELF' });
    symlinkSync('/', join(directory, 'everything'));
    symlinkSync('..', join(directory, 'real', 'up'));
    symlinkSync('real/x.so', join(directory, 'link.so'));
    execFileSync('mkfifo', [join(directory, 'Makefile')]);
    expect(find(directory).map(({ artifact }) => artifact)).toEqual(['real/x.so']);
  });

  it('stops at its limits', () => {
    let deep = '';
    for (let i = 0; i < 30; i++) deep += `d${i}/`;
    const directory = repository({ [`${deep}x.so`]: '\u007fELF', 'y.so': '\u007fELF' });
    const opened = openRepository(directory);
    expect(opened.cut).toBe(true);
    expect(opened.files).toEqual(['y.so']);
  });

  it('reads huge and repetitive build files in bounded time', () => {
    const directory = repository({
      'CMakeLists.txt': 'set_target_properties('.repeat(10_000),
      'meson.build': "shared_module('x'".repeat(10_000),
      Makefile: `${'A += $(A) $(A)\n'.repeat(5000)}${'x.so:'.repeat(10_000)}\n\tcc -shared $(A)\n`,
      'go.mod': 'module x\n',
      'main.go': `package main\nfunc main() {${' '.repeat(100_000)}`,
    });
    expect(find(directory).length).toBeLessThanOrEqual(50);
  });

  it.each([
    ['a', 'b.so', 'a/b.so'],
    ['.', './b.so', 'b.so'],
    ['a/b', '../c.so', 'a/c.so'],
    ['a', '../../c.so', undefined],
    ['a', '/c.so', undefined],
    ['a', '..', '.'],
  ])('the path %s + %s is %s', (directory, path, expected) => {
    expect(pathIn(directory, path)).toBe(expected);
  });
});

/** Runs the build that was found and looks for the file that it should make. */
function build(files: Files): void {
  const directory = repository(files);
  for (const { build: how, artifact } of find(directory)) {
    for (const argv of how?.commands ?? []) {
      const [program = '', ...rest] = argv;
      execFileSync(program, rest, { cwd: join(directory, how?.directory ?? '.'), stdio: 'pipe' });
    }
    expect(existsSync(join(directory, artifact))).toBe(true);
  }
  expect(find(directory).length).toBeGreaterThan(0);
}

const C = 'int greet(void) { return 0; }\n';

describeWith(['make', 'cc'], 'what make builds is where it was expected', () => {
  it('a rule with variables', () => {
    build({ 'p/Makefile': 'N = greet\nlib$(N).so: g.c\n\t$(CC) -shared -fPIC -o $@ $<\n', 'p/g.c': C });
  });
  it('a pattern rule', () => {
    build({ Makefile: 'all: a.so b.so\n%.so: %.c\n\t$(CC) -shared -fPIC -o $@ $<\n', 'a.c': C, 'b.c': C });
  });
});

describeWith(['cmake', 'cc'], 'what cmake builds is where it was expected', () => {
  it('modules with and without prefix, in a subdirectory', () => {
    build({
      'CMakeLists.txt': 'cmake_minimum_required(VERSION 3.16)\nproject(app C)\nadd_subdirectory(plugins)\n',
      'plugins/CMakeLists.txt':
        'add_library(greet MODULE g.c)\nset_target_properties(greet PROPERTIES PREFIX "")\nadd_library(core SHARED g.c)\nadd_library(named SHARED g.c)\nset_target_properties(named PROPERTIES OUTPUT_NAME other)\n',
      'plugins/g.c': C,
    });
  });
});

describe('the configuration that is written', () => {
  it('is as a person would want to read it', () => {
    const directory = repository({
      'go.mod': MOD,
      'cmd/auth/main.go': HANDLER,
      Makefile:
        'LDFLAGS = -Wl,--version-script=greet.map\nbuild/greet.so: greet.c\n\t$(CC) -shared $(LDFLAGS) -o $@ $<\n',
      'CMakeLists.txt': 'add_library(mod MODULE m.c)\n',
      'previous/greet.so': '\u007fELF',
    });
    writeFileSync(join(directory, 'x.txt'), '');
    const expected = readFileSync(new URL('expected/plugin-gate.yml', import.meta.url), 'utf8');
    expect(configText(find(directory), 'linux/amd64')).toBe(expected);
  });

  it('has examples in its comments that load as they are', () => {
    const directory = repository({ 'a.so': '\u007fELF' });
    const text = configText(find(directory), 'linux/amd64');
    const uncommented = text
      .replace(/^baseline:\n {2}none: .*\n/m, '')
      .replaceAll(
        /^( *)# ((?: *)(?:build|targets|symbols|headers|hosts|baseline|signature|bundle|identity|issuer|rules): ?.*)$/gm,
        '$1$2',
      )
      .replace(/^ {2}(baseline: .*)$/m, '$1');
    expect(uncommented).not.toMatch(/^ *# *(?:build|targets|symbols|headers|hosts|baseline|signature|rules):/m);
    expect(loadConfig('plugin-gate.yml', uncommented)).toMatchObject({
      config: {
        plugins: [{ hosts: [{ name: 'oldest' }] }],
        baseline: { file: 'previous/{name}.so' },
        policy: { rules: { 'sym/added': 'off' } },
      },
    });
  });
});
