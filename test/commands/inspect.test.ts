import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Format, Terminal } from '../../src/commands/command.ts';
import { inspectCommand } from '../../src/commands/inspect.ts';
import { UsageError } from '../../src/errors.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';

const directory = workspace();
const schema: unknown = JSON.parse(readFileSync(new URL('../../schema/inspect.v1.json', import.meta.url), 'utf8'));
const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(schema as object);

async function inspect(
  file: string,
  format: Format = 'text',
  colour = false,
): Promise<{ exit: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const terminal: Terminal = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    colour,
    interactive: false,
    width: 100,
  };
  const exit = await inspectCommand(file, { format }, terminal);
  return { exit, out, err };
}

async function inspectJson(file: string): Promise<Record<string, unknown>> {
  const { out, err } = await inspect(file, 'json');
  expect(err).toBe('');
  const json: unknown = JSON.parse(out);
  validate(json);
  expect(validate.errors ?? []).toEqual([]);
  if (typeof json !== 'object' || json === null) throw new Error('not an object');
  return { ...json };
}

describeWith(['cc', 'sha256sum'], 'inspect', () => {
  const map = join(directory, 'greet.map');
  writeFileSync(map, 'GREET_1 { global: greet; greeting; local: *; };');
  const greet = compileC(
    directory,
    'greet',
    '#include <string.h>\nint greeting = 1; unsigned long greet(const char *name) { return strlen(name) + greeting; }',
    ['-O2', '-fno-builtin', `-Wl,--version-script=${map}`, '-Wl,-soname,greet.so.1', '-Wl,-z,relro,-z,now'],
  );

  it('writes JSON as the schema says', async () => {
    const json = await inspectJson(greet);
    const sum = execFileSync('sha256sum', [greet], { encoding: 'utf8' }).split(' ')[0];
    expect(json).toMatchObject({
      schema: 'plugin-gate/inspect/v1',
      file: greet,
      digest: `sha256:${sum}`,
      size: readFileSync(greet).length,
      soname: 'greet.so.1',
      needed: ['libc.so.6'],
      runpath: null,
      flags: ['BIND_NOW'],
      flags1: ['NOW'],
      versions: {
        defined: [
          { name: 'greet.so.1', base: true },
          { name: 'GREET_1', base: false },
        ],
      },
      hardening: { relro: 'full', nxStack: true },
      findings: [],
    });
    expect(json.symbols).toContainEqual(
      expect.objectContaining({ name: 'greet', version: 'GREET_1', default: true, binding: 'global', type: 'func' }),
    );
    expect(json.symbols).toContainEqual(
      expect.objectContaining({ name: 'greeting', type: 'object', visibility: 'default', size: 4 }),
    );
    expect(json.undefined).toContainEqual(
      expect.objectContaining({ name: 'strlen', version: 'GLIBC_2.2.5', library: 'libc.so.6' }),
    );
    expect(json).not.toHaveProperty('go');
  });

  it('writes JSON as the schema says for programs, object files and what is not ELF', async () => {
    const object = join(directory, 'x.o');
    writeFileSync(join(directory, 'x.c'), 'int x;');
    execFileSync('cc', ['-c', '-g', join(directory, 'x.c'), '-o', object]);
    expect(await inspectJson(object)).toMatchObject({ type: 'rel', symbols: [], debug: { dwarf: true } });
    expect(await inspectJson(process.execPath)).toMatchObject({ type: expect.stringMatching(/dyn|exec/) });
    const text = join(directory, 'words.so');
    writeFileSync(text, 'words\n');
    expect(Object.keys(await inspectJson(text))).toEqual(['schema', 'file', 'digest', 'size', 'findings']);
  });

  it('tells a person first what the file is for', async () => {
    const { out, exit } = await inspect(greet);
    expect(exit).toBe(0);
    expect(out.split('\n')[0]).toMatch(/greet\.so {2}shared object for linux\/\w+, \d+(\.\d)? KiB$/);
    expect(out).toContain('greet@@GREET_1');
    expect(out).toContain('Debian');
    expect(out).not.toContain('\x1b');
    expect((await inspect(greet, 'text', true)).out).toContain('\x1b[');
  });

  it('writes no control characters of the file to the terminal, and none to JSON that are not escaped', async () => {
    const evil = compileC(directory, 'evil', 'int placeholder_name(void) { return 1; }', [
      '-Wl,-soname,\x1b[2Jname\u202e.so',
      '-Wl,-rpath,/opt/\x1b[8m',
    ]);
    const bytes = readFileSync(evil);
    const name = Buffer.from('\x1b[31mred\x1b]0;t\x07ab');
    expect(name.length).toBe('placeholder_name'.length);
    for (let at = bytes.indexOf('placeholder_name'); at >= 0; at = bytes.indexOf('placeholder_name'))
      name.copy(bytes, at);
    writeFileSync(evil, bytes);
    const { out } = await inspect(evil);
    expect(out).toContain('\\x1b[31mred');
    expect(out).toContain('\\x1b[2Jname\\u202e.so');
    expect(out).not.toMatch(/[^\n\P{Cc}]/u);
    expect((await inspect(evil, 'json')).out).not.toMatch(/[^\n\P{Cc}]/u);
    expect(await inspectJson(evil)).toMatchObject({ soname: '\x1b[2Jname\u202e.so' });
  });

  it('exits 1 for what is not ELF or is damaged, with the finding', async () => {
    const text = join(directory, 'text.so');
    writeFileSync(text, 'just words\n');
    const { exit, out } = await inspect(text);
    expect(exit).toBe(1);
    expect(out).toContain('elf/not-elf');
    expect(out).toContain('This is not an ELF file but a text file.');
    const cut = join(directory, 'cut.so');
    writeFileSync(cut, readFileSync(greet).subarray(0, 5000));
    const damaged = await inspect(cut);
    expect(damaged.exit).toBe(1);
    expect(damaged.out).toContain('elf/truncated');
    writeFileSync(join(directory, 'empty.so'), '');
    expect((await inspect(join(directory, 'empty.so'))).exit).toBe(1);
  });

  it('does not judge the hardening of a file', async () => {
    const weak = compileC(directory, 'weak', 'int f(void) { return 1; }', ['-Wl,-z,execstack']);
    const { exit, out } = await inspect(weak);
    expect(exit).toBe(0);
    expect(out).toContain('hard/executable-stack');
  });
});

describe('inspect of what cannot be read', () => {
  const refused = async (file: string, message: RegExp): Promise<void> => {
    const run = inspect(file);
    await expect(run).rejects.toThrow(UsageError);
    await expect(run).rejects.toThrow(message);
  };

  it('names what is there instead of a file', async () => {
    await refused(join(directory, 'nothing.so'), /^There is no file .*nothing\.so\.$/);
    await refused(directory, /is a directory, not a file/);
    writeFileSync(join(directory, 'plain'), '');
    await refused(join(directory, 'plain', 'x.so'), /a part of the path before the last is not a directory/);
    symlinkSync('loop', join(directory, 'loop'));
    await refused(join(directory, 'loop'), /symbolic link that leads back to itself/);
    await refused('/dev/null', /is a device, not a file/);
    await refused('', /There is no file/);
    await refused('a\0b', /cannot be read/);
  });

  it('does not wait for a named pipe', async () => {
    const pipe = join(directory, 'pipe.so');
    execFileSync('mkfifo', [pipe]);
    await refused(pipe, /is a named pipe, not a file/);
  });

  it('refuses a format that it does not have', async () => {
    await expect(inspect('/dev/null', 'sarif')).rejects.toThrow('inspect cannot write sarif');
  });

  it('says that a file may not be read', async () => {
    const locked = join(directory, 'locked.so');
    writeFileSync(locked, '');
    chmodSync(locked, 0);
    const isRoot = process.geteuid?.() === 0;
    // The administrator may read everything, so the test steps down for a moment.
    if (isRoot) process.seteuid?.(65534);
    try {
      await refused(locked, /may not be read by this user/);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });
});

describeWith(['go', 'cc'], 'inspect of Go files', () => {
  it('tells toolchain, module, build mode and plugin path, stripped or not', async () => {
    const source = join(directory, 'go');
    mkdirSync(source);
    writeFileSync(join(source, 'go.mod'), 'module example.com/dotty.v2/greet\n\ngo 1.21\n');
    writeFileSync(
      join(source, 'main.go'),
      'package main\n\nimport "C"\n\nfunc Greet() int { return 1 }\n\nfunc main() {}\n',
    );
    const output = join(directory, 'greet-go.so');
    execFileSync('go', ['build', '-buildmode=plugin', '-ldflags=-s -w', '-o', output, '.'], {
      cwd: source,
      stdio: 'pipe',
      env: { ...process.env, CGO_ENABLED: '1', GOFLAGS: '-mod=mod' },
    });
    const version = execFileSync('go', ['version', output], { encoding: 'utf8' }).trim().split(': ')[1];
    const expected = {
      toolchain: version,
      package: 'example.com/dotty.v2/greet',
      module: { path: 'example.com/dotty.v2/greet', version: '(devel)' },
      buildMode: 'plugin',
      pluginPath: 'example.com/dotty.v2/greet',
      modules: [],
      settings: expect.objectContaining({ CGO_ENABLED: '1', '-ldflags': '-s -w' }),
      packages: expect.arrayContaining([{ path: 'runtime', hash: expect.stringMatching(/^[0-9a-f]{16}$/) }]),
      symbols: [{ name: 'Greet', kind: 'func', type: 'func() int' }],
    };
    expect((await inspectJson(output)).go).toEqual(expected);
    const bytes = readFileSync(output);
    bytes.fill(0, 40, 48);
    bytes.fill(0, 60, 64);
    writeFileSync(output, bytes);
    expect((await inspectJson(output)).go).toEqual(expected);
    const { out } = await inspect(output);
    expect(out).toContain('example.com/dotty.v2/greet.Greet');
    expect(out).toContain('func Greet() int');
    // Go needs neither a stack protector nor fortified functions.
    expect(out).not.toContain('hard/no-');
  });
});
