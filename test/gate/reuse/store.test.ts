import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { UsageError } from '../../../src/errors.ts';
import type { KeptRecord } from '../../../src/gate/reuse/record.ts';
import { openStore } from '../../../src/gate/reuse/store.ts';
import { type CacheUse, LOCAL_USE } from '../../../src/gate/reuse/use.ts';
import { workspace } from '../../support/workspace.ts';

const root = workspace();
const PULL = { read: ['pull 7', 'main'], write: 'pull 7' };
const MAIN = { read: ['main'], write: 'main' };

function place(): { readonly cache: string; readonly repository: string } {
  const directory = mkdtempSync(join(root, 's-'));
  mkdirSync(join(directory, 'repository'));
  return { cache: join(directory, 'cache'), repository: join(directory, 'repository') };
}

function record(plugin: string, label: string): Omit<KeptRecord, 'schema' | 'scope'> {
  const result = {
    findings: [],
    summary: 'fine',
    skipped: false,
    added: {},
    seen: { files: [], there: [] },
    from: { time: '2026-11-22T12:00:00.000Z' },
  };
  return { plugin, target: 'linux/amd64', steps: { compare: { labels: { input: label }, result } } };
}

async function leave(cache: string, repository: string, use: CacheUse, label: string): Promise<void> {
  const store = await openStore(cache, repository, use);
  store.keep(record('a', label));
  await store.close();
}

async function found(cache: string, repository: string, use: CacheUse): Promise<string | undefined> {
  const store = await openStore(cache, repository, use);
  return (await store.read('a', 'linux/amd64'))?.steps.compare?.labels.input;
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('the store of results', () => {
  it('gives back what was left, its own scope first', async () => {
    const { cache, repository } = place();
    expect(await found(cache, repository, PULL)).toBeUndefined();
    await leave(cache, repository, MAIN, 'of main');
    expect(await found(cache, repository, PULL)).toBe('of main');
    await leave(cache, repository, PULL, 'of the pull request');
    expect(await found(cache, repository, PULL)).toBe('of the pull request');
  });

  it('never gives a branch what a pull request left', async () => {
    const { cache, repository } = place();
    await leave(cache, repository, PULL, 'of the pull request');
    expect(await found(cache, repository, MAIN)).toBeUndefined();
    expect(await found(cache, repository, { read: ['pull 8', 'main'], write: 'pull 8' })).toBeUndefined();
  });

  it('does not believe a record of another scope that was moved', async () => {
    const { cache, repository } = place();
    await leave(cache, repository, MAIN, 'of main');
    const [main = ''] = filesIn(cache);
    await leave(cache, repository, PULL, 'of the pull request');
    const moved = filesIn(cache).find((file) => file !== main) ?? '';
    writeFileSync(main, readFileSync(moved));
    expect(await found(cache, repository, MAIN)).toBeUndefined();
  });

  it('does not believe what was written after it was opened, and takes it away', async () => {
    const { cache, repository } = place();
    await leave(cache, repository, MAIN, 'honest');
    const [file = ''] = filesIn(cache);
    const store = await openStore(cache, repository, MAIN);
    writeFileSync(file, readFileSync(file, 'utf8').replace('honest', 'forged'));
    const planted = join(dirname(file), `${'0'.repeat(64)}.json`);
    writeFileSync(planted, '{}');
    expect(await store.read('a', 'linux/amd64')).toBeUndefined();
    await store.close();
    expect(filesIn(cache)).toEqual([]);
  });

  it.each([
    ['no JSON', () => '\u0000{'],
    ['another schema', (text: string) => text.replace('plugin-gate/kept/v1', 'plugin-gate/kept/v2')],
    [
      'a rule that there is not',
      (text: string) =>
        text.replace('"findings":[]', '"findings":[{"rule":"abi/nothing","severity":"note","message":""}]'),
    ],
    [
      'a digest that is none',
      (text: string) => text.replace('"files":[]', '"files":[{"path":"/etc/passwd","digest":"sha256:1"}]'),
    ],
    ['more than a record may have', (text: string) => text + ' '.repeat(17 * 1024 * 1024)],
  ])('passes over a record with %s', async (_, forge) => {
    const { cache, repository } = place();
    await leave(cache, repository, MAIN, 'x');
    const [file = ''] = filesIn(cache);
    writeFileSync(file, forge(readFileSync(file, 'utf8')));
    expect(await found(cache, repository, MAIN)).toBeUndefined();
  });

  it('follows no link', async () => {
    const { cache, repository } = place();
    await leave(cache, repository, MAIN, 'x');
    const [file = ''] = filesIn(cache);
    const elsewhere = place();
    writeFileSync(join(elsewhere.repository, 'r.json'), readFileSync(file));
    mkdirSync(join(elsewhere.cache, 'v1'), { recursive: true });
    mkdirSync(join(elsewhere.cache, 'v1', dirname(file).split('/').at(-1) ?? ''));
    symlinkSync(join(elsewhere.repository, 'r.json'), join(elsewhere.cache, 'v1', ...file.split('/').slice(-2)));
    expect(await found(elsewhere.cache, elsewhere.repository, MAIN)).toBeUndefined();
  });

  it('refuses a directory inside the repository, also through a link', async () => {
    const { repository } = place();
    await expect(openStore(join(repository, 'cache'), repository, LOCAL_USE)).rejects.toThrow(UsageError);
    const link = `${repository}-link`;
    symlinkSync(repository, link);
    await expect(openStore(join(link, 'a', 'b'), repository, LOCAL_USE)).rejects.toThrow('lies inside the repository');
  });

  it('gives a file that a build made only for its digest', async () => {
    const { cache, repository } = place();
    const bytes = Buffer.from('built');
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const store = await openStore(cache, repository, MAIN);
    await store.files.write(digest, bytes);
    expect(await store.files.read(digest)).toEqual(bytes);
    const [file = ''] = filesIn(cache);
    writeFileSync(file, 'other');
    expect(await store.files.read(digest)).toBeUndefined();
    expect(await store.files.read('sha256:../../x')).toBeUndefined();
  });

  it('lets go what is old and what is too much, the oldest first', async () => {
    const { cache, repository } = place();
    const store = await openStore(cache, repository, MAIN, { maxSize: 2500, maxDays: 30 });
    for (const [name, days] of [
      ['a', 1],
      ['b', 3],
      ['c', 2],
      ['d', 40],
    ] as const) {
      const bytes = Buffer.alloc(name === 'd' ? 10 : 1000, name);
      await store.files.write(`sha256:${createHash('sha256').update(bytes).digest('hex')}`, bytes);
      const file = filesIn(cache).find((one) => readFileSync(one, 'latin1').startsWith(name)) ?? '';
      utimesSync(file, new Date(), new Date(Date.now() - days * 86_400_000));
    }
    await store.close();
    expect(
      filesIn(cache)
        .map((file) => readFileSync(file, 'latin1')[0])
        .sort(),
    ).toEqual(['a', 'c']);
  });

  it('is whole when several runs write at once', async () => {
    const { cache, repository } = place();
    await Promise.all(['1', '2', '3', '4', '5', '6'].map((label) => leave(cache, repository, LOCAL_USE, label)));
    expect(await found(cache, repository, LOCAL_USE)).toMatch(/^[1-6]$/);
    expect(filesIn(cache)).toHaveLength(1);
  });
});
