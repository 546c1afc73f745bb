import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { isEnvironmentError, isUsageError } from '../../src/errors.ts';
import { describeWith } from '../support/needs.ts';
import { projects } from './project.ts';
import { build, requestFor, rulesOf } from './request.ts';

const MAKEFILE = 'CFLAGS = -fPIC\ngreet.so: greet.o\n\t$(CC) -shared -o $@ $<\n';
const SOURCE = 'int greet(void) { return 1; }\n';

const project = projects();

describeWith(['make', 'cc'], 'a build by command', () => {
  it('takes the artifact, and tells how it came to be', async () => {
    const root = project({ 'plugin/Makefile': MAKEFILE, 'plugin/greet.c': SOURCE });
    const shown: string[] = [];
    const request = requestFor(
      root,
      { command: [['make']], directory: 'plugin', env: { CFLAGS: '-fPIC -O2' } },
      { artifact: 'plugin/{name}.so' },
    );
    const outcome = await build(request, {
      start: (activity) => shown.push(`[${activity}]`),
      output: (chunk) => shown.push(chunk),
      end: () => shown.push('[end]'),
    });
    expect(outcome.findings).toEqual([]);
    const [digest] = execFileSync('sha256sum', [join(root, 'plugin/greet.so')], { encoding: 'utf8' }).split(' ');
    expect(outcome.artifact).toMatchObject({ file: 'plugin/greet.so', digest: `sha256:${digest}` });
    expect(Buffer.from(outcome.artifact?.bytes ?? []).equals(readFileSync(join(root, 'plugin/greet.so')))).toBe(true);
    expect(outcome.evidence).toMatchObject({
      builder: 'command',
      cross: false,
      written: 'by-build',
      commands: [{ argv: ['make'], directory: 'plugin', exitCode: 0, signal: null, timedOut: false }],
      environment: { CFLAGS: '-fPIC -O2' },
    });
    const ccVersion = execFileSync('cc', ['--version'], { encoding: 'utf8' }).split('\n')[0];
    expect(outcome.evidence.toolchain).toMatchObject({ cc: ccVersion, make: expect.stringContaining('Make') });
    expect(shown[0]).toMatch(/^\[building greet for linux\//);
    expect(shown.join('')).toContain('-shared -o greet.so');
    expect(shown.at(-1)).toBe('[end]');
  });

  it('runs several commands in order, with tokens in their words', async () => {
    const root = project({ 'greet.c': SOURCE });
    const outcome = await build(
      requestFor(
        root,
        {
          command: [
            ['mkdir', '-p', 'out/{arch}'],
            ['cc', '-shared', '-fPIC', '-DVERSION="{version}"', 'greet.c', '-o', '{artifact}'],
          ],
        },
        { artifact: 'out/{arch}/{name}.so', version: '1.2.3' },
      ),
    );
    expect(outcome.findings).toEqual([]);
    expect(outcome.evidence.commands.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(outcome.artifact?.file).toMatch(/^out\/(amd64|arm64)\/greet\.so$/);
  });

  it('names the first error and its place when the build fails', async () => {
    const root = project({ 'plugin/Makefile': MAKEFILE, 'plugin/greet.c': 'int greet(void) { return missing; }\n' });
    const outcome = await build(
      requestFor(root, { command: [['make']], directory: 'plugin' }, { artifact: 'plugin/greet.so' }),
    );
    expect(rulesOf(outcome)).toEqual(['build/failed error', 'build/diagnostic error']);
    const location = { file: 'plugin/greet.c', line: 1, column: 26 };
    expect(outcome.findings[0]).toMatchObject({ subject: 'make' });
    expect(outcome.findings[0]?.message).toMatch(
      /^make failed with exit status 2 after .*: plugin\/greet\.c:1: .missing. undeclared/,
    );
    expect(outcome.findings[0]?.details).toContain('make: ***');
    expect(outcome.findings[1]).toMatchObject({ location });
    expect(outcome.artifact).toBeUndefined();
  });

  it('shows warnings of a good build as notes, only the first ten', async () => {
    const body = Array.from({ length: 15 }, (_, index) => `int f${index}(void) { int unused${index}; return 0; }`);
    const root = project({ 'greet.c': body.join('\n') });
    const outcome = await build(
      requestFor(root, { command: [['cc', '-Wall', '-shared', '-fPIC', 'greet.c', '-o', 'greet.so']] }),
    );
    expect(rulesOf(outcome)).toEqual(Array.from({ length: 10 }, () => 'build/diagnostic note'));
    expect(outcome.evidence.warnings).toBe(15);
    expect(outcome.summary).toContain('15 compiler warnings');
  });

  it('does not take the errors of a configure test for errors of the build', async () => {
    const script = 'echo "conftest.c:1:1: error: unknown type"; cc -shared -fPIC greet.c -o greet.so';
    const root = project({ 'greet.c': SOURCE });
    expect((await build(requestFor(root, { command: [['sh', '-c', script]] }))).findings).toEqual([]);
  });

  it('says which program a build script misses', async () => {
    const root = project({ Makefile: 'greet.so:\n\tno-such-compiler -o $@\n' });
    const outcome = await build(requestFor(root, { command: [['make']] }));
    expect(rulesOf(outcome)).toEqual(['build/failed error']);
    expect(outcome.findings[0]?.fix).toContain('no-such-compiler');
  });

  it('stops a build that hangs, and everything that it started', async () => {
    const root = project({ Makefile: "greet.so:\n\t@echo about to wait\n\t@sh -c 'echo $$$$ > pid; sleep 600'\n" });
    const outcome = await build(requestFor(root, { command: [['make']], timeout: 1500 }));
    expect(rulesOf(outcome)).toEqual(['build/timeout error']);
    expect(outcome.findings[0]?.message).toMatch(/make was stopped after .* the limit for this build is 1.5 s/);
    expect(outcome.findings[0]?.details).toContain('about to wait');
    const pid = readFileSync(join(root, 'pid'), 'utf8').trim();
    for (let tries = 0; tries < 300 && existsSync(`/proc/${pid}`); tries += 1) await sleep(10);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  it('tells when the artifact is not there, or cannot be taken', async () => {
    const root = project({ 'greet.c': SOURCE });
    expect(rulesOf(await build(requestFor(root, { command: [['true']] })))).toEqual(['build/artifact-missing error']);
    const link = await build(requestFor(root, { command: [['ln', '-sf', '/etc/passwd', 'greet.so']] }));
    expect(rulesOf(link)).toEqual(['build/artifact-unusable error']);
    expect(link.findings[0]?.message).toContain('leads out of the repository');
    const pipe = await build(requestFor(root, { command: [['mkfifo', 'pipe.so']] }, { artifact: 'pipe.so' }));
    expect(rulesOf(pipe)).toEqual(['build/artifact-unusable error']);
    const large = await build(
      requestFor(
        root,
        { command: [['truncate', '-s', '2000', 'large.so']] },
        { artifact: 'large.so', limits: { maxSize: 1000 } },
      ),
    );
    expect(large.findings[0]?.message).toBe('large.so has 2000 bytes; the limit is 1000.');
  });

  it('follows the links of a versioned library', async () => {
    const root = project({ 'greet.c': SOURCE });
    const script =
      'cc -shared -fPIC greet.c -o greet.so.1.0 && ln -sf greet.so.1.0 greet.so.1 && ln -sf greet.so.1 greet.so';
    const outcome = await build(requestFor(root, { command: [['sh', '-c', script]], reproducible: true }));
    expect(outcome.findings).toEqual([]);
    expect(readdirSync(root).sort()).toEqual(['greet.c', 'greet.so', 'greet.so.1', 'greet.so.1.0']);
    expect(outcome.artifact?.file).toBe('greet.so');
  });
});

describeWith(['make', 'cc'], 'an artifact that the build leaves as it was', () => {
  it('is fine when make says that it is up to date', async () => {
    const root = project({ Makefile: MAKEFILE, 'greet.c': SOURCE });
    const first = await build(requestFor(root, { command: [['make']] }));
    const second = await build(requestFor(root, { command: [['make']] }));
    expect([first.evidence.written, second.evidence.written]).toEqual(['by-build', 'up-to-date']);
    expect(second.findings).toEqual([]);
    expect(second.artifact?.digest).toBe(first.artifact?.digest);
    expect(readdirSync(root).sort()).toEqual(['Makefile', 'greet.c', 'greet.o', 'greet.so']);
  });

  it('is fine when the build copies it with its old time', async () => {
    const root = project({ 'kept/greet.so': 'text' });
    const copy = requestFor(root, { command: [['cp', '-p', 'kept/greet.so', 'greet.so']] });
    await build(copy);
    expect((await build(copy)).evidence.written).toBe('by-build');
  });

  it('is undecided when the build writes somewhere else, and is put back', async () => {
    const root = project({ Makefile: MAKEFILE, 'greet.c': SOURCE, 'old.so': 'an older release' });
    const outcome = await build(requestFor(root, { command: [['make']] }, { artifact: 'old.so' }));
    expect(rulesOf(outcome)).toEqual(['build/artifact-stale undecided']);
    expect(outcome.artifact).toBeUndefined();
    expect(readFileSync(join(root, 'old.so'), 'utf8')).toBe('an older release');
    expect(readdirSync(root).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('a build that cannot start', () => {
  const failure = async (action: Promise<unknown>): Promise<unknown> => {
    try {
      await action;
    } catch (error) {
      return error;
    }
    throw new Error('it went well');
  };

  it('names the program that is missing and how to get it', async () => {
    const empty = join(project(), 'bin');
    mkdirSync(empty);
    const request = requestFor(project(), { command: [['cmake', '.']] }, { environment: { PATH: empty } });
    const error = await failure(build(request));
    expect(isEnvironmentError(error) && error.message).toMatch(/needs the program cmake.*apt-get install cmake/);
  });

  it('calls a script that is not in the repository, or may not run, a wrong configuration', async () => {
    const root = project();
    writeFileSync(join(root, 'build.sh'), '#!/bin/sh\n', { mode: 0o644 });
    const error = await failure(build(requestFor(root, { command: [['./build.sh']] })));
    expect(isUsageError(error) && error.message).toMatch(/\.\/build\.sh is not an executable file.*chmod/);
  });

  it('does not let go write outside of the repository', async () => {
    const root = project();
    symlinkSync('/tmp', join(root, 'out'));
    const request = requestFor(
      root,
      { go: { package: '.', tags: [], trimpath: true, ldflags: '', gcflags: '', asmflags: '', race: false } },
      { kind: 'c-shared', artifact: 'out/deep/er.so' },
    );
    const error = await failure(build(request));
    expect(isUsageError(error) && error.message).toContain('outside of the repository');
  });
});
