import { describe, expect, it } from '@jest/globals';
import { callArguments } from '../../src/loader/call-arguments.ts';

const words = (...values: readonly (number | bigint)[]) =>
  [...values, 0, 0, 0, 0, 0, 0]
    .slice(0, 6)
    .map((value) => `0x${value.toString(16)}`)
    .join(' ');

describe('arguments of system calls in words', () => {
  it.each([
    ['socket', words(2, 0o2000001, 6), 'family=AF_INET, type=SOCK_STREAM|SOCK_CLOEXEC, protocol=6'],
    ['openat', words(0xffffff9cn, 1, 0o1101, 0o644), 'directory=AT_FDCWD, flags=O_WRONLY|O_CREAT|O_TRUNC, mode=0644'],
    ['openat', words(7, 1, 0o2000000, 0o644), 'directory=7, flags=O_RDONLY|O_CLOEXEC'],
    [
      'mmap',
      words(0, 100n << 30n, 7, 0x22, 0xffffffffn),
      'address=0x0, length=100 GiB, protection=PROT_READ|PROT_WRITE|PROT_EXEC, flags=MAP_PRIVATE|MAP_ANONYMOUS, descriptor=-1, offset=0x0',
    ],
    ['mprotect', words(4096, 4096, 0), 'address=0x1000, length=4 KiB, protection=PROT_NONE'],
    ['kill', words(0xffffffffn, 9), 'process=-1, signal=SIGKILL'],
    ['clone', words(0x11), 'flags=0x11'],
    ['unshare', words(0x10020000), 'flags=CLONE_NEWNS|CLONE_NEWUSER'],
    ['ptrace', words(16, 1), 'request=PTRACE_ATTACH, process=1, address=0x0, data=0x0'],
    ['prlimit64', words(0, 7, 0x7ffe), 'process=0, resource=RLIMIT_NOFILE, new=0x7ffe'],
    ['memfd_create', words(1, 1), 'flags=MFD_CLOEXEC'],
  ])('%s', (name, text, expected) => {
    expect(callArguments(name, text)).toBe(expected);
  });

  it('has none for calls that it does not know, and for what is no list of registers', () => {
    expect(callArguments('getpid', words(1))).toBeUndefined();
    expect(callArguments('toString', words(1))).toBeUndefined();
    expect(callArguments('socket', '0x1 0x2')).toBeUndefined();
    expect(callArguments('socket', undefined)).toBeUndefined();
  });
});
