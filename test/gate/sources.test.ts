import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { isPublicHeader, locate } from '../../src/gate/sources.ts';
import { workspace, writeTree } from '../support/workspace.ts';

const repository = workspace();
const root = join(repository, 'plugins/greet');
writeTree(root, { 'include/greet.h': '', 'src/greet.c': '' });
writeTree(repository, { '..odd/x.h': '', 'shared/types.h': '' });
const context = { root, repository };

describe('the place of a source file', () => {
  it.each([
    ['an absolute path in the repository', join(root, 'src/greet.c'), 'plugins/greet/src/greet.c'],
    ['a path relative to the configuration', 'src/greet.c', 'plugins/greet/src/greet.c'],
    ['a path relative to the repository', 'shared/types.h', 'shared/types.h'],
    ['a path with detours', '../greet/src/./greet.c', 'plugins/greet/src/greet.c'],
    ['a directory whose name begins with dots', join(repository, '..odd/x.h'), '..odd/x.h'],
    ['a system header', '/usr/include/stdio.h', '/usr/include/stdio.h'],
    ['a file that is not there', 'gone/away.c', 'gone/away.c'],
    ['a path that leads out', '../../../etc/passwd', '../../../etc/passwd'],
  ])('%s', (_, recorded, shown) => {
    expect(locate(recorded, context)).toBe(shown);
  });
});

describe('public headers', () => {
  it.each([
    ['relative to the configuration', 'include/*.h', join(root, 'include/greet.h'), true],
    ['relative to the repository', 'plugins/*/include/*.h', join(root, 'include/greet.h'), true],
    ['by the end of a path of another machine', 'include/*.h', '/build/x/include/greet.h', true],
    ['only whole parts', 'clude/*.h', '/build/x/include/greet.h', false],
    ['not deeper than the pattern', 'include/*.h', join(root, 'include/detail/greet.h'), false],
    ['at any depth with **', 'include/**', join(root, 'include/detail/greet.h'), true],
    ['not what lies elsewhere', 'include/*.h', join(root, 'src/greet.c'), false],
  ])('%s', (_, pattern, file, is) => {
    expect(isPublicHeader(file, [pattern], context)).toBe(is);
  });

  it('are none without patterns', () => {
    expect(isPublicHeader('include/greet.h', [], context)).toBe(false);
  });
});
