import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { type Comparison, compareFiles } from '../../src/compare/files.ts';
import { compareGoFiles } from '../../src/golang/compare.ts';
import { describeWith } from '../support/needs.ts';
import { writeTree } from '../support/workspace.ts';
import { keptDirectory } from './workbench.ts';

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

describeWith(['go', 'gcc'], 'two releases of a Go plugin', () => {
  const root = keptDirectory('compare');
  let count = 0;

  function build(body: string, api = API, flags: readonly string[] = []): string {
    count += 1;
    const directory = join(root, `${count}`);
    writeTree(directory, {
      'main.go': `package main\n\nimport "C"\n\n${body}\n\nfunc main() {}\n`,
      'api/api.go': api,
      'go.mod': 'module example.com/plug\n\ngo 1.19\n',
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
