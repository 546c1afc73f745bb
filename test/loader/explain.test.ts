import { describe, expect, it } from '@jest/globals';
import { explain, explainCheck } from '../../src/loader/explain.ts';

/** Texts as glibc 2.31 to 2.41 and musl 1.2 write them, with what a person must learn from each. */
const TEXTS: readonly (readonly [text: string, cause: RegExp, subject?: string])[] = [
  ['a.so: undefined symbol: ngx_cycle', /^The symbol ngx_cycle is not defined/, 'ngx_cycle'],
  ['a.so: undefined symbol: f, version V_2', /^The symbol f of version V_2 is not defined/, 'f'],
  [
    "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by a.so)",
    /^a\.so needs version GLIBC_2\.38 of libc\.so\.6/,
    'GLIBC_2.38',
  ],
  ['libx.so.3: cannot open shared object file: No such file or directory', /^The library libx\.so\.3,/, 'libx.so.3'],
  ['/usr/lib/libx.so.3: wrong ELF class: ELFCLASS32', /^libx\.so\.3 is a 32-bit file/, 'libx.so.3'],
  ['a.so: cannot allocate memory in static TLS block', /initial-exec/],
  ['a.so: cannot enable executable stack as shared object requires: Invalid argument', /executable stack/],
  ['a.so: cannot enable executable stack as shared object requires: Permission denied', /executable stack/],
  ['a.so: shared object cannot be dlopen()ed', /nodlopen/],
  ['a: cannot dynamically load position-independent executable', /is a program/],
  ['a.so: cannot map zero-fill pages', /cannot be mapped/],
  ['a.so: failed to map segment from shared object', /cannot be mapped/],
  ['a.so: invalid ELF header', /damaged/],
  ['a.so: file too short', /damaged/],
  ['a.so: ELF load command alignment not page-aligned', /damaged/],
  ['a.so: ELF load command address/offset not properly aligned', /damaged/],
  ['a.so: object file has no dynamic section', /damaged/],
  ['Error relocating a.so: host_value: symbol not found', /^The symbol host_value is not defined/, 'host_value'],
  [
    'Error loading shared library libx.so: No such file or directory (needed by a.so)',
    /^The library libx\.so,/,
    'libx.so',
  ],
  ['something new', /^something new$/],
  ['', /gave no reason/],
];

describe('what dlerror says', () => {
  for (const [text, cause, subject] of TEXTS) {
    it(JSON.stringify(text), () => {
      const explanation = explain(text);
      expect(explanation.cause).toMatch(cause);
      expect(explanation.subject).toBe(subject);
    });
  }

  it('has words for every check before loading', () => {
    for (const problem of ['unreadable', 'not-elf', 'class', 'endian', 'machine', 'type', 'truncated', 'malformed']) {
      expect(explainCheck(problem)).not.toContain(problem === 'type' ? '(type)' : `(${problem})`);
    }
    expect(explainCheck('new')).toContain('(new)');
  });
});
