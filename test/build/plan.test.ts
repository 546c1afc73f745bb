import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { crossCompiler } from '../../src/build/cross.ts';
import { planBuild } from '../../src/build/plan.ts';
import { requirePrograms } from '../../src/build/toolchain.ts';
import { isEnvironmentError } from '../../src/errors.ts';
import { workspace } from '../support/workspace.ts';
import { BUILD_DEFAULTS, GO_DEFAULTS, requestFor } from './request.ts';

const machine = { host: 'linux/amd64', target: 'linux/amd64', environment: { PATH: '/bin', CC: 'tcc' } };
const go = { go: GO_DEFAULTS };

describe('planBuild', () => {
  it('spells out the go command, flags before packages, paths relative to the directory', () => {
    const plan = planBuild(
      requestFor(
        '/repo',
        {
          directory: 'plugins/greet',
          go: {
            ...GO_DEFAULTS,
            package: 'main.go  extra.go',
            tags: ['a', 'b'],
            ldflags: '-X main.V={version}',
            gcflags: 'all=-N -l',
            asmflags: '-D x',
            race: true,
            goamd64: 'v3',
            toolchain: 'go1.24.4',
          },
        },
        { ...machine, kind: 'go-plugin', version: '1.0.0', artifact: 'dist/{name}-{arch}.so' },
      ),
    );
    expect(plan.commands).toEqual([
      [
        'go',
        'build',
        '-buildmode=plugin',
        '-trimpath',
        '-race',
        '-tags=a,b',
        '-ldflags=-X main.V=1.0.0',
        '-gcflags=all=-N -l',
        '-asmflags=-D x',
        '-o',
        '../../dist/greet-amd64.so',
        'main.go',
        'extra.go',
      ],
    ]);
    expect(plan.environment).toEqual({
      PATH: '/bin',
      CC: 'tcc',
      CGO_ENABLED: '1',
      GOOS: 'linux',
      GOARCH: 'amd64',
      GOAMD64: 'v3',
      GOTOOLCHAIN: 'go1.24.4',
    });
  });

  it('takes the cross compiler of the target, unless the configuration names another', () => {
    const cross = { ...machine, kind: 'c-shared', target: 'linux/arm64' } as const;
    const own = { ...go, env: { CC: 'zig cc' } };
    expect(planBuild(requestFor('/repo', go, cross)).environment.CC).toBe('aarch64-linux-gnu-gcc');
    expect(planBuild(requestFor('/repo', own, cross)).environment).toMatchObject({
      CC: 'zig cc',
      CXX: 'aarch64-linux-gnu-g++',
      GOARCH: 'arm64',
      CGO_ENABLED: '1',
    });
    expect(
      planBuild(requestFor('/repo', go, { ...cross, host: 'linux/arm64', target: 'linux/amd64' })).environment.CC,
    ).toBe('x86_64-linux-gnu-gcc');
    expect(crossCompiler('linux/amd64')?.packages).toEqual(['gcc-x86-64-linux-gnu', 'g++-x86-64-linux-gnu']);
  });

  it('gives a command the compilers of another target, and leaves those of its own alone', () => {
    const command = { command: [['make', 'ARCH={arch}']] };
    const same = planBuild(requestFor('/repo', command, machine));
    expect(same.commands).toEqual([['make', 'ARCH=amd64']]);
    expect(same.environment).toEqual({ PATH: '/bin', CC: 'tcc' });
    expect(planBuild(requestFor('/repo', command, { ...machine, target: 'linux/arm64' })).environment).toEqual({
      PATH: '/bin',
      CC: 'aarch64-linux-gnu-gcc',
      CXX: 'aarch64-linux-gnu-g++',
      GOOS: 'linux',
      GOARCH: 'arm64',
    });
  });

  it('leaves the braces of a shell alone', () => {
    const script = "echo ${name} {name} {print} {version} | awk '{print $1}'";
    const plan = planBuild(requestFor('/repo', { command: [['sh', '-c', script]] }, machine));
    expect(plan.commands[0]?.[2]).toBe("echo ${name} greet {print} {version} | awk '{print $1}'");
  });

  it('refuses what cannot be built', () => {
    const refusals: [string, () => unknown][] = [
      ['the kind is elf', () => planBuild(requestFor('/repo', go, machine))],
      ['either a command or go', () => planBuild(requestFor('/repo', BUILD_DEFAULTS, machine))],
      [
        '{version} is used',
        () => planBuild(requestFor('/repo', { command: [['make']] }, { artifact: '{version}.so' })),
      ],
      ['{nope} is not known', () => planBuild(requestFor('/repo', { command: [['make']] }, { artifact: '{nope}.so' }))],
      [
        'cannot be part of a path',
        () => planBuild(requestFor('/repo', { command: [['make']] }, { artifact: '{version}.so', version: '../../x' })),
      ],
    ];
    for (const [message, attempt] of refusals) expect(attempt).toThrow(message);
  });
});

describe('requirePrograms', () => {
  const bin = workspace();
  it('names the package of a cross compiler that is missing', () => {
    // A PATH of its own: the machine may have any cross compiler.
    symlinkSync('/bin/sh', join(bin, 'sh'));
    const path = { PATH: bin };
    const plan = planBuild(
      requestFor('/', go, { kind: 'c-shared', host: 'linux/amd64', target: 'linux/s390x', environment: path }),
    );
    let thrown: unknown;
    try {
      requirePrograms({ ...plan, commands: [['sh']] });
    } catch (error) {
      thrown = error;
    }
    expect(isEnvironmentError(thrown) && thrown.message).toBe(
      'The build needs the C compiler s390x-linux-gnu-gcc to build for s390x on this machine, which is not on the PATH: run: apt-get install gcc-s390x-linux-gnu, or name another one in build.env.CC.',
    );
  });
});
