import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { diffCommand } from '../../src/commands/diff.ts';
import { snapshotCommand } from '../../src/commands/snapshot.ts';
import { readSnapshot, writeSnapshot } from '../../src/snapshot/format.ts';
import { describeWith } from '../support/needs.ts';
import { recordingTerminal } from '../support/terminal.ts';
import { writeTree } from '../support/workspace.ts';
import { keptDirectory } from './kept-directory.ts';

const BODY = `import "example.com/plug/api"

type registerer string

func (registerer) Register(f func(string) error) error { return nil }

var Handler = registerer("x")

func Handle(r *api.Request, more ...map[string]api.Sink) (string, error) { return "", nil }
func Extra(n int) int { return n }
`;
const API = `package api

type Request struct { Path string; Size int; next *Request }

type Sink interface { Put(string) error }
`;

describeWith(['go', 'gcc'], 'a snapshot of a Go plugin', () => {
  const root = keptDirectory('snapshot');

  function build(name: string, body: string, api: string, flags: readonly string[]): string {
    const directory = join(root, name);
    writeTree(directory, {
      'main.go': `package main\n\nimport "C"\n\n${body}\n\nfunc main() {}\n`,
      'api/api.go': api,
      'go.mod': 'module example.com/plug\n\ngo 1.19\n',
    });
    const file = join(root, `${name}.so`);
    execFileSync('go', ['build', '-buildmode=plugin', '-buildvcs=false', '-ldflags=-w', ...flags, '-o', file, '.'], {
      cwd: directory,
      stdio: 'pipe',
      env: { ...process.env, CGO_ENABLED: '1', GOFLAGS: '' },
    });
    return file;
  }

  async function diff(old: string, now: string): Promise<unknown> {
    const terminal = recordingTerminal();
    const exit = await diffCommand(old, now, { format: 'json' }, terminal);
    const { evidence, ...rest } = JSON.parse(terminal.written.out);
    for (const side of [evidence.old, evidence.new]) {
      // The name on the command line, and that it was a snapshot, is all that may differ.
      delete side.file;
      delete side.snapshot;
    }
    return { exit, ...rest, evidence };
  }

  async function snapshotOf(file: string): Promise<string> {
    const output = `${file}.abi.json.gz`;
    expect(await snapshotCommand(file, { output }, recordingTerminal())).toBe(0);
    return output;
  }

  it('stands for the file in every comparison', async () => {
    const first = build('first', BODY, API, ['-trimpath']);
    const other = BODY.replace('Extra(n int)', 'Extra(n, m int)').replace(
      'func Handle',
      'func New() {}\n\nfunc Handle',
    );
    const second = build('second', other, API.replace('Size int', 'Size int64; Body []byte'), []);
    const [oldSnapshot, newSnapshot] = [await snapshotOf(first), await snapshotOf(second)];
    const files = (await diff(first, second)) as { readonly findings: readonly { readonly rule: string }[] };
    const rules = files.findings.map(({ rule }) => rule);
    for (const rule of ['go/symbol-changed', 'go/symbol-added', 'go/type-changed', 'go/packages-changed']) {
      expect(rules).toContain(rule);
    }
    expect(await diff(oldSnapshot, second)).toEqual(files);
    expect(await diff(first, newSnapshot)).toEqual(files);
    expect(await diff(oldSnapshot, newSnapshot)).toEqual(files);
    expect(await diff(newSnapshot, oldSnapshot)).toEqual(await diff(second, first));
    expect(await diff(oldSnapshot, first)).toMatchObject({ verdict: 'identical' });
  }, 120_000);

  it('of a program that kept no Go tables is undecided, and says what to do', async () => {
    const first = build('old', BODY, API, ['-trimpath']);
    const second = build('young', BODY.replace('Extra(n int)', 'Extra(n, m int)'), API, ['-trimpath']);
    const { snapshot } = readSnapshot(readFileSync(await snapshotOf(first)));
    if (snapshot === undefined) throw new Error('no snapshot');
    const { go: _, ...older } = snapshot;
    const file = join(root, 'older.abi.json.gz');
    writeFileSync(file, writeSnapshot(older));
    const { verdict, findings } = (await diff(file, second)) as {
      readonly verdict: string;
      readonly findings: readonly { readonly rule: string; readonly message: string }[];
    };
    expect(verdict).toBe('undecided');
    expect(findings.find(({ rule }) => rule === 'go/table-not-compared')?.message).toContain('make it again');
  }, 120_000);
});
