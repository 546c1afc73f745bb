import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { publicHeaders } from '../../src/gate/headers.ts';
import { describeWith } from '../support/needs.ts';
import { workspace, writeTree } from '../support/workspace.ts';
import { compile, gate, rules } from './project.ts';

const root = workspace();

describeWith(['cc'], 'a release whose types changed', () => {
  const source = (members: string) =>
    `struct options { ${members} };\nint p_run(struct options *options) { return options->flags; }\n`;

  async function verdictWith(headers: string): Promise<string[]> {
    const directory = mkdtempSync(join(root, 'p-'));
    writeTree(directory, {
      'plugin-gate.yml': `version: 1\nplugins: [{ name: p, kind: elf, artifact: p.so, baseline: { file: p-1.so }, headers: [${headers}] }]\n`,
      'include/p.h': source('int flags;'),
    });
    const flags = [`-I${directory}`];
    compile(directory, 'p-1.so', '#include "include/p.h"\n', flags);
    writeTree(directory, { 'include/p.h': source('const char *name; int flags;') });
    compile(directory, 'p.so', '#include "include/p.h"\n', flags);
    return rules((await gate(directory)).report);
  }

  it('is blocked when they are in the public headers', async () => {
    expect(await verdictWith('include/*.h')).toContain('!abi/struct-size-changed');
  });

  it('does not pass because the public headers are misspelt', async () => {
    expect(await verdictWith('inclde/*.h')).toContain('!abi/headers-unmatched');
    expect(await verdictWith('include/p.hh')).toContain('!abi/headers-unmatched');
  });

  it('passes when other headers are the public ones', async () => {
    const found = await verdictWith('plugin-gate.*');
    expect(found.filter((rule) => rule.startsWith('!'))).toEqual([]);
  });
});

describe('public headers', () => {
  const context = { root, repository: root };
  writeTree(root, { 'sdk/api/v1/a.h': '', 'src/a.c': '' });

  it.each([
    ['sdk/**/*.h', true],
    ['sdk/*.h', false],
    ['sdk/*/*/a.?', true],
    ['sdk/api/v1/a.h', true],
    ['sdk/api/v2/a.h', false],
    ['**/a.h', true],
    ['none/**', false],
  ])('%s is a pattern of a file that is there: %s', (pattern, there) => {
    const headers = publicHeaders([pattern], context);
    expect(headers.isPublic('/usr/include/stdio.h')).toBe(false);
    expect(headers.unmatched()).toHaveLength(there ? 0 : 1);
  });

  it('are not missed when no type was asked about, or one matched', () => {
    const headers = publicHeaders(['none/*.h'], context);
    expect(headers.unmatched()).toEqual([]);
    headers.isPublic('/usr/include/stdio.h');
    headers.isPublic('/build/none/x.h');
    expect(headers.unmatched()).toEqual([]);
  });
});
