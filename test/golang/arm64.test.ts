import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { readElf } from '../../src/elf/read.ts';
import { probeGoPlugin } from '../../src/golang/probe/probe.ts';
import { readGo } from '../../src/golang/read.ts';
import { findProgram } from '../../src/process/which.ts';
import { describeWith } from '../support/needs.ts';
import { writeTree } from '../support/workspace.ts';
import { keptDirectory } from './kept-directory.ts';
import { fitFiles } from './workbench.ts';

/** The first build for another architecture compiles the standard library. */
const TIMEOUT = 300_000;
const COMPILER = 'aarch64-linux-gnu-gcc';

describeWith(['go', COMPILER, 'qemu-aarch64'], 'a plugin for arm64 in a host for arm64, under emulation', () => {
  const directory = keptDirectory('arm64');

  it(
    'is read as it is, opened, and asked for its health',
    async () => {
      writeTree(directory, {
        'main.go': `package main

import "C"
import "runtime"

type Config struct { Name string; Port uint16 }

var Limit = 3

func Handle(c *Config, names ...string) error { return nil }
func Probe() string { return runtime.GOARCH }

func main() {}
`,
        'go.mod': 'module example.com/arm\n\ngo 1.19\n',
      });
      const file = join(directory, 'plugin.so');
      execFileSync('go', ['build', '-buildmode=plugin', '-trimpath', '-ldflags=-s -w', '-o', file, '.'], {
        cwd: directory,
        stdio: 'pipe',
        env: { ...process.env, CGO_ENABLED: '1', GOARCH: 'arm64', CC: COMPILER, GOFLAGS: '-buildvcs=false' },
      });
      const bytes = readFileSync(file);
      const { image } = readElf(bytes);
      const go = image === undefined ? undefined : readGo(bytes, image);
      if (go === undefined) throw new Error('not from Go');
      const { findings, evidence } = await probeGoPlugin({
        file,
        bytes,
        go,
        architecture: 'arm64',
        emulator: {
          program: findProgram('qemu-aarch64', process.env.PATH, '/') ?? '',
          sysroot: '/usr/aarch64-linux-gnu',
        },
        compiler: COMPILER,
        symbols: ['Handle', 'Limit'],
        probe: { symbol: 'Probe', expect: 'arm64' },
        openMs: 60_000,
        probeMs: 20_000,
        environment: process.env,
      });
      // Under an emulator there is no seccomp and no Landlock.
      expect(findings.map(({ rule }) => rule)).toEqual(['go/host-unconfined']);
      expect(evidence.result).toBe('opened');
      const table = (go.plugin?.table.symbols ?? []).map(({ name, kind, type }) => `${kind} ${name} ${type}`);
      expect(table.sort()).toEqual(evidence.symbols.map(({ name, kind, type }) => `${kind} ${name} ${type}`).sort());
      expect(table).toEqual([
        'func Handle func(*main.Config, ...string) error',
        'func Probe func() string',
        'var Limit int',
      ]);
    },
    TIMEOUT,
  );

  it(
    'loads in its real host or not, as was said from the files',
    () => {
      const host = join(directory, 'host');
      writeTree(host, {
        'main.go': `package main

import (
	"os"
	"plugin"
)

func main() {
	if _, err := plugin.Open(os.Args[1]); err != nil {
		println("refused " + err.Error())
		return
	}
	println("opened")
}
`,
        'go.mod': 'module example.com/host\n\ngo 1.19\n',
      });
      writeTree(join(directory, 'second'), {
        'main.go': 'package main\n\nimport "C"\n\nfunc Probe() {}\n\nfunc main() {}\n',
        'go.mod': 'module example.com/second\n\ngo 1.19\n',
      });
      const env = { ...process.env, CGO_ENABLED: '1', GOARCH: 'arm64', CC: COMPILER, GOFLAGS: '-buildvcs=false' };
      const build = (source: string, output: string, ...flags: readonly string[]): string => {
        const file = join(directory, output);
        const argv = ['build', '-ldflags=-w', ...flags, '-o', file, '.'];
        execFileSync('go', argv, { cwd: join(directory, source), stdio: 'pipe', env });
        return file;
      };
      const program = build('host', 'gateway', '-trimpath');
      const plugins = [
        build('second', 'alike.so', '-buildmode=plugin', '-trimpath'),
        build('second', 'other.so', '-buildmode=plugin'),
      ];
      const answers = plugins.map((file) => {
        const argv = ['-L', '/usr/aarch64-linux-gnu', program, file];
        return spawnSync('qemu-aarch64', argv, { encoding: 'utf8', timeout: 60_000 }).stderr.trim();
      });
      const fits = plugins.map((file) => fitFiles(program, [file])[0]);
      expect(answers[0]).toBe('opened');
      expect(fits[0]).toMatchObject({ loads: true, reasons: [] });
      expect(answers[1]).toMatch(/different version of package \S+$/);
      expect(fits[1]?.loads).toBe(false);
      expect(answers[1]?.split(' ').at(-1)).toBe(fits[1]?.go?.firstNamed);
    },
    TIMEOUT,
  );
});
