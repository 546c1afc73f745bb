import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import type { GateReport } from '../../../src/gate/report.ts';
import type { CacheUse } from '../../../src/gate/reuse/use.ts';
import type { GateRequest } from '../../../src/gate/run.ts';
import { describeWith } from '../../support/needs.ts';
import { workspace, writeTree } from '../../support/workspace.ts';
import { compile, functions, gate, NOW, rules } from '../project.ts';

const root = workspace();
const LATER = new Date(NOW.getTime() + 3_600_000);
const TOOL = `sha256:${'1'.repeat(64)}`;
const MAIN: CacheUse = { read: ['main'], write: 'main' };

interface Project {
  readonly directory: string;
  readonly cache: string;
  readonly run: (more?: Partial<GateRequest>, use?: CacheUse, tool?: string) => Promise<GateReport>;
}

/** A plugin with its previous release and a host; everything of it has a result that can be kept. */
function project(more = '', whole = ''): Project {
  const directory = mkdtempSync(join(root, 'p-'));
  const cache = mkdtempSync(join(root, 'c-'));
  writeTree(directory, { 'plugin-gate.yml': config(more, whole) });
  compile(directory, 'p.so', functions('p_init', 'p_run'));
  copyFileSync(join(directory, 'p.so'), join(directory, 'p-1.so'));
  compile(directory, 'host', 'int main(void) { return 0; }', ['-shared']);
  return {
    directory,
    cache,
    run: async (given = {}, use = MAIN, tool = TOOL) =>
      (await gate(directory, { now: LATER, cache: { directory: cache, use, tool }, ...given })).report,
  };
}

function config(more: string, whole: string): string {
  return `version: 1
plugins:
  - name: p
    kind: elf
    artifact: p.so
    baseline: { file: p-1.so }
    hosts: [{ name: h, file: host, target: "debian:12" }]
${more}${whole}`;
}

/** Steps whose result is that of an earlier run; for others, why they ran. */
function reuse({ plugins }: GateReport): Record<string, string> {
  return Object.fromEntries(
    (plugins[0]?.steps ?? []).flatMap(({ step, reuse: one }) =>
      one === undefined ? [] : [[step, one.reused ? 'reused' : one.why]],
    ),
  );
}

const ALL = { read: 'reused', compare: 'reused', fit: 'reused', load: 'reused' };
const every = (why: string) => ({ read: why, compare: why, fit: why, load: why });

/** What does not tell of the run itself. */
function content({ plugins, findings, verdict, counts }: GateReport): unknown {
  const steps = plugins.flatMap((one) =>
    one.steps.map(({ durationMs: _, reuse: __, ...step }) => ({ ...step, facts: one.facts })),
  );
  return JSON.parse(
    JSON.stringify({ findings, verdict, counts, steps, plugins: plugins.map(({ steps: _, ...one }) => one) }),
  );
}

describeWith(['cc'], 'results of earlier runs', () => {
  it('stand for the steps of a plugin that is as it was, and the report says the same', async () => {
    const { run } = project();
    const first = await run({ now: NOW, source: { commit: 'c'.repeat(40) } });
    expect(reuse(first)).toEqual(every('no earlier run left a result'));
    const second = await run();
    expect(reuse(second)).toEqual(ALL);
    expect(content(second)).toEqual(content(first));
    expect(second.plugins[0]?.steps.find(({ step }) => step === 'load')?.reuse?.from).toEqual({
      time: NOW.toISOString(),
      commit: 'c'.repeat(40),
    });
  });

  it('do not stand for another plugin file, and say so', async () => {
    const { directory, run } = project();
    await run();
    compile(directory, 'p.so', functions('p_init'));
    const report = await run();
    expect(reuse(report)).toEqual(every('the plugin file changed'));
    expect(rules(report)).toContain('!sym/removed');
  });

  it('are each for their own inputs: previous release, host, program', async () => {
    const { directory, run } = project();
    await run();
    compile(directory, 'p-1.so', functions('p_init', 'p_run', 'p_gone'));
    const report = await run();
    expect(reuse(report)).toEqual({
      compare: 'the previous release changed',
      fit: 'reused',
      load: 'the previous release changed',
    });
    expect(rules(report)).toContain('!sym/removed');
    compile(directory, 'host', 'int other(void) { return 0; }');
    expect(reuse(await run())).toMatchObject({
      compare: 'the host h changed',
      fit: 'the host h changed',
      load: 'reused',
    });
    expect(reuse(await run({}, MAIN, `sha256:${'2'.repeat(64)}`))).toEqual(every('plugin-gate itself changed'));
  });

  it('are not for another configuration of the plugin', async () => {
    const { directory, run } = project();
    await run();
    writeFileSync(join(directory, 'plugin-gate.yml'), config('    symbols: { required: [p_more] }\n', ''));
    const report = await run();
    expect(reuse(report)).toMatchObject({ compare: 'its configuration changed', load: 'its configuration changed' });
    expect(rules(report)).toContain('!sym/required-missing');
  });

  it('are judged anew: by another policy, and by waivers that have come to their end', async () => {
    const { directory, run } = project();
    compile(directory, 'p.so', functions('p_init'));
    const waiver = (expires: string) =>
      writeTree(directory, {
        '.plugin-gate/waivers.yml': `version: 1\nwaivers:\n  - { rule: sym/removed, subject: p_run, plugin: p, reason: nobody used it, owner: me, expires: ${expires} }\n`,
      });
    waiver('2026-11-22');
    const first = await run();
    expect(first.verdict).toBe('pass');
    const tomorrow = new Date(LATER.getTime() + 86_400_000);
    const second = await run({ now: tomorrow });
    expect(reuse(second)).toMatchObject({ compare: 'reused' });
    expect(second.verdict).toBe('fail');
    expect(rules(second)).toContain('!sym/removed');
    rmSync(join(directory, '.plugin-gate'), { recursive: true });
    writeFileSync(join(directory, 'plugin-gate.yml'), config('', 'policy: { rules: { sym/removed: warning } }\n'));
    const third = await run();
    expect(reuse(third)).toMatchObject({ compare: 'reused' });
    expect(third.findings.find(({ rule }) => rule === 'sym/removed')).toMatchObject({
      severity: 'warning',
      blocks: false,
    });
  });

  it('are none of what a plugin did that failed or was undecided', async () => {
    const { directory, run } = project();
    compile(
      directory,
      'p.so',
      `${functions('p_init', 'p_run')}__attribute__((constructor)) void c(void) { __builtin_trap(); }`,
    );
    await run();
    const report = await run();
    expect(reuse(report)).toMatchObject({ load: 'it failed before' });
    expect(report.verdict).toBe('fail');
  });

  it('are none of a plugin whose sandbox lets it see more than itself', async () => {
    const { run } = project('    sandbox: { allow: [{ call: openat, path: /etc/greet.conf }] }\n');
    await run();
    expect(reuse(await run())).toMatchObject({ compare: 'reused', load: 'its sandbox allows more' });
  });

  it('are none of a plugin that asks for files', async () => {
    const { directory, run } = project();
    compile(
      directory,
      'p.so',
      `#include <fcntl.h>\n${functions('p_init', 'p_run')}__attribute__((constructor)) void c(void) { open("/proc/self/stat", O_RDONLY); }`,
    );
    await run();
    expect(reuse(await run()).load).toMatch(
      /^(?:it asks the system for more|it failed before|it was undecided before)/,
    );
  });

  it('are none of what is signed, of another scope, or from the time to come or long ago', async () => {
    const { run } = project();
    await run({ now: NOW });
    expect(reuse(await run({}, { read: ['other'], write: 'other' }))).toEqual(every('no earlier run left a result'));
    expect(reuse(await run({ now: new Date(NOW.getTime() - 1000) }))).toEqual(every('the earlier result is too old'));
    const off = await run({}, { read: [], reason: 'Nothing was reused: a release is checked anew.' });
    expect(reuse(off)).toEqual({});
    expect(off.cache).toEqual({ note: 'Nothing was reused: a release is checked anew.' });
  });

  it('are not left by a run that may only read', async () => {
    const { cache, run } = project();
    const report = await run({}, { read: ['main'], reason: 'Nothing was kept: it is a merge queue.' });
    expect(report.cache).toEqual({ note: 'Nothing was kept: it is a merge queue.' });
    expect(readdirSync(cache)).toEqual([]);
  });

  it('that somebody forged do not pass a file that they are not about', async () => {
    const { directory, cache, run } = project();
    await run();
    compile(directory, 'p.so', functions('p_init'));
    const [file = ''] = readdirSync(cache, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.json'),
    );
    // A record under which everything is fine, for the digest of the release before.
    const text = readFileSync(join(cache, file), 'utf8');
    expect(text).toContain('"summary":"identical with file p-1.so"');
    const report = await run();
    expect(report.verdict).toBe('fail');
    // What was kept is shown with the escapes of any other text.
    writeFileSync(
      join(cache, file),
      readFileSync(join(cache, file), 'utf8').replaceAll('"findings":[', '"findings":[7,'),
    );
    expect(reuse(await run())).toEqual(every('no earlier run left a result'));
  });

  it('are not taken when a file of the host was exchanged while the plugins were built', async () => {
    const { directory, run } = project();
    await run();
    const text = readFileSync(join(directory, 'plugin-gate.yml'), 'utf8');
    writeFileSync(
      join(directory, 'plugin-gate.yml'),
      text.replace(
        '    artifact: p.so\n',
        '    artifact: p.so\n    build: { command: [sh, -c, "touch p.so; cp p.so host"] }\n',
      ),
    );
    const report = await run();
    expect(reuse(report)).toMatchObject({ fit: 'the host h changed' });
    expect(rules(report)).toContain('!fit/unreadable');
  });
});
