import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { isEnvironmentError, isUsageError } from '../../src/errors.ts';
import { run } from '../../src/process/run.ts';
import { workspace } from '../support/workspace.ts';

const cwd = workspace();
const env = { PATH: process.env.PATH ?? '/usr/bin:/bin' };
const base = { cwd, env, timeoutMs: 20_000 };

/** Whether a process still runs; a zombie that nobody has waited for yet does not. */
function alive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

async function pidIn(file: string): Promise<number> {
  for (let tries = 0; tries < 500 && !existsSync(join(cwd, file)); tries += 1) await sleep(10);
  for (let tries = 0; tries < 500; tries += 1) {
    const text = readFileSync(join(cwd, file), 'utf8').trim();
    if (text !== '') return Number(text);
    await sleep(10);
  }
  throw new Error(`${file} stays empty`);
}

async function gone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 300 && alive(pid); tries += 1) await sleep(10);
  return !alive(pid);
}

describe('run', () => {
  it('gives exit code and output of both streams, as it comes and at the end', async () => {
    const chunks: string[] = [];
    const result = await run({
      ...base,
      argv: ['sh', '-c', 'echo out; echo err >&2; exit 3'],
      output: (chunk) => chunks.push(chunk),
    });
    expect(result).toMatchObject({ exitCode: 3, signal: null, timedOut: false, notFound: false, cut: false });
    expect(result.output.split('\n').sort()).toEqual(['', 'err', 'out']);
    expect(chunks.join('').length).toBe(result.output.length);
  });

  it('gives no shell a chance', async () => {
    const result = await run({ ...base, argv: ['echo', '$HOME; touch planted', '`id`'] });
    expect(result.output).toBe('$HOME; touch planted `id`\n');
    expect(existsSync(join(cwd, 'planted'))).toBe(false);
  });

  it('hands over the given environment and nothing else', async () => {
    const result = await run({ ...base, env: { ...env, GREETING: 'hello' }, argv: ['env'] });
    const names = result.output
      .split('\n')
      .map((line) => line.split('=')[0])
      .filter((name) => name !== '' && name !== '_');
    expect(names.sort()).toEqual(['GREETING', 'PATH']);
  });

  it('tells a missing program from a missing directory', async () => {
    expect(await run({ ...base, argv: ['no-such-program-here'] })).toMatchObject({ notFound: true, exitCode: null });
    writeFileSync(join(cwd, 'not-executable'), 'text');
    expect(await run({ ...base, argv: ['./not-executable'] })).toMatchObject({ notFound: true });
    const missing = run({ ...base, cwd: join(cwd, 'nowhere'), argv: ['true'] });
    await expect(missing).rejects.toThrow('there is no directory');
    await missing.catch((error: unknown) => expect(isUsageError(error)).toBe(true));
    await expect(run({ ...base, argv: [] })).rejects.toThrow('at least a program');
    await expect(run({ ...base, argv: ['echo', 'a\0b'] })).rejects.toThrow('NUL');
  });

  it('says what the machine cannot do', async () => {
    const error: unknown = await run({ ...base, argv: ['true', 'x'.repeat(4_000_000)] }).catch((thrown) => thrown);
    expect(isEnvironmentError(error) && error.message).toMatch(/Cannot start "true" in .*E2BIG/);
  });

  it('names the signal that ended a program', async () => {
    const result = await run({ ...base, argv: ['sh', '-c', 'kill -SEGV $$'] });
    expect(result).toMatchObject({ exitCode: null, signal: 'SIGSEGV', timedOut: false });
  });

  it('keeps only the end of a long output, from a line start', async () => {
    const result = await run({ ...base, argv: ['seq', '1', '200000'], keep: 1000 });
    expect(result.cut).toBe(true);
    expect(result.output.length).toBeLessThanOrEqual(1000);
    expect(result.output).toMatch(/^19\d{4}\n[\s\S]*\n200000\n$/);
  });

  it('does not break characters that arrive in two pieces', async () => {
    const result = await run({ ...base, argv: ['sh', '-c', "printf '\\303'; sleep 0.1; printf '\\251'"] });
    expect(result.output).toBe('é');
  });

  it('stops a program that hangs, with children that ignore SIGTERM and one that left the session', async () => {
    // Its parent ends at SIGTERM, and it does not: then nothing links it to the program any more.
    writeFileSync(join(cwd, 'deaf.sh'), "trap '' TERM\necho $$ > deaf\nwhile :; do sleep 1; done\n");
    const script = `sh -c 'trap "" TERM; echo $$ > stubborn; while :; do sleep 1; done' &
      sh -c 'setsid sh ./deaf.sh & wait' &
      setsid sh -c 'echo $$ > own-session; sleep 600' &
      wait; wait; wait; while :; do sleep 1; done`;
    const running = run({ ...base, argv: ['sh', '-c', script], timeoutMs: 1000, graceMs: 300 });
    const stubborn = await pidIn('stubborn');
    const own = await pidIn('own-session');
    const deaf = await pidIn('deaf');
    expect([stubborn, own, deaf].map(alive)).toEqual([true, true, true]);
    const result = await running;
    expect(result).toMatchObject({ timedOut: true, exitCode: null, signal: 'SIGTERM' });
    expect([await gone(stubborn), await gone(own), await gone(deaf)]).toEqual([true, true, true]);
  });

  it('kills a program that does not end when it is told to', async () => {
    const script = 'trap "" TERM; while :; do sleep 0.05; done';
    const result = await run({ ...base, argv: ['sh', '-c', script], timeoutMs: 300, graceMs: 300 });
    expect(result).toMatchObject({ timedOut: true, exitCode: null, signal: 'SIGKILL' });
  });

  it('lets a program that hears SIGTERM end by itself', async () => {
    const script = 'trap "echo cleaned; exit 7" TERM; while :; do sleep 0.05; done';
    const result = await run({ ...base, argv: ['sh', '-c', script], timeoutMs: 400, graceMs: 10_000 });
    expect(result).toMatchObject({ timedOut: true, exitCode: 7 });
    expect(result.output).toContain('cleaned');
  });

  it('ends what a program leaves behind, and does not wait for its output', async () => {
    const result = await run({ ...base, argv: ['sh', '-c', 'sleep 600 & echo $! > behind; echo done'] });
    expect(result).toMatchObject({ exitCode: 0, output: 'done\n' });
    expect(await gone(await pidIn('behind'))).toBe(true);
  });

  it('takes its children along when it is interrupted itself', async () => {
    const source = `import { run } from ${JSON.stringify(join(process.cwd(), 'src/process/run.ts'))};
      await run({ argv: ['sh', '-c', 'echo $$ > orphan; sleep 600'], cwd: ${JSON.stringify(cwd)}, env: process.env, timeoutMs: 60000 });`;
    writeFileSync(join(cwd, 'outer.ts'), source);
    const esbuild = join(process.cwd(), 'node_modules/.bin/esbuild');
    const bundle = join(cwd, 'outer.mjs');
    const bundled = await run({
      ...base,
      argv: [esbuild, join(cwd, 'outer.ts'), '--bundle', '--platform=node', '--format=esm', `--outfile=${bundle}`],
    });
    expect(bundled.exitCode).toBe(0);
    const outer = spawn(process.execPath, [bundle], { stdio: 'ignore' });
    const ended = new Promise((resolve) => outer.on('exit', (_code, signal) => resolve(signal)));
    const orphan = await pidIn('orphan');
    expect(alive(orphan)).toBe(true);
    outer.kill('SIGTERM');
    expect(await ended).toBe('SIGTERM');
    expect(await gone(orphan)).toBe(true);
  });
});
