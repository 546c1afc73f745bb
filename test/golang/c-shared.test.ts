import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { diffCommand } from '../../src/commands/diff.ts';
import { describeWith } from '../support/needs.ts';
import { recordingTerminal } from '../support/terminal.ts';
import { writeTree } from '../support/workspace.ts';
import { keptDirectory } from './kept-directory.ts';

const SOURCE = `package main

/*
struct point { int x; int y; };
typedef int (*callback)(int);
*/
import "C"

//export Add
func Add(a, b C.int) C.int { return a + b }

//export Move
func Move(p *C.struct_point) C.int { return p.x }

//export Call
func Call(f C.callback, n int64) {}

func main() {}
`;

describeWith(['go', 'gcc'], 'two releases of a Go library for C (-buildmode=c-shared)', () => {
  const root = keptDirectory('c-shared');

  function build(name: string, source: string, module: string): string {
    const directory = join(root, name);
    writeTree(directory, { 'main.go': source, 'go.mod': `module ${module}\n\ngo 1.19\n` });
    const file = join(root, `${name}.so`);
    execFileSync('go', ['build', '-buildmode=c-shared', '-buildvcs=false', '-o', file, '.'], {
      cwd: directory,
      stdio: 'pipe',
      env: { ...process.env, CGO_ENABLED: '1', GOFLAGS: '' },
    });
    return file;
  }

  it.each([
    [
      'another body and another module path, which renames _cgoexp_ symbols',
      [['{ return a + b }', '{ return b + a + 0 }']],
      [],
    ],
    [
      'a parameter',
      [
        ['a, b C.int', 'a C.int, b C.long'],
        ['a + b', 'a + C.int(b)'],
      ],
      ['abi/parameter-type-changed Add'],
    ],
    ['a Go type in the signature', [['n int64', 'n int32']], ['abi/parameter-type-changed Call']],
    [
      'a struct behind a pointer',
      [['int x; int y;', 'int x; int z; int y;']],
      ['abi/struct-size-changed struct point'],
    ],
    ['a function less', [['//export Move\n', '']], ['sym/removed Move']],
  ] as const)(
    '%s',
    async (title, edits, expected) => {
      const changed = edits.reduce((text, [from, to]) => text.replace(from, to), SOURCE);
      const old = build('first', SOURCE, 'example.com/first');
      const now = build(title.replace(/\W+/g, '-').slice(0, 20), changed, 'example.com/renamed');
      const terminal = recordingTerminal();
      await diffCommand(old, now, { format: 'json' }, terminal);
      const { findings } = JSON.parse(terminal.written.out) as {
        readonly findings: readonly { readonly rule: string; readonly type?: string; readonly symbol?: string }[];
      };
      expect(findings.map(({ rule, symbol, type }) => `${rule} ${symbol ?? type}`)).toEqual(expected);
    },
    60_000,
  );

  it('tells places in the Go source, not in the files that cgo wrote', async () => {
    const old = build('places1', SOURCE, 'example.com/places');
    const body = '{\n\tfor i := int64(0); i < n; i++ {\n\t\tprintln(i)\n\t}\n}';
    const changed = SOURCE.replace('int x;', 'long x;').replace(
      'a, b C.int) C.int { return a + b }',
      'a, b C.long) C.int { return C.int(a + b) }',
    );
    const now = build(
      'places2',
      changed
        .replace('return p.x', 'return C.int(p.x)')
        .replace('n int64) {}', `n int32, m int64) ${body.replaceAll('n;', 'm;')}`),
      'example.com/places',
    );
    const terminal = recordingTerminal();
    await diffCommand(old, now, { format: 'json' }, terminal);
    const { findings } = JSON.parse(terminal.written.out) as {
      readonly findings: readonly {
        readonly subject: string;
        readonly location?: { readonly file: string; readonly line: number };
      }[];
    };
    const places = findings.map(
      ({ subject, location }) => `${subject} ${location?.file.endsWith('/places2/main.go')} ${location?.line}`,
    );
    // Of what is inlined, the first line of its body; of a preamble, its own line.
    expect(places.sort()).toEqual(['Add true 10', 'Call true 17', 'struct point true 4']);
  }, 120_000);
});
