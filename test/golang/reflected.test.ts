import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { readElf } from '../../src/elf/read.ts';
import { compareInterfaces } from '../../src/golang/compare-interfaces.ts';
import { disagreements } from '../../src/golang/probe/agreement.ts';
import type { GoProbeOutcome, GoProbeRequest } from '../../src/golang/probe/model.ts';
import { probeGoPlugin } from '../../src/golang/probe/probe.ts';
import { reflectedGraph } from '../../src/golang/probe/reflected.ts';
import { type GoReading, readGo } from '../../src/golang/read.ts';
import { describeWith } from '../support/needs.ts';
import { writeTree } from '../support/workspace.ts';
import { keptDirectory } from './kept-directory.ts';

const TIMEOUT = 240_000;

const BODY = `import "example.com/typed/api"

type own string

func (own) Register(f func(api.Greeter) error, more ...*api.Config) (int, error) { return 0, nil }

var Default api.Pair[string, api.Config]
var Limit = 3
var Own own

func Make(c *api.Config, g api.Greeter) (chan<- [4]api.Level, struct{ A int }) { return nil, struct{ A int }{} }
func Probe() error { return nil }`;
const API = `package api

import "io"

type Greeter interface { Greet(c *Config, names ...string) (string, error); Close() error; sealed() }
type Config struct { io.Reader; Name string; Port int; next *Config; Hook func(int) error; Tags Tags; Ends <-chan End }
type Level uint8
type Tags map[string][]Level
type End [2]func(...Level) (a, b any)
type Pair[K comparable, V any] struct { Key K; Val V }
`;

describeWith(['go', 'gcc'], 'the types that reflection tells of a plugin', () => {
  const root = keptDirectory('reflected');

  function build(name: string, api: string): string {
    const directory = join(root, name);
    const source = `package main\n\nimport "C"\n\n${BODY}\n\nfunc main() {}\n`;
    writeTree(directory, { 'main.go': source, 'go.mod': 'module example.com/typed\n\ngo 1.19\n', 'api/api.go': api });
    const file = join(root, `${name}.so`);
    execFileSync(
      'go',
      ['build', '-buildmode=plugin', '-buildvcs=false', '-ldflags=-s -w', '-trimpath', '-o', file, '.'],
      {
        cwd: directory,
        stdio: 'pipe',
        env: { ...process.env, CGO_ENABLED: '1', GOFLAGS: '' },
      },
    );
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

  it(
    'are those that are read from the file',
    async () => {
      const file = build('typed', API);
      const { evidence } = await probe(file);
      expect(evidence.result).toBe('opened');
      const table = read(file).go.plugin?.table;
      const described = reflectedGraph(evidence, read(file).go.plugin?.path ?? '');
      if (table === undefined) throw new Error('no table');
      // The comparison of releases finds no difference between what reflection told and what was read from the file.
      const reflected = { ...table, types: described, inWords: true };
      expect(described.nodes.filter(({ kind }) => kind === 'unknown')).toEqual([]);
      expect(compareInterfaces(table, reflected, {})).toEqual([]);
      expect(compareInterfaces(reflected, table, {})).toEqual([]);
      expect(disagreements(evidence, read(file).go)).toEqual([]);
      const changed = (type: string) => type.replace('Port int', 'Port int64').replace('...Level', 'Level');
      const other = build('other', changed(API));
      const now = read(other).go.plugin?.table;
      const told = now === undefined ? [] : compareInterfaces(reflected, now, {});
      // As if the tables of the file had been misread.
      expect(disagreements(evidence, read(other).go)).toMatchObject([
        { rule: 'go/not-read', severity: 'undecided', message: expect.stringContaining('typed/api.Config') },
      ]);
      expect(told.map(({ rule, type, path }) => [rule, type, path?.at(-1)]).sort()).toEqual([
        ['go/type-changed', 'example.com/typed/api.Config', 'Port'],
        ['go/type-changed', 'example.com/typed/api.End', 'example.com/typed/api.End'],
      ]);
    },
    TIMEOUT,
  );
});
