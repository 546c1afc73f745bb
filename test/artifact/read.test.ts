import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { isInside, readArtifact } from '../../src/artifact/read.ts';
import { workspace } from '../support/workspace.ts';

const base = workspace();
const root = join(base, 'repository');
mkdirSync(join(root, 'out'), { recursive: true });
writeFileSync(join(base, 'secret'), 'not yours');
writeFileSync(join(root, 'out/a.so.1'), 'bytes');
symlinkSync('a.so.1', join(root, 'out/a.so'));
symlinkSync('../../secret', join(root, 'out/escape.so'));
symlinkSync('loop.so', join(root, 'out/loop.so'));
symlinkSync('nowhere', join(root, 'out/dangling.so'));
symlinkSync('../..', join(root, 'out/up'));
execFileSync('mkfifo', [join(root, 'out/pipe.so')]);

const kind = (file: string): string => readArtifact(root, file).problem?.kind ?? 'read';

describe('readArtifact', () => {
  it('takes the bytes and their digest, through links inside the repository', () => {
    const { artifact } = readArtifact(root, 'out/a.so');
    const [digest] = execFileSync('sha256sum', [join(root, 'out/a.so.1')], { encoding: 'utf8' }).split(' ');
    expect(artifact).toMatchObject({ file: 'out/a.so', size: 5, digest: `sha256:${digest}` });
    expect(Buffer.from(artifact?.bytes ?? []).toString()).toBe('bytes');
  });

  it('refuses what is not a regular file inside, and does not wait for a pipe', () => {
    expect(kind('out/none.so')).toBe('missing');
    expect(kind('out/a.so.1/below')).toBe('missing');
    expect(kind('')).toBe('missing');
    expect(kind('a\0b')).toBe('missing');
    expect(kind('out/dangling.so')).toBe('missing');
    expect(kind('out/loop.so')).toBe('unreadable');
    expect(kind('out')).toBe('not-a-file');
    expect(kind('out/pipe.so')).toBe('not-a-file');
    expect(kind('/etc/passwd')).toBe('outside');
    expect(kind('../secret')).toBe('outside');
    expect(kind('out/escape.so')).toBe('outside');
    expect(kind('out/up/secret')).toBe('outside');
  });

  it('has a limit of size', () => {
    expect(readArtifact(root, 'out/a.so', { maxSize: 5 }).artifact?.size).toBe(5);
    expect(readArtifact(root, 'out/a.so', { maxSize: 4 }).problem).toEqual({
      kind: 'too-large',
      message: 'out/a.so has 5 bytes; the limit is 4.',
    });
  });

  it('works when the repository itself is reached through a link', () => {
    symlinkSync(root, join(base, 'link'));
    expect(readArtifact(join(base, 'link'), 'out/a.so').artifact?.size).toBe(5);
  });

  it('reads an empty file as what it is', () => {
    writeFileSync(join(root, 'empty.so'), '');
    expect(readArtifact(root, 'empty.so').artifact?.digest).toBe(
      'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    renameSync(join(root, 'empty.so'), join(root, '..empty.so'));
    expect(kind('..empty.so')).toBe('read');
  });
});

describe('isInside', () => {
  it('is not fooled by common beginnings', () => {
    expect([isInside('/a', '/a/b'), isInside('/a', '/a'), isInside('/a', '/ab'), isInside('/a', '/')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
