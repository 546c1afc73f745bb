import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from '@jest/globals';
import { diffCommand } from '../../src/commands/diff.ts';
import { capture } from '../commands/capture.ts';
import { describeWith } from '../support/needs.ts';
import { workspace, writeTree } from '../support/workspace.ts';
import { loadFile } from './load-file.ts';

const TIMEOUT = 240_000;

interface Release {
  readonly module?: string;
  readonly fields?: string;
  readonly parameter?: string;
  readonly body?: string;
  readonly spare?: string;
  readonly rest?: string;
}

function source(release: Release): string {
  const {
    fields = 'long size;',
    parameter = 'n C.int',
    body = 'c.port + C.int(n)',
    spare = '//export Spare\nfunc Spare() C.int { return 1 }',
    rest = 'func inner(a int) int { return a + 1 }\n\nfunc main() { inner(1) }',
  } = release;
  return `package main

/*
typedef struct { int port; ${fields} } config;
*/
import "C"

//export Greet
func Greet(c *C.config, ${parameter}) C.int { return ${body} }

//export Echo
func Echo(text string, numbers []int64) int { return len(text) + len(numbers) }

${spare}

${rest}
`;
}

const OTHER = 'func elsewhere(a int) int { return a * 3 }\n\nfunc main() { elsewhere(1) }';

/** Exit status of a program that was compiled against the first release: 0 when all is as it was. */
const CONSUMER = `#include "libgreet.h"
int main(void) {
  config c = { 40, 7 };
  GoString text = { "abc", 3 };
  GoInt64 list[2] = { 1, 2 };
  GoSlice numbers = { list, 2, 2 };
  if (Greet(&c, 2) != 42) return 10;
  if (Echo(text, numbers) != 5) return 11;
  return Spare() == 1 ? 0 : 12;
}
`;

const RELEASES: readonly (readonly [
  title: string,
  release: Release,
  verdict: string,
  rules: readonly string[],
  /** Whether the old consumer goes on working. */
  works: boolean | 'by chance',
])[] = [
  ['other code, other internal names', { body: 'c.port + C.int(n) + 1 - 1', rest: OTHER }, 'identical', [], true],
  ['another module path, and so other names of cgo', { module: 'example.com/moved' }, 'identical', [], true],
  [
    'a function more',
    { spare: '//export Spare\nfunc Spare() C.int { return 1 }\n\n//export More\nfunc More(x C.int) {}' },
    'compatible',
    ['sym/added'],
    true,
  ],
  ['a function less', { spare: '' }, 'breaking', ['sym/removed'], false],
  ['a wider parameter', { parameter: 'n C.longlong' }, 'breaking', ['abi/parameter-type-changed'], 'by chance'],
  [
    'a wider result',
    { spare: '//export Spare\nfunc Spare() C.longlong { return 1 << 40 }' },
    'breaking',
    ['abi/result-changed'],
    false,
  ],
  [
    'a field in front',
    { fields: 'long extra; long size;', body: 'c.port + C.int(n) + C.int(c.size)*0' },
    'breaking',
    ['abi/struct-size-changed'],
    'by chance',
  ],
];

describeWith(['go', 'gcc'], 'releases of a Go c-shared library', () => {
  const directory = workspace();
  const build = (name: string, release: Release, flags: readonly string[] = []): string => {
    const place = join(directory, name);
    writeTree(place, {
      'go.mod': `module ${release.module ?? 'example.com/greet'}\n\ngo 1.19\n`,
      'main.go': source(release),
    });
    const file = join(place, 'libgreet.so');
    execFileSync('go', ['build', '-buildmode=c-shared', '-buildvcs=false', '-p=2', ...flags, '-o', file, '.'], {
      cwd: place,
      stdio: 'pipe',
      env: { ...process.env, CGO_ENABLED: '1', GOWORK: 'off', GOFLAGS: '' },
    });
    return file;
  };
  let old = '';
  const consumer = join(directory, 'consumer');

  beforeAll(() => {
    old = build('old', {});
    writeFileSync(`${consumer}.c`, CONSUMER);
    const at = join(directory, 'old');
    execFileSync('gcc', ['-o', consumer, `${consumer}.c`, `-I${at}`, `-L${at}`, '-lgreet']);
  }, TIMEOUT);

  async function diff(file: string) {
    const { terminal, out } = capture();
    await diffCommand(old, file, { format: 'json' }, terminal);
    return JSON.parse(out()) as { verdict: string; findings: { rule: string; message: string }[] };
  }

  it.each(RELEASES)(
    '%s',
    async (title, release, verdict, rules, works) => {
      const file = build(`release${RELEASES.findIndex(([own]) => own === title)}`, release);
      const found = await diff(file);
      expect({ verdict: found.verdict, rules: found.findings.map(({ rule }) => rule) }).toEqual({ verdict, rules });
      expect(found.findings.map(({ message }) => message).join('')).not.toMatch(/cgoexp/);
      const run = spawnSync(consumer, [], { env: { LD_LIBRARY_PATH: join(file, '..') } });
      if (works !== 'by chance') expect(run.status === 0).toBe(works);
    },
    TIMEOUT,
  );

  it('have names of cgo that change, and mean nothing', () => {
    const names = (file: string) =>
      loadFile(file)
        .image.symbols.map(({ name }) => name)
        .filter((name) => name.startsWith('_cgoexp_'));
    const moved = join(directory, 'release1', 'libgreet.so');
    expect(names(old).length).toBe(3);
    expect(names(moved).filter((name) => names(old).includes(name))).toEqual([]);
  });

  it(
    'are undecided without debug information, but for what the symbols tell',
    async () => {
      const stripped = build('stripped', { parameter: 'n C.longlong' }, ['-ldflags=-s -w']);
      expect((await diff(stripped)).verdict).toBe('undecided');
      const gone = build('stripped-gone', { spare: '' }, ['-ldflags=-s -w']);
      const found = await diff(gone);
      expect(found.verdict).toBe('breaking');
      expect(found.findings.map(({ rule }) => rule)).toContain('sym/removed');
    },
    TIMEOUT,
  );
});
