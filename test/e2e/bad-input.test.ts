import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { compileC, workspace, writeTree } from '../support/workspace.ts';
import { cli, ROOT, STACK } from './run.ts';

const root = workspace();
const good = compileC(root, 'good', 'int good_init(void) { return 0; }\n', ['-g']);

/** A project of its own with one plugin, whose configuration is given as YAML below the name. */
function project(name: string, plugin: string, more = 'baseline: { none: first release }'): string {
  const directory = join(root, name);
  writeTree(directory, {
    'plugin-gate.yml': `version: 1\nplugins:\n  - name: good\n    kind: elf\n${plugin}\n${more}\n`,
  });
  copyFileSync(good, join(directory, 'good.so'));
  return directory;
}

function report(directory: string): {
  verdict: string;
  findings: { rule: string; message: string; blocks: boolean }[];
} {
  return JSON.parse(readFileSync(join(directory, 'plugin-gate-report', 'report.json'), 'utf8'));
}

function check(directory: string): { status: number | null; rules: string[]; text: string } {
  const { status, stdout, stderr } = cli(['check'], { cwd: directory });
  const text = stdout + stderr;
  expect(text).not.toMatch(STACK);
  // Reports are written beside their place and renamed: nothing half-written is left.
  const written = join(directory, 'plugin-gate-report');
  if (existsSync(written)) expect(readdirSync(written).filter((file) => file.endsWith('.tmp'))).toEqual([]);
  const rules = existsSync(written)
    ? report(directory)
        .findings.filter(({ blocks }) => blocks)
        .map(({ rule }) => rule)
    : [];
  return { status, rules, text };
}

describe('what is wrong is said, and the gate goes on', () => {
  it('passes what is right', () => {
    expect(check(project('right', '    artifact: good.so'))).toMatchObject({ status: 0, rules: [] });
  });

  it('a missing artifact', () => {
    const result = check(project('missing', '    artifact: build/gone.so'));
    expect(result).toMatchObject({ status: 1, rules: ['build/artifact-missing'] });
    expect(result.text).toContain('build/gone.so');
  });

  it('an artifact that may not be read', () => {
    const directory = project('unreadable', '    artifact: good.so');
    mkdirSync(join(directory, 'dir.so'));
    writeFileSync(
      join(directory, 'plugin-gate.yml'),
      'version: 1\nplugins:\n  - { name: good, kind: elf, artifact: dir.so }\nbaseline: { none: first }\n',
    );
    expect(check(directory)).toMatchObject({ status: 1, rules: ['build/artifact-unusable'] });
    if (process.getuid?.() === 0) return; // root may read anything
    chmodSync(join(directory, 'good.so'), 0);
  });

  it('a text file', () => {
    const directory = project('text', '    artifact: good.so');
    writeFileSync(join(directory, 'good.so'), 'not a plugin\n');
    expect(check(directory)).toMatchObject({ status: 1, rules: ['elf/not-elf'] });
  });

  it('an empty file', () => {
    const directory = project('empty', '    artifact: good.so');
    writeFileSync(join(directory, 'good.so'), '');
    expect(check(directory)).toMatchObject({ status: 1, rules: ['elf/not-elf'] });
  });

  it.each([20, 64, 500, 3000, 9000])('a file cut at %i bytes', (size) => {
    const directory = project(`cut-${size}`, '    artifact: good.so');
    writeFileSync(join(directory, 'good.so'), readFileSync(good).subarray(0, size));
    const { status, rules } = check(directory);
    expect(status).toBe(1);
    expect(rules.length).toBeGreaterThan(0);
  });

  it('another architecture', () => {
    const directory = project(
      'machine',
      '    artifact: good.so\n    targets: [linux/amd64, linux/arm64]'.replace('good.so', '"{arch}.so"'),
    );
    for (const arch of ['amd64', 'arm64']) {
      copyFileSync(
        join(ROOT, 'examples', 'quickstart', 'prebuilt', 'amd64', 'greet.so'),
        join(directory, `${arch}.so`),
      );
    }
    const { status, rules } = check(directory);
    expect(status).toBe(1);
    expect(rules).toContain('elf/wrong-architecture');
  });

  it('a build that fails', () => {
    const directory = project(
      'failing',
      '    build: { command: [sh, -c, "echo broken.c:3:1: error: no; exit 3"] }\n    artifact: out.so',
    );
    const result = check(directory);
    expect(result.status).toBe(1);
    expect(result.rules).toContain('build/failed');
  });

  it('a build that hangs', () => {
    const directory = project('hanging', '    build: { command: [sleep, "600"], timeout: 1s }\n    artifact: out.so');
    expect(check(directory)).toMatchObject({ status: 1, rules: ['build/timeout'] });
  });

  it('a baseline that is missing', () => {
    const directory = project(
      'baseline',
      '    artifact: good.so',
      'baseline: { file: previous/{name}.so }'.replace('{name}', 'good'),
    );
    expect(check(directory)).toMatchObject({ status: 1, rules: ['baseline/missing'] });
  });

  it('one bad plugin beside a good one', () => {
    const directory = project('two', '    artifact: gone.so\n  - { name: other, kind: elf, artifact: good.so }');
    expect(check(directory).status).toBe(1);
    expect(report(directory).findings.filter(({ blocks }) => blocks)).toHaveLength(1);
  });
});

describe('a configuration that is wrong ends with 2 and says where', () => {
  it.each([
    ['no file', undefined, /there is no such file/],
    ['an empty file', '', /empty|expected/],
    ['a list', '- a\n- b\n', /plugin-gate\.yml:1:1/],
    ['broken YAML', 'version: 1\nplugins: [\n', /plugin-gate\.yml:\d+:\d+/],
    ['an unknown key', 'version: 1\nplugins:\n  - { name: a, kind: elf, artefact: a.so }\n', /did you mean "artifact"/],
  ])('%s', (name, text, expected) => {
    const directory = join(root, `config ${name}`);
    mkdirSync(directory);
    if (text !== undefined) writeFileSync(join(directory, 'plugin-gate.yml'), text);
    const { status, stdout, stderr } = cli(['check'], { cwd: directory });
    expect(stderr).toMatch(expected);
    expect(stdout + stderr).not.toMatch(STACK);
    expect(status).toBe(2);
    expect(readdirSync(directory)).toEqual(text === undefined ? [] : ['plugin-gate.yml']);
  });

  it.each([
    [['diff', 'one']],
    [['inspect']],
    [['nonsense']],
    [['check', '--nonsense']],
    [['load', 'x', '--timeout', '-1']],
    [['explain', 'sym/remved']],
  ])('usage: %j', (args) => {
    const { status, stderr, stdout } = cli(args);
    expect(status).toBe(2);
    expect(stderr.length).toBeGreaterThan(10);
    expect(stdout + stderr).not.toMatch(STACK);
  });
});
