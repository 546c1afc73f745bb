import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { floorFindings } from '../../src/elf/floor-findings.ts';
import { familyVersion } from '../../src/elf/floors.ts';
import type { ElfImage } from '../../src/elf/model.ts';
import { isMissingInMusl } from '../../src/elf/musl.ts';
import { readElf } from '../../src/elf/read.ts';
import { compareVersions, DISTRIBUTIONS, isVersionFamily, SYSTEMS, VERSION_FAMILIES } from '../../src/elf/systems.ts';
import { parseTarget } from '../../src/elf/targets.ts';
import { UsageError } from '../../src/errors.ts';
import { describeWith, hasProgram } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';

const directory = workspace();
let built = 0;

/** A library of the given name that defines functions in versions, as glibc or libstdc++ would. */
function stub(soname: string, versions: Readonly<Record<string, readonly string[]>>): string {
  const name = `stub${built++}`;
  const map = join(directory, `${name}.map`);
  writeFileSync(
    map,
    Object.entries(versions)
      .map(([version, symbols]) => `${version} { global: ${symbols.join('; ')}; };`)
      .join('\n'),
  );
  const source = Object.values(versions)
    .flat()
    .map((symbol) => `void ${symbol}(void) {}`)
    .join('\n');
  return compileC(directory, name, source, ['-nostdlib', `-Wl,-soname,${soname}`, `-Wl,--version-script=${map}`]);
}

/** A plugin that calls functions of stubs and nothing else. */
function pluginOf(symbols: readonly string[], stubs: readonly string[], ...flags: string[]): ElfImage {
  const source = `${symbols.map((name) => `void ${name}(void);`).join('')} void use(void) { ${symbols.map((name) => `${name}();`).join('')} }`;
  const file = compileC(directory, `plugin${built++}`, source, ['-nostdlib', ...stubs, ...flags]);
  const { image, problems } = readElf(readFileSync(file));
  expect(problems).toEqual([]);
  if (image === undefined) throw new Error('no image');
  return image;
}

describeWith(['cc'], 'the oldest systems', () => {
  const glibc = stub('libc.so.6', {
    'GLIBC_2.2.5': ['old'],
    'GLIBC_2.4': ['four'],
    'GLIBC_2.34': ['thread_one', 'thread_two'],
    'GLIBC_2.99': ['future'],
    GLIBC_ABI_SOMETHING: ['marker'],
  });
  const cxx = stub('libstdc++.so.6', { 'GLIBCXX_3.4.29': ['cxx'], 'CXXABI_1.3.13': ['abi'] });

  it('come from the highest version, by number and not by text', () => {
    const { floors } = pluginOf(['old', 'four'], [glibc]);
    expect(floors.versions).toEqual({ GLIBC: '2.4' });
    expect(floors.oldest).toEqual({ debian: '8', ubuntu: '14.04', rhel: '6' });
    expect(floors.glibcSymbols).toEqual(['four']);
  });

  it('are those that have every family', () => {
    const { floors } = pluginOf(['old', 'cxx', 'abi'], [glibc, cxx]);
    expect(floors.versions).toEqual({ GLIBC: '2.2.5', GLIBCXX: '3.4.29', CXXABI: '1.3.13' });
    expect(floors.oldest).toEqual({ debian: '12', ubuntu: '22.04', rhel: '9' });
  });

  it('are none when no known release is new enough, or a marker is unknown', () => {
    expect(pluginOf(['future'], [glibc]).floors.oldest).toEqual({ debian: null, ubuntu: null, rhel: null });
    const marked = pluginOf(['old', 'marker'], [glibc]);
    expect(marked.floors.oldest).toEqual({ debian: null, ubuntu: null, rhel: null });
    expect(floorFindings(marked, 'debian:12')).toEqual([
      expect.objectContaining({ rule: 'dep/floor-unknown', severity: 'undecided', subject: 'GLIBC_ABI_SOMETHING' }),
    ]);
  });

  it('do not count a need that is only weak', () => {
    const source = 'void future(void) __attribute__((weak)); void use(void) { if (future) future(); }';
    const file = compileC(directory, 'weak', source, ['-nostdlib', glibc]);
    const { image } = readElf(readFileSync(file));
    const weak = image?.versions.needed.flatMap(({ versions }) => versions).every((version) => version.weak);
    // binutils since 2.35 marks such a need; before, the loader insists on it and so do we.
    expect(image?.floors.versions).toEqual(weak === true ? {} : { GLIBC: '2.99' });
  });

  it('are 2.36 for packed relocations, which older loaders skip', () => {
    const file = compileC(directory, 'relr', 'void old(void); static int x; int *p = &x; void use(void) { old(); }', [
      '-nostdlib',
      '-fuse-ld=lld',
      '-Wl,--pack-dyn-relocs=relr',
      glibc,
    ]);
    const { image } = readElf(readFileSync(file));
    expect(image?.relocations).toMatchObject({ total: 2, relative: 1 });
    expect(image?.floors.versions).toEqual({ GLIBC: '2.36' });
    if (image === undefined) throw new Error('no image');
    expect(floorFindings(image, 'debian:11').map(({ message }) => message)).toEqual([
      'The file needs packed relocations (DT_RELR), which glibc applies from 2.36 on, but debian:11 has glibc with GLIBC 2.31.',
    ]);
  });

  it('compare with a target', () => {
    const image = pluginOf(['old', 'thread_one', 'thread_two', 'cxx'], [glibc, cxx]);
    const rules = (target: string): string[] =>
      floorFindings(image, target).map(({ rule, subject }) => `${rule} ${subject}`);
    expect(rules('debian:12')).toEqual([]);
    expect(rules('rhel:9')).toEqual([]);
    expect(rules('debian:11')).toEqual(['dep/floor-above-target GLIBC', 'dep/floor-above-target GLIBCXX']);
    expect(rules('rhel:8')).toEqual(['dep/floor-above-target GLIBC', 'dep/floor-above-target GLIBCXX']);
    // Every known system with glibc 2.34 has this libstdc++; for 2.31 that is not so.
    expect(rules('glibc:2.34')).toEqual([]);
    expect(rules('glibc:2.31')).toEqual(['dep/floor-above-target GLIBC', 'dep/floor-unknown GLIBCXX']);
    expect(floorFindings(image, 'debian:11')[0]).toMatchObject({
      severity: 'error',
      message: 'The file needs GLIBC_2.34, but debian:11 has glibc with GLIBC 2.31 (for thread_one, thread_two).',
      old: '2.31',
      new: '2.34',
      affected: ['thread_one', 'thread_two'],
    });
  });

  it('say for musl what is certain, and no more', () => {
    const chk = stub('libc.so.6', { 'GLIBC_2.3.4': ['__printf_chk'], 'GLIBC_2.2.5': ['puts_like'] });
    expect(pluginOf(['__printf_chk'], [chk]).floors.musl).toEqual({
      loads: false,
      reasons: ['musl does not have __printf_chk.'],
    });
    expect(pluginOf(['puts_like'], [chk]).floors.musl.loads).toBe('undecided');
    expect(pluginOf([], []).floors.musl).toEqual({ loads: true, reasons: [] });

    const forMusl = pluginOf(['strlen_like'], [stub('libc.musl-x86_64.so.1', { V: ['strlen_like'] })]);
    expect(forMusl.floors.musl.loads).toBe(true);
    expect(forMusl.floors.oldest).toEqual({ debian: null, ubuntu: null, rhel: null });
    expect(floorFindings(forMusl, 'debian:12').map(({ rule }) => rule)).toEqual(['dep/foreign-libc']);
  });
});

describeWith(['musl-gcc'], 'musl itself', () => {
  it('has none of the functions that are said to be missing in it', () => {
    // The loader of musl is its C library.
    const loader = readdirSync('/lib').find((name) => name.startsWith('ld-musl-')) ?? '';
    const names = (readElf(readFileSync(join('/lib', loader))).image?.symbols ?? []).map(({ name }) => name);
    expect(names.length).toBeGreaterThan(1000);
    expect(names.filter((name) => isMissingInMusl(name))).toEqual([]);
    expect(['backtrace', '__printf_chk', '__isoc23_strtol', 'makecontext'].every(isMissingInMusl)).toBe(true);
  });

  it('is what a plugin that was linked with it asks for', () => {
    const input = join(directory, 'formusl.c');
    const output = join(directory, 'formusl.so');
    writeFileSync(input, '#include <stdio.h>\nint f(void) { return puts("x"); }');
    execFileSync('musl-gcc', ['-shared', '-fPIC', '-o', output, input], { stdio: 'pipe' });
    const { image } = readElf(readFileSync(output));
    expect(image?.floors.musl).toEqual({ loads: true, reasons: [] });
    expect(image?.floors.oldest).toEqual({ debian: null, ubuntu: null, rhel: null });
  });
});

describe('targets', () => {
  it.each(['debian:12', 'ubuntu:20.04', 'rhel:8', 'alpine:3.20', 'glibc:2.31', ' debian:11 '])(
    '%s is known',
    (target) => {
      expect(parseTarget(target).name).toBe(target.trim());
    },
  );

  it.each(['debian:99', 'debian', 'alpine:2.1', 'glibc:3.1', 'glibc:2.x', '', 'debian:12;'])(
    '%j is refused with what is known',
    (target) => {
      expect(() => parseTarget(target)).toThrow(UsageError);
      expect(() => parseTarget(target)).toThrow(/debian:12|Known releases/);
    },
  );

  it('are refused in a short message, however long they are', () => {
    for (const target of [`debian:${'1.'.repeat(50_000)}`, 'x'.repeat(100_000)]) {
      expect(() => parseTarget(target)).toThrow(/^.{50,500}$/);
    }
  });
});

describe('version names', () => {
  it.each([
    ['GLIBC_2.2.5', { family: 'GLIBC', version: '2.2.5' }],
    ['GCC_12.0.0', { family: 'GCC', version: '12.0.0' }],
    ['GLIBC_ABI_DT_RELR', { family: 'GLIBC', version: '2.36' }],
    ['GLIBC_PRIVATE', undefined],
    ['OPENSSL_3.0.0', undefined],
    ['CXXABI_FLOAT128', undefined],
    ['GLIBC_', undefined],
    ['GLIBC_2..3', undefined],
    ['GLIBC_9999999999999999999999', undefined],
  ])('%s', (name, expected) => {
    expect(familyVersion(name)).toEqual(expected);
  });
});

describe('the table of systems', () => {
  it('only grows within a distribution', () => {
    for (const distribution of DISTRIBUTIONS) {
      const systems = SYSTEMS.filter((system) => system.distribution === distribution);
      for (const [index, system] of systems.entries()) {
        const before = systems[index - 1];
        if (before === undefined) continue;
        expect(compareVersions(before.release, system.release)).toBeLessThan(0);
        for (const family of VERSION_FAMILIES) {
          expect(compareVersions(before.versions[family], system.versions[family])).toBeLessThanOrEqual(0);
        }
      }
    }
  });

  const release = readFileSync('/etc/os-release', 'utf8');
  const field = (name: string): string => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(release)?.[1] ?? '';
  const here = SYSTEMS.find((system) => system.distribution === field('ID') && system.release === field('VERSION_ID'));

  const known = here !== undefined && hasProgram('cc');
  const reason = known ? '' : ' [skipped: this distribution release is not in the table, or cc is not installed]';
  (known ? it : it.skip)(`says of this system what its libraries say${reason}`, () => {
    const highest = (library: string): Record<string, string> => {
      const path = execFileSync('cc', [`-print-file-name=${library}`], { encoding: 'utf8' }).trim();
      const found: Record<string, string> = {};
      for (const { name } of readElf(readFileSync(path)).image?.versions.defined ?? []) {
        const wanted = familyVersion(name);
        if (wanted?.version === undefined) continue;
        const before = found[wanted.family];
        if (before === undefined || compareVersions(before, wanted.version) < 0) found[wanted.family] = wanted.version;
      }
      return found;
    };
    expect(highest('libc.so.6')).toEqual({ GLIBC: here?.versions.GLIBC });
    const { GLIBCXX, CXXABI } = highest('libstdc++.so.6');
    expect({ GLIBCXX, CXXABI }).toEqual({ GLIBCXX: here?.versions.GLIBCXX, CXXABI: here?.versions.CXXABI });
    const gcc = Object.entries(highest('libgcc_s.so.1')).filter(([family]) => isVersionFamily(family));
    expect(gcc.length).toBe(1);
    expect(compareVersions(gcc[0]?.[1] ?? '', here?.versions.GCC ?? '')).toBeLessThanOrEqual(0);
  });
});
