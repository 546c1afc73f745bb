import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readBack } from '../../src/loader/read-back.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { AUDIT, load, rulesOf } from './support.ts';

describe('reading what a plugin could change', () => {
  const directory = workspace();
  const at = (name: string) => join(directory, name);

  it('gives the beginning of a plain file, and nothing of anything else', () => {
    writeFileSync(at('plain'), 'twelve bytes');
    symlinkSync(at('plain'), at('link'));
    symlinkSync('/dev/zero', at('endless'));
    mkdirSync(at('directory'));
    execFileSync('mkfifo', [at('pipe')]);
    expect(readBack(at('plain'), 100)?.toString()).toBe('twelve bytes');
    expect(readBack(at('plain'), 6)?.toString()).toBe('twelve');
    for (const name of ['link', 'endless', 'directory', 'pipe', 'absent'])
      expect(readBack(at(name), 100)).toBeUndefined();
  });
});

describeWith(['cc'], 'a plugin that puts something else in place of what the gate reads afterwards', () => {
  const directory = workspace();
  const HEAD = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
__attribute__((constructor)) static void begin(void) {
  Dl_info info; char path[4096]; dladdr((void *)&begin, &info); strcpy(path, info.dli_fname);
`;
  const TRAIL = 'for (int i = 0; i < 3; i++) *strrchr(path, 47) = 0; strcat(path, "/trail");';

  it.each([
    ['a pipe, for its own file', 'unlink(path); mkfifo(path, 0700);'],
    ['an endless file, for its own', 'unlink(path); if (symlink("/dev/zero", path)) return;'],
    ['a pipe, for the trail', `${TRAIL} unlink(path); mkfifo(path, 0700);`],
    ['an endless file, for the trail', `${TRAIL} unlink(path); if (symlink("/dev/zero", path)) return;`],
  ])('%s: the gate goes on', async (_title, body) => {
    const timeouts = { open: 1000, close: 1000, exit: 1000 };
    const outcome = await load(compileC(directory, 'plugin', `${HEAD}${body} }`, ['-w']), { ...AUDIT, timeouts });
    expect(rulesOf(outcome)).toContain('error load/file-changed');
  });
});
