import { describe, expect, it } from '@jest/globals';
import { unsafeFlags } from '../../src/fit/safe-flags.ts';

describe('flags that a plugin names', () => {
  it.each([
    '-buildvcs=false',
    '-trimpath=true',
    '-race',
    '-tags=netgo,osusergo',
    '-gcflags=all=-N -l',
    '-gcflags=-l=4',
    '-gcflags=example.com/...=-m=2 -d=checkptr,nil=1',
    '-gcflags=std=-dwarf=false',
    '-asmflags=all=-D=FOO=1 -spectre=all',
  ])('are passed on: %s', (flag) => {
    expect(unsafeFlags([flag])).toEqual([]);
  });

  it.each([
    '-gcflags=all=-o /etc/passwd',
    '-gcflags=all=-cpuprofile=/root/.bashrc',
    '-gcflags=all=-N -asmhdr=/root/.profile',
    '-gcflags=all=-d=ssa/prove/dump=main',
    '-gcflags=all="-N" -l',
    '-gcflags=all=-importcfg=/x',
    '-gcflags=all=-N\t@/tmp/args',
    '-asmflags=all=-I /x',
    '-tags=a b',
    '-toolexec=/bin/sh',
    '-ldflags=-extld=/bin/sh',
  ])('are not: %s', (flag) => {
    expect(unsafeFlags(['-race', flag])).toEqual([flag]);
  });
});
