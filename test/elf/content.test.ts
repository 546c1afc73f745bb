import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect, it } from '@jest/globals';
import type { ElfImage } from '../../src/elf/model.ts';
import { readElf } from '../../src/elf/read.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';

const directory = workspace();
let built = 0;

function read(file: string): ElfImage {
  const { image, problems } = readElf(readFileSync(file));
  expect(problems).toEqual([]);
  if (image === undefined) throw new Error(`${file} has no image`);
  return image;
}

function build(source: string, ...flags: string[]): string {
  return compileC(directory, `c${built++}`, source, flags);
}

describeWith(['cc', 'objcopy', 'strip'], 'debug information', () => {
  const source = 'struct s { int a; }; struct s f(void) { struct s x = {1}; return x; }';

  it('is told to be there, compressed, or gone', () => {
    const plain = build(source, '-g');
    expect(read(plain).debug).toMatchObject({ dwarf: true, compressed: 'none', symtab: true, split: false });
    expect(read(plain).sizes.debug).toBeGreaterThan(100);
    expect(read(build(source, '-g', '-gz=zlib')).debug).toMatchObject({ dwarf: true, compressed: 'zlib' });
    const old = join(directory, 'zdebug.so');
    execFileSync('objcopy', ['--compress-debug-sections=zlib-gnu', plain, old]);
    expect(read(old).debug).toMatchObject({ dwarf: true, compressed: 'zdebug' });
    const stripped = join(directory, 'stripped.so');
    execFileSync('strip', ['-o', stripped, plain]);
    expect(read(stripped).debug).toEqual({ dwarf: false, compressed: 'none', symtab: false, split: false, others: [] });
    expect(read(stripped).sizes.debug).toBe(0);
  });

  it('is told to be in .dwo files, for DWARF 4 and 5', () => {
    expect(read(build(source, '-g', '-gdwarf-5', '-gsplit-dwarf')).debug.split).toBe(true);
    expect(read(build(source, '-g', '-gdwarf-4', '-gsplit-dwarf')).debug.split).toBe(true);
  });

  it('is followed to a separate file, and such a file is told from a plugin', () => {
    const plain = build(source, '-g');
    const debug = join(directory, 'apart.debug');
    execFileSync('objcopy', ['--only-keep-debug', plain, debug]);
    const linked = join(directory, 'linked.so');
    execFileSync('objcopy', ['--strip-debug', `--add-gnu-debuglink=${debug}`, plain, linked]);
    expect(read(linked).debug.debugLink).toEqual({ file: 'apart.debug', crc: crc32(readFileSync(debug)) });
    expect(readElf(readFileSync(debug)).problems).toContainEqual(
      expect.objectContaining({ rule: 'elf/unsupported', message: expect.stringContaining('separate debug file') }),
    );
  });

  it('is followed to the common file that dwz makes', () => {
    const link = join(directory, 'altlink');
    writeFileSync(link, Buffer.from('/usr/lib/debug/.dwz/common.debug\0\x01\xab\xff', 'latin1'));
    const linked = join(directory, 'alt.so');
    execFileSync('objcopy', [`--add-section=.gnu_debugaltlink=${link}`, build(source), linked]);
    expect(read(linked).debug.debugAltLink).toEqual({ file: '/usr/lib/debug/.dwz/common.debug', buildId: '01abff' });
  });
});

describeWith(['cc', 'clang', 'ld.lld'], 'notes', () => {
  it('give the build id, the kernel and what other tools left', () => {
    const file = build('int f(void) { return 1; }', '-Wl,--build-id=0x0123456789abcdef');
    expect(read(file).notes).toEqual({ buildId: '0123456789abcdef', properties: expect.any(Array), others: [] });
    const other = build(
      '__asm__(".section .note.package,\\"a\\",@note\\n.long 4, 4, 0xcafe1a7e\\n.asciz \\"FDO\\"\\n.asciz \\"{ }\\"\\n.previous");',
      '-Wl,--build-id=none',
    );
    expect(read(other).notes).toMatchObject({ others: [{ name: 'FDO', type: 0xcafe1a7e }] });
    expect(read(other).notes).not.toHaveProperty('buildId');
  });

  it('mark branch protection only when every part has it', () => {
    const x86 = (flag: string): ElfImage => foreign('x86_64-linux-gnu', [`-fcf-protection=${flag}`]);
    expect(x86('full').hardening.cet).toEqual({ ibt: true, shstk: true });
    expect(x86('branch').hardening.cet).toEqual({ ibt: true, shstk: false });
    expect(x86('none').hardening.cet).toEqual({ ibt: false, shstk: false });
    const arm = (flag: string): ElfImage => foreign('aarch64-linux-gnu', [`-mbranch-protection=${flag}`]);
    expect(arm('standard').hardening.arm).toEqual({ bti: true, pac: true });
    expect(arm('bti').hardening.arm).toEqual({ bti: true, pac: false });
    expect(arm('none').hardening.arm).toEqual({ bti: false, pac: false });
    // The bits have the same numbers on both machines and other meanings.
    expect(arm('standard').hardening.cet).toEqual({ ibt: false, shstk: false });
  });

  it('know on which machines a missing mark means an executable stack', () => {
    const unmarked = (triple: string): boolean => {
      const file = foreignFile(triple, []);
      const bytes = readFileSync(file);
      const { image } = readElf(bytes);
      const wide = image?.header.class === 64;
      const index = image?.segments.findIndex(({ type }) => type === 'GNU_STACK') ?? -1;
      expect(index).toBeGreaterThanOrEqual(0);
      // PT_NULL in place of PT_GNU_STACK
      const at = (wide ? 64 : 52) + index * (wide ? 56 : 32);
      if (image?.header.endian === 'little') bytes.writeUInt32LE(0, at);
      else bytes.writeUInt32BE(0, at);
      return readElf(bytes).image?.hardening.nxStack ?? false;
    };
    expect(unmarked('x86_64-linux-gnu')).toBe(false);
    expect(unmarked('i386-linux-gnu')).toBe(false);
    expect(unmarked('aarch64-linux-gnu')).toBe(true);
    expect(unmarked('powerpc64-linux-gnu')).toBe(true);
  });

  function foreignFile(triple: string, flags: readonly string[]): string {
    const name = join(directory, `n${built++}`);
    writeFileSync(`${name}.c`, 'int g; int f(int (*p)(void)) { return p() + g; }');
    execFileSync('clang', [`--target=${triple}`, '-c', '-fPIC', '-O1', ...flags, '-o', `${name}.o`, `${name}.c`]);
    execFileSync('ld.lld', ['-shared', '-o', `${name}.so`, `${name}.o`]);
    return `${name}.so`;
  }

  function foreign(triple: string, flags: readonly string[]): ElfImage {
    return read(foreignFile(triple, flags));
  }
});

describeWith(['cc'], 'relocations', () => {
  it('count functions that are chosen at load time', () => {
    const source = `
      static int one(void) { return 1; }
      static int (*choose(void))(void) { return one; }
      int chosen(void) __attribute__((ifunc("choose")));
      static int inner(void) __attribute__((ifunc("choose")));
      int use(void) { return chosen() + inner(); }`;
    const image = read(build(source, '-O0'));
    expect(image.symbols.find(({ name }) => name === 'chosen')?.type).toBe('ifunc');
    expect(image.relocations.ifunc).toBe(2);
    expect(read(build('int f(void) { return 1; }')).relocations.ifunc).toBe(0);
  });

  it('count copies that a program makes of data', () => {
    const library = build('int shared_data[4] = {1};', '-Wl,-soname,libdata.so');
    const input = join(directory, 'copy.c');
    writeFileSync(input, 'extern int shared_data[4]; int main(void) { return shared_data[0]; }');
    const program = join(directory, 'copy');
    execFileSync('cc', ['-no-pie', '-fno-pie', '-o', program, input, library], { stdio: 'pipe' });
    expect(read(program).relocations.copy).toBe(1);
    expect(read(library).relocations.copy).toBe(0);
  });

  it('show the TLS model of a plugin', () => {
    const model = (name: string): readonly string[] =>
      read(build('__thread int t; int f(void) { return t++; }', '-O1', `-ftls-model=${name}`)).relocations.tls;
    expect(model('global-dynamic')).toEqual(['general-dynamic']);
    expect(model('initial-exec')).toEqual(['initial-exec']);
    const hidden = 'static __thread int t; static __thread int u; int f(void) { return t++ + u++; }';
    expect(read(build(hidden, '-O1', '-ftls-model=local-dynamic')).relocations.tls).toEqual(['local-dynamic']);
    expect(read(build('int t; int f(void) { return t++; }')).relocations.tls).toEqual([]);
  });

  it('count constructors and destructors', () => {
    const source =
      '__attribute__((constructor)) static void a(void) {} __attribute__((destructor)) static void b(void) {} int c;';
    const plain = read(build('int c;')).dynamic;
    const { dynamic } = read(build(source));
    expect(dynamic.initArray - plain.initArray).toBe(1);
    expect(dynamic.finiArray - plain.finiArray).toBe(1);
  });
});
