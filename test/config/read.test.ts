import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readConfigFiles } from '../../src/config/read.ts';
import { isUsageError } from '../../src/errors.ts';
import { workspace, writeTree } from '../support/workspace.ts';

const root = workspace();
let count = 0;

const CONFIG = 'version: 1\nplugins: [{ name: greet, kind: elf, artifact: greet.so }]\n';
const WAIVERS = `version: 1
waivers:
  - { rule: sym/removed, subject: x, reason: r, owner: o, expires: 2027-01-31 }
`;

function project(files: Readonly<Record<string, string>>): string {
  const directory = join(root, `project-${count++}`);
  mkdirSync(directory);
  writeTree(directory, files);
  return directory;
}

function failure(directory: string, file = 'plugin-gate.yml'): Error & { readonly problems?: unknown } {
  try {
    readConfigFiles(file, directory);
  } catch (error) {
    if (isUsageError(error)) return error;
    throw error;
  }
  return new Error('no error');
}

describe('configuration files on the disk', () => {
  it('come with their root, their digest and the waivers that lie in the usual place', () => {
    const directory = project({ 'sub/plugin-gate.yml': CONFIG, 'sub/.plugin-gate/waivers.yml': WAIVERS });
    const { config, waivers, ...rest } = readConfigFiles('sub/plugin-gate.yml', directory);
    expect(config.plugins[0]?.name).toBe('greet');
    expect(waivers).toMatchObject([
      { subject: 'x', location: { file: 'sub/.plugin-gate/waivers.yml', line: 3, column: 5 } },
    ]);
    expect(rest).toEqual({
      file: 'sub/plugin-gate.yml',
      root: join(directory, 'sub'),
      digest: `sha256:${createHash('sha256').update(CONFIG).digest('hex')}`,
      policyDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
  });

  it('need no waivers', () => {
    expect(readConfigFiles('plugin-gate.yml', project({ 'plugin-gate.yml': CONFIG })).waivers).toEqual([]);
  });

  it('may be named by an absolute path', () => {
    const directory = project({ 'x.yml': CONFIG });
    expect(readConfigFiles(join(directory, 'x.yml'), '/').root).toBe(directory);
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['no configuration', {}, 'plugin-gate.yml: there is no such file; write one with `plugin-gate init`.'],
    [
      'an empty one',
      { 'plugin-gate.yml': '' },
      'plugin-gate.yml:1:1: the file is empty\n1 problem in the configuration.',
    ],
    [
      'waivers that are named and not there',
      { 'plugin-gate.yml': `${CONFIG}policy: { waivers: w.yml }\n` },
      'w.yml: there is no such file, but policy.waivers of plugin-gate.yml names it.',
    ],
    [
      'waivers with a fault',
      { 'plugin-gate.yml': CONFIG, '.plugin-gate/waivers.yml': 'version: 1\n' },
      '.plugin-gate/waivers.yml:1:1: waivers: missing; expected a list of waivers\n1 problem in the configuration.',
    ],
    ['a directory', { 'plugin-gate.yml/x': '' }, 'plugin-gate.yml: not a regular file.'],
  ])('%s', (_, files, message) => {
    expect(failure(project(files)).message).toBe(message);
  });

  it('another name gives another hint', () => {
    expect(failure(project({}), 'gate.yml').message).toBe(
      'gate.yml: there is no such file; name another one with --config.',
    );
  });

  it('a file that is no UTF-8, and one that is too large', () => {
    const directory = project({});
    writeFileSync(join(directory, 'plugin-gate.yml'), Buffer.from([0x61, 0x3a, 0xff, 0xfe]));
    expect(failure(directory).message).toBe('plugin-gate.yml: not text in UTF-8.');
    writeFileSync(join(directory, 'plugin-gate.yml'), Buffer.alloc(5 * 1024 * 1024, '#'));
    expect(failure(directory).message).toBe('plugin-gate.yml: larger than 4194304 bytes.');
  });

  it('a pipe is not waited for', () => {
    const directory = project({});
    execFileSync('mkfifo', [join(directory, 'plugin-gate.yml')]);
    expect(failure(directory).message).toBe('plugin-gate.yml: not a regular file.');
  });

  it('problems come with their places, for annotations', () => {
    const directory = project({ 'plugin-gate.yml': CONFIG.replace('kind', 'knd') });
    expect(failure(directory).problems).toEqual([
      {
        file: 'plugin-gate.yml',
        line: 2,
        column: 11,
        path: 'plugins[0].kind',
        message: 'plugins[0].kind: missing; expected go-plugin, c-shared or elf',
      },
      {
        file: 'plugin-gate.yml',
        line: 2,
        column: 26,
        path: 'plugins[0].knd',
        message: 'plugins[0].knd: unknown key; did you mean "kind"?',
      },
    ]);
  });
});
