import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { goTypeText } from '../../src/abi/go/type-text.ts';
import { openElf } from '../../src/elf/open.ts';
import { readElf } from '../../src/elf/read.ts';
import { type GoReading, readGo } from '../../src/golang/read.ts';
import { describeWith } from '../support/needs.ts';
import { writeTree } from '../support/workspace.ts';
import { keptDirectory } from './kept-directory.ts';

/** A toolchain that is on this machine: nothing is fetched for this test. */
interface Version {
  readonly release: string;
  readonly go: string;
}

function versions(): readonly Version[] {
  const found = new Map<string, string>();
  const add = (go: string): void => {
    if (!existsSync(go)) return;
    const env = { ...process.env, GOTOOLCHAIN: 'local' };
    found.set(execFileSync(go, ['env', 'GOVERSION'], { encoding: 'utf8', env }).trim(), go);
  };
  const list = (directory: string): readonly string[] => (existsSync(directory) ? readdirSync(directory) : []);
  for (const directory of (process.env.PATH ?? '').split(':')) add(join(directory, 'go'));
  for (const name of list('/usr/lib')) if (/^go-1\.\d+$/.test(name)) add(join('/usr/lib', name, 'bin/go'));
  const modules = join(process.env.GOMODCACHE ?? join(process.env.HOME ?? '/root', 'go/pkg/mod'), 'golang.org');
  for (const name of list(modules)) if (name.startsWith('toolchain@')) add(join(modules, name, 'bin/go'));
  return [...found]
    .map(([release, go]) => ({ release, go }))
    .filter(({ release }) => Number(/^go1\.(\d+)/.exec(release)?.[1]) >= 19)
    .sort((a, b) => (a.release < b.release ? -1 : 1));
}

const SOURCE = `package main

import "C"
import "io"

type Greeter interface { Greet(c *Config, names ...string) (string, error) }
type Config struct { io.Reader; Name string; Port int; Tags map[string][]Level }
type Level uint8
type Pair[K comparable, V any] struct { Key K; Val V }

var Default Pair[string, Config]
var Limit = 3

func Handle(c *Config, g Greeter) (chan<- [4]Level, struct{ A int }) { return nil, struct{ A int }{} }

func main() {}
`;

const ARCHITECTURES = [
  { name: 'amd64', compiler: 'x86_64-linux-gnu-gcc', strip: 'x86_64-linux-gnu-strip' },
  { name: 'arm64', compiler: 'aarch64-linux-gnu-gcc', strip: 'aarch64-linux-gnu-strip' },
] as const;

const known = versions();
/** The first build of the standard library with a toolchain takes its time. */
const TIMEOUT = 600_000;

describeWith(known.length === 0 ? ['go'] : ['gcc', 'strip'], 'plugins of each Go toolchain on this machine', () => {
  const root = keptDirectory('versions');
  writeTree(root, { 'main.go': SOURCE, 'go.mod': 'module example.com/ver\n\ngo 1.19\n' });
  const there = (program: string): boolean =>
    (process.env.PATH ?? '').split(':').some((directory) => existsSync(join(directory, program)));

  function build({ release, go }: Version, { name, compiler }: (typeof ARCHITECTURES)[number]): string {
    const file = join(root, `${release}-${name}.so`);
    execFileSync(go, ['build', '-buildmode=plugin', '-trimpath', '-o', file, '.'], {
      cwd: root,
      stdio: 'pipe',
      env: {
        ...process.env,
        GOTOOLCHAIN: 'local',
        GOFLAGS: '-buildvcs=false',
        CGO_ENABLED: '1',
        GOARCH: name,
        CC: compiler,
      },
    });
    return file;
  }

  function whole(bytes: Uint8Array): GoReading | undefined {
    const { image } = readElf(bytes);
    return image === undefined ? undefined : readGo(bytes, image);
  }

  function paged(bytes: Buffer): GoReading | undefined {
    const open = openElf(bytes.length, (buffer, offset, length, position) =>
      bytes.copy(buffer, offset, position, position + length),
    );
    return 'image' in open ? readGo(open.bytes, open.image, open.find) : undefined;
  }

  const cases = known.flatMap((version) =>
    ARCHITECTURES.filter(({ compiler }) => there(compiler)).map((architecture) => [version, architecture] as const),
  );
  it.each(cases.map((one) => [one[0].release, one[1].name, ...one] as const))(
    '%s for %s: with symbols, stripped, without section headers, piece by piece',
    (release, _, version, architecture) => {
      const file = build(version, architecture);
      const bytes = readFileSync(file);
      const go = whole(bytes);
      expect(go?.toolchain).toBe(release);
      expect(go?.trimmed).toBe(true);
      expect(go?.plugin?.path).toBe('example.com/ver');
      expect(go?.plugin?.packages.length).toBe(go?.hashes.size);
      const { symbols = [], complete } = go?.plugin?.table ?? {};
      expect(complete).toBe(true);
      expect(symbols.map(({ name, kind, type }) => `${kind} ${name} ${type}`).sort()).toEqual([
        'func Handle func(*main.Config, main.Greeter) (chan<- [4]main.Level, struct { A int })',
        // The name of an instance has whole import paths in it.
        'var Default main.Pair[string,example.com/ver.Config]',
        'var Limit int',
      ]);
      const { types } = go?.plugin?.table ?? { types: undefined };
      if (types === undefined) throw new Error('no types');
      const nodeOf = (name: string) =>
        types.nodes.find((node) => node.kind === 'struct' && node.scope === 'main' && node.name === name);
      const config = nodeOf('Config');
      const fields = config?.kind === 'struct' ? config.members : [];
      expect(
        fields.map(({ name, type, bitOffset }) => `${bitOffset / 8}: ${name} ${goTypeText(types, type, 'path')}`),
      ).toEqual(['0: Reader io.Reader', '16: Name string', '32: Port int', '40: Tags map[string][]main.Level']);
      expect(fields.map(({ embedded }) => embedded)).toEqual([true, undefined, undefined, undefined]);
      const greeter = nodeOf('Greeter');
      const methods = greeter?.kind === 'struct' ? (greeter.goMethods ?? []) : [];
      expect(methods.map(({ name, type }) => `${name} ${goTypeText(types, type)}`)).toEqual([
        'Greet func(*main.Config, ...string) (string, error)',
      ]);

      expect(paged(bytes)?.plugin).toEqual(go?.plugin);
      const stripped = `${file}.stripped`;
      copyFileSync(file, stripped);
      execFileSync(architecture.strip, ['-s', stripped], { stdio: 'pipe' });
      const bare = readFileSync(stripped);
      expect(whole(bare)?.plugin).toEqual(go?.plugin);
      bare.fill(0, 40, 48); // e_shoff
      bare.fill(0, 60, 64); // e_shnum, e_shstrndx
      expect(whole(bare)?.plugin).toEqual(go?.plugin);
    },
    TIMEOUT,
  );
});
