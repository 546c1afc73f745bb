import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseReport } from '../../src/report/schema.ts';
import { REPORT_FORMATS, writeReports } from '../../src/report/write.ts';
import { workspace } from '../support/workspace.ts';
import { sample } from './samples.ts';

const root = workspace();

describe('writeReports', () => {
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
