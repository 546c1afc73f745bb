import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, jest } from '@jest/globals';
import { readElf } from '../../src/elf/read.ts';
import { describeWith } from '../support/needs.ts';
import { projects } from './project.ts';
import { build, GO_DEFAULTS, HOST, requestFor, rulesOf } from './request.ts';

const project = projects();
/** With empty caches go compiles its whole standard library first. Milliseconds. */
const PATIENCE = 300_000;
jest.setTimeout(PATIENCE);

const GO_MOD = 'module example.com/greet\n\ngo 1.21\n';
const PLUGIN = 'package main\n\nvar Version = "none"\n\nfunc Greet() string { return "Hello " + Version }\n';
const SHARED = `package main

// #include <stdlib.h>
import "C"

//export Greet
func Greet() C.int { return 1 }

func main() {}
`;

describeWith(['go', 'gcc'], 'a build by go', () => {
  it('makes a plugin with the flags of the configuration, in a directory that it makes', async () => {
    const root = project({ 'cmd/greet/main.go': PLUGIN, 'go.mod': GO_MOD });
    const outcome = await build(
      requestFor(
        root,
        {
          go: {
            ...GO_DEFAULTS,
            package: './cmd/greet',
            tags: ['netgo', 'extra'],
            ldflags: '-s -w -X main.Version={version}',
          },
        },
        { kind: 'go-plugin', artifact: 'out/{os}/{arch}/{name}.so', version: '1.2.3' },
      ),
    );
    expect(outcome.findings).toEqual([]);
    const file = outcome.artifact?.file ?? '';
    expect(file).toMatch(/^out\/linux\/(amd64|arm64)\/greet\.so$/);
    expect(outcome.evidence).toMatchObject({ builder: 'go-plugin', cross: false, written: 'by-build' });
    expect(outcome.evidence.environment).toMatchObject({ CGO_ENABLED: '1', GOOS: 'linux' });
    expect(outcome.evidence.toolchain.go).toMatch(/^go version go1\./);
    const settings = execFileSync('go', ['version', '-m', join(root, file)], { encoding: 'utf8' });
    expect(settings).toMatch(/-buildmode=plugin/);
    expect(settings).toMatch(/-tags=netgo,extra/);
    expect(settings).toMatch(/-trimpath=true/);
    expect(readFileSync(join(root, file)).includes('1.2.3')).toBe(true);
  });

  it('makes a c-shared library and tells of its header', async () => {
    const root = project({ 'lib/main.go': SHARED, 'lib/go.mod': GO_MOD });
    const outcome = await build(
      requestFor(root, { go: GO_DEFAULTS, directory: 'lib' }, { kind: 'c-shared', artifact: 'lib/libgreet.so' }),
    );
    expect(outcome.findings).toEqual([]);
    expect(outcome.evidence).toMatchObject({ builder: 'c-shared', header: 'lib/libgreet.h' });
    expect(statSync(join(root, 'lib/libgreet.h')).isFile()).toBe(true);
    const names = readElf(outcome.artifact?.bytes ?? new Uint8Array()).image?.symbols.map(({ name }) => name);
    expect(names).toContain('Greet');
  });

  it('gives the place of a mistake', async () => {
    const root = project({ 'main.go': 'package main\n\nfunc Greet() string { return missing }\n', 'go.mod': GO_MOD });
    const outcome = await build(requestFor(root, { go: GO_DEFAULTS }, { kind: 'go-plugin' }));
    expect(rulesOf(outcome)).toEqual(['build/failed error', 'build/diagnostic error']);
    expect(outcome.findings[1]).toMatchObject({
      message: 'undefined: missing',
      location: { file: 'main.go', line: 3, column: 30 },
    });
  });

  it('repeats what go says when there is no module', async () => {
    const outcome = await build(requestFor(project({ 'main.go': PLUGIN }), { go: GO_DEFAULTS }, { kind: 'go-plugin' }));
    expect(rulesOf(outcome)).toEqual(['build/failed error']);
    expect(outcome.findings[0]?.message).toMatch(/go failed with exit status 1 .*go\.mod file not found/);
  });

  it('refuses a flag in place of a package', async () => {
    const request = requestFor(
      project(),
      { go: { ...GO_DEFAULTS, package: '-toolexec=evil .' } },
      { kind: 'go-plugin' },
    );
    await expect(build(request)).rejects.toThrow('holds the flag -toolexec=evil');
  });
});

const OTHER = HOST === 'linux/amd64' ? 'linux/arm64' : 'linux/amd64';
const OTHER_CC = OTHER === 'linux/arm64' ? 'aarch64-linux-gnu-gcc' : 'x86_64-linux-gnu-gcc';

describeWith(['go', 'gcc', OTHER_CC], 'a cross build by go', () => {
  it('makes a library of the other architecture', async () => {
    const root = project({ 'main.go': SHARED, 'go.mod': GO_MOD });
    const outcome = await build(requestFor(root, { go: GO_DEFAULTS }, { kind: 'c-shared', target: OTHER }));
    expect(outcome.findings).toEqual([]);
    expect(outcome.evidence).toMatchObject({ cross: true, environment: { CC: OTHER_CC } });
    const { image } = readElf(outcome.artifact?.bytes ?? new Uint8Array());
    expect(image?.header.machine).toBe(OTHER === 'linux/arm64' ? 'aarch64' : 'x86-64');
  });
});
