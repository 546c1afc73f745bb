import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import type { GateReport } from '../../../src/gate/report.ts';
import { describeWith } from '../../support/needs.ts';
import { workspace, writeTree } from '../../support/workspace.ts';
import { gate, NOW } from '../project.ts';

const root = workspace();
const GO = { GOFLAGS: '-buildvcs=false', GOPROXY: 'off', GOTOOLCHAIN: 'local' };

const MAIN = `package main

/*
#include <stdint.h>
#include "inc/x.h"
*/
import "C"

import (
	_ "embed"
	"example.com/g/internal/y"
)

//go:embed data.txt
var data string

//export g_init
func g_init() C.int { return C.int(len(data)) + C.X + C.int(y.Y) }

func main() {}
`;

function project(build = 'go: {}') {
  const directory = mkdtempSync(join(root, 'g-'));
  const cache = mkdtempSync(join(root, 'c-'));
  writeTree(directory, {
    'plugin-gate.yml': `version: 1\nplugins:\n  - { name: g, kind: c-shared, artifact: out/g.so, build: { ${build} }, baseline: { none: first } }\n`,
    'go.mod': 'module example.com/g\n\ngo 1.21\n',
    'main.go': MAIN,
    'inc/x.h': '#define X 3\n',
    'data.txt': 'hi\n',
    'internal/y/y.go': 'package y\n\nconst Y = 1\n',
    'README.md': 'not part of it\n',
  });
  const environment = { PATH: process.env.PATH, HOME: process.env.HOME, ...GO };
  return {
    directory,
    cache,
    run: async (more: Readonly<Record<string, string>> = {}): Promise<GateReport> => {
      const use = { read: ['main'], write: 'main' };
      const tool = `sha256:${'1'.repeat(64)}`;
      const env = { ...environment, ...more };
      return (
        await gate(directory, { environment: env, now: NOW, cache: { directory: join(cache, 'gate'), use, tool } })
      ).report;
    },
  };
}

function build({ plugins }: GateReport): string | undefined {
  const { reuse } = plugins[0]?.steps.find(({ step }) => step === 'build') ?? {};
  return reuse?.reused === true ? 'reused' : reuse?.why;
}

const digest = ({ plugins }: GateReport): string | undefined => plugins[0]?.artifact?.digest;

describeWith(['go', 'gcc'], 'a Go plugin', () => {
  it('is built anew only when something changed that goes into it, and the report names that', async () => {
    const { directory, run } = project();
    const first = await run();
    expect(build(first)).toBe('no earlier run left a result');
    expect(digest(first)).toMatch(/^sha256:/);

    writeTree(directory, { 'README.md': 'changed\n', 'main_test.go': 'package main\n' });
    const second = await run();
    expect(build(second)).toBe('reused');
    expect(digest(second)).toBe(digest(first));
    // What a Go runtime asks of the system when it is loaded is not the same each time.
    const reused = second.plugins[0]?.steps.flatMap(({ step, reuse }) => (reuse?.reused ? [step] : [])) ?? [];
    expect(reused).toEqual(expect.arrayContaining(['build', 'compare']));

    // A fresh checkout has no artifact: it is put where the build would write it, with the header that goes with it.
    rmSync(join(directory, 'out'), { recursive: true });
    expect(build(await run())).toBe('reused');
    expect(readdirSync(join(directory, 'out')).sort()).toEqual(['g.h', 'g.so']);
    // What somebody else put there is no plugin of these inputs.
    writeFileSync(join(directory, 'out/g.so'), 'something else');
    const third = await run();
    expect([build(third), digest(third)]).toEqual(['reused', digest(first)]);
  }, 60_000);

  it('is built anew for a package, a header, an embedded file, a new file, a module file and a flag', async () => {
    const { directory, run } = project();
    await run();
    const changes: readonly (readonly [file: string, text: string, why: string])[] = [
      ['internal/y/y.go', 'package y\n\nconst Y = 2\n', 'internal/y/y.go changed'],
      // Go itself does not look at it, and would take what it compiled before.
      ['inc/x.h', '#define X 4\n', 'inc/x.h changed'],
      ['internal/y/z.go', 'package y\n', 'internal/y/z.go is new'],
      ['go.mod', 'module example.com/g\n\ngo 1.21\n// x\n', 'go.mod changed'],
    ];
    for (const [file, text, why] of changes) {
      writeTree(directory, { [file]: text });
      expect(build(await run())).toBe(why);
    }
    writeTree(directory, { 'data.txt': 'hello\n' });
    expect(build(await run({ CGO_LDFLAGS: '-g' }))).toMatch(/^data.txt changed, the settings of Go changed/);
  }, 60_000);

  it('is built anew when the kept file is gone or another one', async () => {
    const { directory, cache, run } = project();
    await run();
    rmSync(join(directory, 'out'), { recursive: true });
    const all = readdirSync(join(cache, 'gate'), { recursive: true, encoding: 'utf8' });
    const files = all.filter((name) => /files\/[0-9a-f]{64}$/.test(name));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      writeFileSync(join(cache, 'gate', file), readFileSync(join(cache, 'gate', file)).subarray(1));
    }
    expect(build(await run())).toBe('the file that was built is kept no more');
  }, 60_000);

  it.each([
    [
      'libraries that nobody lists',
      'g.go',
      'package main\n\n// #cgo LDFLAGS: -lz\nimport "C"\n',
      /is linked with -lz$/,
    ],
    ['flags with files', 'x', '', /^its flags name files/],
  ])(
    'is always built anew with %s',
    async (what, file, text, why) => {
      const { directory, run } = project();
      writeTree(directory, { [file]: text });
      const flags: Readonly<Record<string, string>> =
        what === 'flags with files' ? { GOFLAGS: '-buildvcs=false -overlay=x.json' } : {};
      if (what === 'flags with files') writeTree(directory, { 'x.json': '{}' });
      expect(build(await run(flags))).toMatch(why);
    },
    60_000,
  );

  it('is always built anew by a command, whose inputs only its tool knows', async () => {
    const { run } = project('command: [sh, -c, "mkdir -p out; cp go.mod out/g.so"]');
    expect(build(await run())).toBe('what a build command takes is known to its own tool only');
  }, 60_000);
});
