import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { initCommand } from '../../src/commands/init.ts';
import { loadConfig } from '../../src/config/load.ts';
import { recordingTerminal } from '../support/terminal.ts';
import { workspace, writeTree } from '../support/workspace.ts';

const MAKEFILE = 'greet.so: greet.c\n\t$(CC) -shared -o $@ $<\n';

function project(): string {
  const directory = workspace();
  writeTree(directory, { Makefile: MAKEFILE });
  return directory;
}

describe('init', () => {
  const directory = project();
  const other = project();
  const empty = workspace();

  it('writes a configuration that loads, and says what it found', () => {
    const terminal = recordingTerminal();
    expect(initCommand({ directory }, terminal)).toBe(0);
    expect(terminal.written).toEqual({
      out: `Found 1 plugin:
  greet (elf), Makefile:1: linked with -shared
Wrote plugin-gate.yml. Look it through, then run: plugin-gate check
`,
      err: '',
    });
    const text = readFileSync(join(directory, 'plugin-gate.yml'), 'utf8');
    expect(loadConfig('plugin-gate.yml', text)).toMatchObject({
      config: { plugins: [{ name: 'greet', artifact: 'greet.so', build: { command: [['make']] } }] },
    });
    expect(readdirSync(directory)).toEqual(['Makefile', 'plugin-gate.yml']);
  });

  it('never overwrites a file unless it is forced to', () => {
    const file = join(directory, 'plugin-gate.yml');
    writeFileSync(file, 'mine\n');
    expect(() => initCommand({ directory }, recordingTerminal())).toThrow(
      'plugin-gate.yml is already there; --force overwrites it.',
    );
    expect(readFileSync(file, 'utf8')).toBe('mine\n');
    expect(readdirSync(directory)).toEqual(['Makefile', 'plugin-gate.yml']);
    expect(initCommand({ directory, force: true }, recordingTerminal())).toBe(0);
    expect(readFileSync(file, 'utf8')).toContain('version: 1');
  });

  it('prints instead of writing, with the comments apart', () => {
    const terminal = recordingTerminal();
    expect(initCommand({ directory: other, stdout: true, target: 'linux/arm64' }, terminal)).toBe(0);
    expect(loadConfig('plugin-gate.yml', terminal.written.out)).toHaveProperty('config');
    expect(terminal.written.out).toContain('# targets: [linux/arm64]');
    expect(terminal.written.err).toBe('Found 1 plugin:\n  greet (elf), Makefile:1: linked with -shared\n');
    expect(readdirSync(other)).toEqual(['Makefile']);
  });

  it('writes an example where nothing is found, to another file if told so', () => {
    const terminal = recordingTerminal();
    expect(initCommand({ directory: empty, config: 'ci/gate.yml' }, terminal)).toBe(0);
    expect(terminal.written.out).toBe(`No plugin was found; the file has an example to be changed.
Wrote ci/gate.yml. Look it through, then run: plugin-gate check
`);
    expect(loadConfig('gate.yml', readFileSync(join(empty, 'ci/gate.yml'), 'utf8'))).toHaveProperty('config');
  });

  it('says so when the directory is not there', () => {
    expect(() => initCommand({ directory: join(directory, 'none') }, recordingTerminal())).toThrow(
      'cannot be listed (ENOENT)',
    );
  });
});
