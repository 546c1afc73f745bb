import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseReport } from '../../src/report/schema.ts';
import { REPORT_FORMATS, writeReports } from '../../src/report/write.ts';
import { workspace } from '../support/workspace.ts';
import { sample } from './samples.ts';

const root = workspace();

describe('writeReports', () => {
  it('is not led out of the repository by a link, and says where that leads', async () => {
    const repository = join(root, 'repository');
    const outside = join(root, 'outside');
    for (const directory of [repository, outside]) mkdirSync(directory);
    symlinkSync(outside, join(repository, 'reports'));
    for (const directory of ['reports', 'reports/deeper']) {
      await expect(
        writeReports(sample('passing'), join(repository, directory), ['json'], undefined, repository),
      ).rejects.toThrow(`The reports would be written out of the repository, to ${outside}`);
    }
    expect(readdirSync(outside)).toEqual([]);
    // A directory that was named outside is taken as it is, and so is a link that stays inside.
    await writeReports(sample('passing'), outside, ['json'], undefined, repository);
    mkdirSync(join(repository, 'real'));
    symlinkSync('real', join(repository, 'linked'));
    await writeReports(sample('passing'), join(repository, 'linked'), ['json'], undefined, repository);
    expect(readdirSync(join(repository, 'real'))).toEqual(['report.json']);
  });

  it('writes each format whole, makes the directory, and leaves nothing else there', async () => {
    const directory = join(root, 'new/deeper');
    const written = await writeReports(sample('failing'), directory, REPORT_FORMATS);
    expect(written.map(({ path }) => path.slice(directory.length + 1))).toEqual([
      'report.txt',
      'report.json',
      'report.md',
      'report.sarif',
      'report.html',
    ]);
    expect(readdirSync(directory).sort()).toEqual([
      'report.html',
      'report.json',
      'report.md',
      'report.sarif',
      'report.txt',
    ]);
    expect(parseReport(readFileSync(join(directory, 'report.json'), 'utf8'))).toEqual(sample('failing'));
    expect(readFileSync(join(directory, 'report.html'), 'utf8')).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
  });

  it('writes what loading did beside it, by plugin, and leaves none of an earlier run there', async () => {
    const directory = join(root, 'audited');
    const trail = [
      { time: 0.5, event: 'search', path: '/lib/a\n{"event":"done"}' },
      { time: 1, event: 'ended', how: 'exit', expected: true },
    ];
    const plain = sample('passing');
    const [first, ...others] = plain.plugins;
    if (first === undefined) throw new Error('no plugin in the sample');
    const steps = first.steps.map((step) => (step.step === 'load' ? { ...step, evidence: { trail } } : step));
    const written = await writeReports({ ...plain, plugins: [{ ...first, steps }, ...others] }, directory, ['json']);
    expect(written.map(({ format, path }) => [format, path.slice(directory.length + 1)])).toEqual([
      ['json', 'report.json'],
      ['audit', 'audit.jsonl'],
    ]);
    const lines = readFileSync(join(directory, 'audit.jsonl'), 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      trail.map((entry) => ({ plugin: first.plugin, target: first.target, ...entry })),
    );
    const forged = first.steps.map((step) => ({ ...step, evidence: { trail: ['text', null, 3] } }));
    await writeReports({ ...plain, plugins: [{ ...first, steps: forged }] }, directory, ['json']);
    expect(readdirSync(directory)).toEqual(['report.json']);
  });

  it('replaces an older report, and a symbolic link instead of what it points to', async () => {
    const directory = join(root, 'again');
    mkdirSync(directory);
    writeFileSync(join(root, 'precious'), 'precious');
    symlinkSync(join(root, 'precious'), join(directory, 'report.json'));
    await writeReports(sample('passing'), directory, ['json']);
    await writeReports(sample('failing'), directory, ['json', 'json']);
    expect(parseReport(readFileSync(join(directory, 'report.json'), 'utf8')).verdict).toBe('fail');
    expect(readFileSync(join(root, 'precious'), 'utf8')).toBe('precious');
    expect(readdirSync(directory)).toEqual(['report.json']);
  });

  it('says what to look at when the directory cannot be written, and leaves nothing half-written', async () => {
    const blocked = join(root, 'blocked');
    mkdirSync(join(blocked, 'report.json'), { recursive: true });
    await expect(writeReports(sample('passing'), blocked, ['json'])).rejects.toMatchObject({
      name: 'EnvironmentError',
      message: expect.stringContaining(blocked),
    });
    expect(readdirSync(blocked)).toEqual(['report.json']);
    const file = join(root, 'file');
    writeFileSync(file, '');
    chmodSync(file, 0o600);
    await expect(writeReports(sample('passing'), join(file, 'x'), ['json'])).rejects.toMatchObject({
      name: 'EnvironmentError',
    });
    expect(existsSync(join(file, 'x'))).toBe(false);
  });
});
