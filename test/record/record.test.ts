import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  existsSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { buildSync } from 'esbuild';
import { verifyAsAsked } from '../../src/commands/verify-mode.ts';
import { EnvironmentError, UsageError } from '../../src/errors.ts';
import { appendToRecord } from '../../src/record/append.ts';
import { checkRecord } from '../../src/record/check.ts';
import { recordingTerminal } from '../support/terminal.ts';
import { workspace } from '../support/workspace.ts';
import { decision } from './decision.ts';

const root = workspace();
const FILE = 'audit.jsonl';

/** A record with so many decisions, in a directory of its own. */
async function record(count: number): Promise<{ readonly directory: string; readonly path: string }> {
  const directory = mkdtempSync(join(root, 'r-'));
  for (let at = 0; at < count; at++) {
    await appendToRecord(directory, FILE, [{ decision: decision({ plugin: `p${at}` }) }]);
  }
  return { directory, path: join(directory, FILE) };
}

const linesOf = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n');
const digestOf = (line: string) => `sha256:${createHash('sha256').update(line).digest('hex')}`;
const rulesOf = (path: string, head?: string) => checkRecord(path, head).findings.map(({ rule }) => rule);
const messageOf = (path: string) => checkRecord(path).findings[0]?.message;
const write = (path: string, lines: readonly string[]) => writeFileSync(path, `${lines.join('\n')}\n`);

describe('a record', () => {
  it('holds one line for each decision, each with the digest of the one before', async () => {
    const { path } = await record(3);
    const lines = linesOf(path);
    expect(lines).toHaveLength(3);
    expect(lines.map((line) => JSON.parse(line).previous)).toEqual([
      null,
      digestOf(lines[0] ?? ''),
      digestOf(lines[1] ?? ''),
    ]);
    expect(checkRecord(path)).toMatchObject({
      findings: [],
      counts: { passed: 3, failed: 0, undecided: 0 },
      head: digestOf(lines[2] ?? ''),
      sealed: 0,
    });
  });

  it('takes several decisions at once, and gives the digest of the last', async () => {
    const { directory, path } = await record(1);
    const entries = ['a', 'b'].map((plugin) => ({ decision: decision({ plugin }) }));
    const head = await appendToRecord(directory, FILE, entries);
    expect(head).toBe(digestOf(linesOf(path).at(-1) ?? ''));
    expect(rulesOf(path, head)).toEqual([]);
  });

  it.each<[string, RegExp, (lines: string[]) => readonly string[]]>([
    [
      'a changed line',
      /^Line 3: expected the digest of the line before it, sha256:[0-9a-f]{64}, found sha256:/,
      (lines) => lines.map((line, at) => (at === 1 ? line.replace('"passed"', '"failed"') : line)),
    ],
    [
      'a changed first line',
      /^Line 2: expected the digest of the line before it/,
      (lines) => lines.map((line, at) => (at === 0 ? line.replace('"p0"', '"px"') : line)),
    ],
    ['a line taken out', /^Line 2: expected the digest/, (lines) => lines.filter((_, at) => at !== 1)],
    [
      'the first line taken out',
      /^Line 1: expected the digest of the line before it, none, found sha256:/,
      (lines) => lines.slice(1),
    ],
    ['two lines exchanged', /^Line 2: expected the digest/, ([a = '', b = '', c = '', ...rest]) => [a, c, b, ...rest]],
    ['a line twice', /^Line 3: expected the digest/, ([a = '', b = '', ...rest]) => [a, b, b, ...rest]],
    ['a line added', /^Line 2: expected the digest/, ([a = '', ...rest]) => [a, a.replace('"p0"', '"px"'), ...rest]],
    [
      'a record begun anew in the middle',
      /^Line 3: expected the digest of the line before it, sha256:[0-9a-f]+, found none/,
      ([a = '', b = '', ...rest]) => [a, b, a, ...rest],
    ],
    [
      'a line that is no decision',
      /^Line 2: expected a decision, but/,
      ([a = '', ...rest]) => [a, '{"hello":1}', ...rest],
    ],
    ['a line that is no JSON', /^Line 2: expected a decision, but/, ([a = '', ...rest]) => [a, 'hello', ...rest]],
    [
      'a key twice',
      /^Line 1: expected a decision, but the key "plugin" is given twice/,
      ([a = '', ...rest]) => [a.replace('"plugin":', '"plugin":"other","plugin":'), ...rest],
    ],
    [
      'an unknown result',
      /^Line 1: expected a decision, but it lacks/,
      ([a = '', ...rest]) => [a.replace('"result":"passed"', '"result":"excellent"'), ...rest],
    ],
    [
      'a cut line in the middle that nobody sealed',
      /^Line 3: expected it to seal the cut line before it \(sha256:[0-9a-f]+\), found nothing/,
      ([a = '', b = '', ...rest]) => [a, b.slice(0, 80), ...rest],
    ],
  ])('is not whole with %s', async (_, why, change) => {
    const { path } = await record(4);
    write(path, change(linesOf(path)));
    expect(rulesOf(path)).toEqual(['verdict/record-broken']);
    expect(messageOf(path)).toMatch(why);
  });

  it('that lost lines at its end is found by a digest that was kept', async () => {
    const { path } = await record(3);
    const lines = linesOf(path);
    const head = digestOf(lines[2] ?? '');
    expect(rulesOf(path, head)).toEqual([]);
    expect(rulesOf(path, digestOf(lines[0] ?? ''))).toEqual([]);
    write(path, lines.slice(0, 2));
    expect(rulesOf(path)).toEqual([]);
    expect(rulesOf(path, head)).toEqual(['verdict/record-broken']);
  });
});

describe('a line that the machine left half written', () => {
  it.each([1, 30, 60, 200])('is kept and sealed by the next decision (%i bytes)', async (length) => {
    const { directory, path } = await record(2);
    const whole = linesOf(path);
    appendFileSync(path, (whole[1] ?? '').slice(0, length));
    expect(rulesOf(path)).toEqual(['verdict/record-cut']);
    await appendToRecord(directory, FILE, [{ decision: decision({ plugin: 'after' }) }]);
    expect(checkRecord(path)).toMatchObject({ findings: [], sealed: 1, counts: { passed: 3 } });
    expect(linesOf(path)[2]).toBe((whole[1] ?? '').slice(0, length));
    // What was sealed cannot be changed either.
    const sealed = linesOf(path);
    write(
      path,
      sealed.map((line, at) => (at === 2 ? `${line.slice(0, -1)}` : line)),
    );
    expect(rulesOf(path)).toEqual(['verdict/record-broken']);
  });

  it('is sealed where it is the only one', async () => {
    const { directory, path } = await record(1);
    writeFileSync(path, linesOf(path)[0]?.slice(0, 100) ?? '');
    await appendToRecord(directory, FILE, [{ decision: decision({}) }]);
    expect(checkRecord(path)).toMatchObject({ findings: [], sealed: 1, counts: { passed: 1 } });
  });

  it('is none when only its line feed is missing', async () => {
    const { directory, path } = await record(2);
    writeFileSync(path, readFileSync(path, 'utf8').trimEnd());
    expect(rulesOf(path)).toEqual([]);
    await appendToRecord(directory, FILE, [{ decision: decision({}) }]);
    expect(checkRecord(path)).toMatchObject({ findings: [], sealed: 0, counts: { passed: 3 } });
  });

  it('is sealed with another that was cut while it was being sealed', async () => {
    const { directory, path } = await record(1);
    const [line = ''] = linesOf(path);
    appendFileSync(path, `${line.slice(0, 90)}\n${line.slice(0, 70)}`);
    await appendToRecord(directory, FILE, [{ decision: decision({}) }]);
    expect(checkRecord(path)).toMatchObject({ findings: [], sealed: 1, counts: { passed: 2 } });
  });
});

describe('a hostile file in place of a record', () => {
  const entries = [{ decision: decision({}) }];

  it.each<[string, (path: string) => void]>([
    ['a text', (path) => writeFileSync(path, '# Read me\n')],
    ['JSON of another kind', (path) => writeFileSync(path, '{"hello":1}\n')],
    ['bytes without a line', (path) => writeFileSync(path, Buffer.alloc(3 * 1024 * 1024, 0x61))],
    ['zeros', (path) => writeFileSync(path, Buffer.alloc(5000))],
  ])('is not appended to: %s', async (_, make) => {
    const directory = mkdtempSync(join(root, 'h-'));
    const path = join(directory, FILE);
    make(path);
    const before = readFileSync(path);
    await expect(appendToRecord(directory, FILE, entries)).rejects.toThrow(EnvironmentError);
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(existsSync(`${path}.lock`)).toBe(false);
    expect(rulesOf(path)).toEqual(['verdict/record-broken']);
  });

  it('is not followed out of the repository, nor waited for', async () => {
    const directory = mkdtempSync(join(root, 'h-'));
    const outside = mkdtempSync(join(root, 'o-'));
    symlinkSync(outside, join(directory, 'out'));
    writeFileSync(join(outside, 'target'), '');
    symlinkSync(join(outside, 'target'), join(directory, 'link.jsonl'));
    execFileSync('mkfifo', [join(directory, 'pipe.jsonl')]);
    await expect(appendToRecord(directory, 'out/new/a.jsonl', entries)).rejects.toThrow(/leads out of the repository/);
    expect(existsSync(join(outside, 'new'))).toBe(false);
    await expect(appendToRecord(directory, 'out/a.jsonl', entries)).rejects.toThrow(/leads out of the repository/);
    await expect(appendToRecord(directory, 'link.jsonl', entries)).rejects.toThrow(/symbolic link/);
    await expect(appendToRecord(directory, 'pipe.jsonl', entries)).rejects.toThrow(/not a regular file/);
    expect(readFileSync(join(outside, 'target'), 'utf8')).toBe('');
    expect(() => checkRecord(join(directory, 'pipe.jsonl'))).toThrow(UsageError);
    expect(() => checkRecord(directory)).toThrow(UsageError);
  });

  it('is not waited for in place of the lock', async () => {
    const { directory, path } = await record(1);
    execFileSync('mkfifo', [`${path}.lock`]);
    const appended = appendToRecord(directory, FILE, entries);
    await new Promise((settle) => setTimeout(settle, 200));
    unlinkSync(`${path}.lock`);
    await appended;
    expect(checkRecord(path)).toMatchObject({ findings: [], counts: { passed: 2 } });
  });

  it('is read a piece at a time, however large', async () => {
    const { path } = await record(1);
    const descriptor = openSync(path, 'r+');
    ftruncateSync(descriptor, 4 * 1024 * 1024 * 1024);
    closeSync(descriptor);
    const before = process.memoryUsage().rss;
    expect(rulesOf(path)).toEqual(['verdict/record-broken']);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  });

  it('does not hold the check up with lines without number', async () => {
    const directory = mkdtempSync(join(root, 'h-'));
    const path = join(directory, FILE);
    writeFileSync(path, Buffer.alloc(20 * 1024 * 1024, 0x0a));
    expect(rulesOf(path)).toEqual(['verdict/record-broken']);
    expect(messageOf(path)).toContain('more than 100 lines that are none');
  });
});

describe('several that append at the same time', () => {
  const bundle = join(root, 'append.cjs');
  const source = (path: string) => new URL(`../../src/record/${path}`, import.meta.url).pathname;
  buildSync({
    stdin: {
      contents: `import { appendToRecord } from ${JSON.stringify(source('append.ts'))};
        const [directory, name, count] = process.argv.slice(2);
        const decision = JSON.parse(process.env.DECISION);
        (async () => {
          for (let at = 0; at < Number(count); at++)
            await appendToRecord(directory, 'audit.jsonl', [{ decision: { ...decision, plugin: name + '-' + at } }]);
        })();`,
      resolveDir: root,
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: bundle,
    logLevel: 'error',
  });
  const appending = (directory: string, name: string, count: number) =>
    spawn(process.execPath, [bundle, directory, name, String(count)], {
      env: { ...process.env, DECISION: JSON.stringify(decision({})) },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  const ended = (child: ReturnType<typeof spawn>) => new Promise((settle) => child.on('exit', (code) => settle(code)));

  it('lose nothing and leave one chain', async () => {
    const directory = mkdtempSync(join(root, 'c-'));
    const codes = await Promise.all(['a', 'b', 'c', 'd'].map((name) => ended(appending(directory, name, 15))));
    expect(codes).toEqual([0, 0, 0, 0]);
    const path = join(directory, FILE);
    expect(checkRecord(path)).toMatchObject({ findings: [], counts: { passed: 60 } });
    expect(new Set(linesOf(path).map((line) => JSON.parse(line).plugin)).size).toBe(60);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it('go on after one was killed while it held the lock', async () => {
    const { directory, path } = await record(1);
    const child = appending(directory, 'killed', 100_000);
    while (linesOf(path).length < 5) await new Promise((settle) => setTimeout(settle, 5));
    child.kill('SIGKILL');
    await ended(child);
    // As it would be had the process died at the worst moment, with its lock in place.
    const gone = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    const started = readFileSync(`/proc/${gone.pid}/stat`, 'latin1').split(') ')[1]?.split(' ')[19];
    const namespace = execFileSync('readlink', ['/proc/self/ns/pid']).toString().trim();
    const host = execFileSync('hostname').toString().trim();
    writeFileSync(`${path}.lock`, JSON.stringify({ host, namespace, pid: gone.pid, started }));
    gone.kill('SIGKILL');
    await ended(gone);
    await appendToRecord(directory, FILE, [{ decision: decision({ plugin: 'after' }) }]);
    expect(checkRecord(path).findings).toEqual([]);
    expect(JSON.parse(linesOf(path).at(-1) ?? '').plugin).toBe('after');
  });
});

describe('plugin-gate verify --record', () => {
  const run = async (file: string, options: Parameters<typeof verifyAsAsked>[1]) => {
    const terminal = recordingTerminal();
    const code = await verifyAsAsked(file, { record: true, ...options }, terminal);
    return { code, out: terminal.written.out };
  };

  it('exits 0 for a whole record, and shows its head', async () => {
    const { path } = await record(2);
    const { code, out } = await run(path, {});
    expect(code).toBe(0);
    expect(out).toContain('✓ whole');
    expect(out).toContain('2: 2 passed, 0 failed, 0 undecided');
    expect(out).toContain(digestOf(linesOf(path)[1] ?? ''));
  });

  it('exits 1 for a broken one and 3 for one that is cut at its end', async () => {
    const { path } = await record(2);
    appendFileSync(path, '{"schema":"plugin-gate');
    expect(await run(path, {})).toMatchObject({ code: 3, out: expect.stringContaining('? cut at its end') });
    write(path, linesOf(path).slice(1));
    const { code, out } = await run(path, { format: 'json' });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      schema: 'plugin-gate/verify-record/v1',
      verdict: 'refused',
      findings: [{ rule: 'verdict/record-broken' }],
    });
  });

  it('takes only options that it looks at', async () => {
    const { path } = await record(1);
    await expect(run(path, { key: 'k.pem' })).rejects.toThrow(/--record goes with --head and --format only/);
    await expect(run(path, { head: 'abc' })).rejects.toThrow(/not a digest/);
    await expect(run(path, { record: false, head: `sha256:${'0'.repeat(64)}` })).rejects.toThrow(
      /--head goes with --record/,
    );
    await expect(run(join(root, 'none.jsonl'), {})).rejects.toThrow(UsageError);
  });
});
