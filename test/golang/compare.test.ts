import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { type Comparison, compareFiles } from '../../src/compare/files.ts';
import { readElf } from '../../src/elf/read.ts';
import { compareGo, compareGoFiles } from '../../src/golang/compare.ts';
import { readGo } from '../../src/golang/read.ts';
import { describeWith } from '../support/needs.ts';
import { writeTree } from '../support/workspace.ts';
import { keptDirectory } from './kept-directory.ts';

/** The first release. */
const V1 = `import "example.com/plug/api"

type registerer string

func (registerer) Register(f func(string) error) error { return nil }
func (registerer) Name() string { return "x" }

var Handler = registerer("x")
var Limit = 3

func Handle(r *api.Request) (string, error) { return "", nil }
func Extra(n int) int { return n }
`;
const API =
  'package api\n\ntype Request struct { Path string; Size int }\n\ntype Sink interface { Put(string) error }\n';

describeWith(['go', 'gcc', 'strip'], 'two releases of a Go plugin', () => {
  const root = keptDirectory('compare');
  let count = 0;

  function build(
    body: string,
    api = API,
    flags: readonly string[] = [],
    more: Readonly<Record<string, string>> = {},
  ): string {
    count += 1;
    const directory = join(root, `${count}`);
    writeTree(directory, {
      'main.go': `package main\n\nimport "C"\n\n${body}\n\nfunc main() {}\n`,
      'api/api.go': api,
      'go.mod': 'module example.com/plug\n\ngo 1.19\n',
      ...more,
    });
    const file = join(root, `${count}.so`);
    // The same names of files in both releases, as a checkout in one place has.
    execFileSync(
      'go',
      ['build', '-buildmode=plugin', '-buildvcs=false', '-trimpath', '-ldflags=-w', ...flags, '-o', file, '.'],
      {
        cwd: directory,
        stdio: 'pipe',
        env: { ...process.env, CGO_ENABLED: '1', GOFLAGS: '' },
      },
    );
    return file;
  }

  const first = () => (made ??= build(V1));
  let made: string | undefined;

  function compare(file: string): Comparison {
    const side = (name: string) => ({ name, bytes: readFileSync(name) });
    return compareFiles(side(first()), side(file), { compareGo: compareGoFiles });
  }

  const told = ({ findings }: Comparison): readonly string[] =>
    findings.filter(({ effect }) => effect !== undefined).map(({ rule, subject }) => `${rule} ${subject}`);

  it.each([
    ['the same source', V1, API, 'identical', []],
    ['another body', V1.replace('return n }', 'return n + 1 }'), API, 'identical', []],
    ['a function more', `${V1}\nfunc New() {}`, API, 'compatible', ['go/symbol-added New']],
    ['a function less', V1.replace('func Extra', 'func extra'), API, 'breaking', ['go/symbol-removed Extra']],
    ['other parameters', V1.replace('Extra(n int)', 'Extra(n, m int)'), API, 'breaking', ['go/symbol-changed Extra']],
    [
      'a function that is a variable',
      V1.replace('func Extra(n int) int { return n }', 'var Extra = func(n int) int { return n }'),
      API,
      'breaking',
      ['go/symbol-changed Extra'],
    ],
    [
      'another type of a variable',
      V1.replace('Limit = 3', 'Limit int64 = 3'),
      API,
      'breaking',
      ['go/symbol-changed Limit'],
    ],
    [
      'a method less',
      V1.replace('registerer) Name()', 'registerer) name()'),
      API,
      'breaking',
      ['go/symbol-changed Handler'],
    ],
    [
      'a method with other results',
      V1.replace('Name() string { return "x" }', 'Name() int { return 0 }'),
      API,
      'breaking',
      ['go/symbol-changed Handler'],
    ],
    ['a method more', V1.replace('var Handler', 'func (registerer) More() {}\n\nvar Handler'), API, 'identical', []],
    ['another name of the type behind a variable', V1.replaceAll('registerer', 'registrar'), API, 'identical', []],
    [
      'a field more in a shared type',
      V1,
      API.replace('Size int', 'Size int; Body []byte'),
      'breaking',
      ['go/type-changed example.com/plug/api.Request', 'go/packages-changed packages'],
    ],
    [
      'a method more in an interface',
      V1.replace('Extra(n int)', 'Extra(s api.Sink, n int)'),
      API.replace('error }', 'error; Get() string }'),
      'breaking',
      ['go/symbol-changed Extra', 'go/packages-changed packages'],
    ],
  ] as const)(
    '%s',
    (_, body, api, verdict, findings) => {
      const comparison = compare(build(body, api));
      expect(told(comparison)).toEqual(findings);
      expect(comparison.verdict).toBe(verdict);
    },
    60_000,
  );

  /** What crosses the border by way of other types, and what does not cross it. */
  const DEEP = `import (
	"example.com/plug/api"
	"example.com/plug/other"
)

type state struct { count int; hook func() }

func (s *state) Count() int { return s.count }
func (s *state) Set(...api.Option) {}

var State state

func Serve(s api.Sink, o *api.Outer) error { return nil }
func Open() (api.Sink, []map[string]api.Inner) { return nil, nil }
func Both(api.Pair[int, api.Inner], other.Inner) {}
func Bare(f func(struct{ A int; B string }) error, names []string) {}
func Named(api.Table, api.Mode) {}
`;
  const DEEP_API = `package api

type Sink interface { Put(string) error; sealed() }

type Outer struct { Next *Outer; Inner Inner }

type Inner struct { A, B int32 }

type Pair[K comparable, V any] struct { Key K; Val V }

type Table map[string][4]chan<- Inner

type Mode struct { N int }

type Option struct { B bool }

type Unused struct { X int }
`;
  const OTHER = 'package other\n\ntype Inner struct { A int }\n';

  it.each([
    ['the same', DEEP, DEEP_API, 'identical', []],
    [
      'fields of a variable that no host can name',
      DEEP.replace('count int;', 'count int; more string;'),
      DEEP_API,
      'identical',
      [],
    ],
    [
      'a method more in an interface that hosts implement',
      DEEP,
      DEEP_API.replace('Put(string) error;', 'Put(string) error; Flush() error;'),
      'breaking',
      ['go/type-changed example.com/plug/api.Sink', 'go/packages-changed packages'],
    ],
    [
      'a method of an interface with another signature',
      DEEP,
      DEEP_API.replace('Put(string) error;', 'Put([]byte) error;'),
      'breaking',
      ['go/type-changed example.com/plug/api.Sink', 'go/packages-changed packages'],
    ],
    [
      'a struct inside of others',
      DEEP,
      DEEP_API.replace('A, B int32', 'A, B int64'),
      'breaking',
      ['go/type-changed example.com/plug/api.Inner', 'go/packages-changed packages'],
    ],
    [
      'fields in another order',
      DEEP,
      DEEP_API.replace('Next *Outer; Inner Inner', 'Inner Inner; Next *Outer'),
      'breaking',
      ['go/type-changed example.com/plug/api.Outer', 'go/packages-changed packages'],
    ],
    [
      'the tag of a field, which the hash of the package covers',
      DEEP,
      DEEP_API.replace('Next *Outer;', 'Next *Outer `json:"next"`;'),
      'breaking',
      ['go/type-changed example.com/plug/api.Outer', 'go/packages-changed packages'],
    ],
    [
      'what stands behind a name',
      DEEP,
      DEEP_API.replace('type Table map[string][4]chan<- Inner', 'type Table map[string][4]<-chan Inner'),
      'breaking',
      ['go/type-changed example.com/plug/api.Table', 'go/packages-changed packages'],
    ],
    [
      'a struct that became an interface',
      DEEP,
      DEEP_API.replace('type Mode struct { N int }', 'type Mode interface { N() int }'),
      'breaking',
      ['go/type-changed example.com/plug/api.Mode', 'go/packages-changed packages'],
    ],
    [
      'a struct that methods of a variable lead to',
      DEEP,
      DEEP_API.replace('B bool', 'B, C bool'),
      'breaking',
      ['go/type-changed example.com/plug/api.Option', 'go/packages-changed packages'],
    ],
    [
      'fields of a struct without a name',
      DEEP.replace('A int; B string', 'A int; B []byte'),
      DEEP_API,
      'breaking',
      ['go/symbol-changed Bare'],
    ],
    [
      'variadic in place of a slice',
      DEEP.replace('names []string', 'names ...string'),
      DEEP_API,
      'breaking',
      ['go/symbol-changed Bare'],
    ],
    [
      'a type that nothing leads to',
      DEEP,
      DEEP_API.replace('X int', 'X, Y int'),
      'risky',
      ['go/packages-changed packages'],
    ],
    [
      'a type of the same name in another package',
      DEEP.replace('[]map[string]api.Inner)', '[]map[string]other.Inner)'),
      DEEP_API,
      'breaking',
      ['go/symbol-changed Open'],
    ],
  ] as const)(
    'with types behind types: %s',
    (_, body, api, verdict, findings) => {
      const first = base();
      const second = build(body, api, [], { 'other/other.go': OTHER });
      const side = (name: string) => ({ name, bytes: readFileSync(name) });
      const comparison = compareFiles(side(first), side(second), { compareGo: compareGoFiles });
      expect([...told(comparison)].sort()).toEqual([...findings].sort());
      expect(comparison.verdict).toBe(verdict);
      const inner = comparison.findings.find(({ subject }) => subject === 'example.com/plug/api.Inner');
      if (inner !== undefined) expect(ways).toContain(inner.path?.join(' › '));
      // Nothing of this comes from the debug information or the symbols.
      const [bareFirst, bareSecond] = [first, second].map((file) => {
        execFileSync('strip', ['-s', '-o', `${file}.stripped`, file]);
        return side(`${file}.stripped`);
      });
      if (bareFirst === undefined || bareSecond === undefined) throw new Error('not stripped');
      const stripped = compareFiles(bareFirst, bareSecond, { compareGo: compareGoFiles });
      expect(told(stripped)).toEqual(told(comparison));
    },
    60_000,
  );
  const ways = [
    'Both › parameter 1 › example.com/plug/api.Pair[int,example.com/plug/api.Inner] › field Val › example.com/plug/api.Inner › A',
    'Open › result 2 › example.com/plug/api.Inner › A',
  ];
  let deep: string | undefined;
  const base = () => (deep ??= build(DEEP, DEEP_API, [], { 'other/other.go': OTHER }));

  it('tell where it is declared, and what the parameter is called', () => {
    const file = build(V1, API.replace('Size int', 'Size int64'), ['-ldflags=']);
    const bytes = readFileSync(file);
    const { image } = readElf(bytes);
    const { image: old } = readElf(readFileSync(first()));
    if (image === undefined || old === undefined) throw new Error('not read');
    const debug = { image, bytes, search: { file, directories: [] } };
    const found = compareGo(readGo(readFileSync(first()), old), readGo(bytes, image), { debug });
    const line = V1.split('\n').findIndex((text) => text.startsWith('func Handle')) + 5;
    expect(found.find(({ rule }) => rule === 'go/type-changed')).toMatchObject({
      location: { file: 'example.com/plug/main.go', line },
      path: ['Handle', 'parameter 1 (r)', 'example.com/plug/api.Request', 'Size'],
    });
  }, 60_000);

  it('built with other flags are risky for hosts that stay', () => {
    const comparison = compare(build(V1, API, ['-race']));
    expect(comparison.verdict).toBe('risky');
    const [found] = comparison.findings.filter(({ rule }) => rule === 'go/packages-changed');
    expect(found?.message).toContain('-race is off in the previous release and on in this one');
  }, 240_000);

  it('tell of a function that no host can assert', () => {
    const comparison = compare(build(`${V1}\ntype Own struct{}\n\nfunc Make() *Own { return nil }`));
    expect(comparison.findings).toContainEqual(
      expect.objectContaining({ rule: 'go/type-in-main', subject: 'Make', severity: 'note' }),
    );
  }, 60_000);
});
