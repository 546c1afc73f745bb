import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { checkPreset } from '../../src/fit/presets/preset.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { loadFile } from './load-file.ts';

/** Constants that functions return, as compilers for several machines write them. */
const SOURCE = `const char *plugin_get_required_api_version(void) { return "3.7.0"; }
static const struct { int values[6]; char extra[32]; } block = { { 56, 1700, 100, 32, 64, 1 }, "PostgreSQL" };
const void *Pg_magic_func(void) { return &block; }
`;
const CALLED = `static const char *text(void); const char *plugin_get_required_api_version(void) { return text(); }
__attribute__((noinline)) static const char *text(void) { static char own[4] = "3.7"; own[1]++; return own; }
const void *Pg_magic_func(void) { return plugin_get_required_api_version() + 1; }
`;

describeWith(['gcc', 'clang', 'aarch64-linux-gnu-gcc'], 'a version in the code of a function', () => {
  const directory = workspace();
  const compile = (name: string, source: string, words: readonly string[]): string => {
    const file = join(directory, `${name}.so`);
    writeFileSync(join(directory, `${name}.c`), source);
    const [program = '', ...flags] = words;
    execFileSync(program, ['-shared', '-fPIC', '-nostdlib', '-w', ...flags, '-o', file, join(directory, `${name}.c`)]);
    return file;
  };
  const versions = (file: string): readonly (string | undefined)[] =>
    (['falco', 'postgresql'] as const).map((preset) => {
      const found = checkPreset(preset, loadFile(file), undefined);
      return found.find(({ rule }) => rule === 'fit/built-for')?.new;
    });

  it.each([
    ['gcc', ['gcc', '-O2']],
    ['gcc without optimisation', ['gcc', '-O0']],
    ['gcc for size', ['gcc', '-Os']],
    ...(process.arch === 'x64'
      ? [['gcc with marks for indirect branches', ['gcc', '-O2', '-fcf-protection=full']] as const]
      : []),
    ['clang', ['clang', '-O2']],
    ['clang without optimisation', ['clang', '-O0']],
    ['gcc for arm64', ['aarch64-linux-gnu-gcc', '-O2']],
    ['gcc for arm64 without optimisation', ['aarch64-linux-gnu-gcc', '-O0']],
    ['gcc for arm64 with branch protection', ['aarch64-linux-gnu-gcc', '-O2', '-mbranch-protection=standard']],
    ['gcc for arm64, tiny code', ['aarch64-linux-gnu-gcc', '-O2', '-mcmodel=tiny']],
    ['packed relocations', ['gcc', '-O2', '-Wl,-z,pack-relative-relocs']],
  ] as const)('is read: %s', (title, words) => {
    const file = compile(title.replace(/\W/g, '-'), SOURCE, words);
    expect(versions(file)).toEqual(['3.7.0', '17']);
  });

  it.each([
    ['gcc', ['gcc', '-O2']],
    ['gcc for arm64', ['aarch64-linux-gnu-gcc', '-O2']],
  ] as const)('is not guessed where it is computed: %s', (title, words) => {
    const file = compile(`called-${title.replace(/\W/g, '-')}`, CALLED, words);
    expect(versions(file)).toEqual([undefined, undefined]);
    expect(checkPreset('postgresql', loadFile(file), undefined)[0]).toMatchObject({
      rule: 'fit/interface-unread',
      severity: 'undecided',
    });
  });

  it('is read of a file that another bundle opened, whose classes are not ours', () => {
    const file = loadFile(compile('foreign', SOURCE, ['gcc', '-O2']));
    if (file.bytes === undefined) throw new Error('the file has no bytes');
    const bytes = new Proxy(file.bytes, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
      getPrototypeOf: () => Object.prototype,
    });
    expect(checkPreset('postgresql', { ...file, bytes }, undefined)[0]).toMatchObject({ new: '17' });
  });
});
