import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { AUDIT, hasNamespaces, load, rulesOf, survivors } from './support.ts';

const HEAD = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>
#define PAGE(x) ((void *)((uintptr_t)(x) & ~4095ul))
int entry(void) { return 0; }
`;

describeWith(['cc'], 'what belongs to the host', () => {
  const directory = workspace();
  const compile = (name: string, body: string) =>
    compileC(
      directory,
      name.replaceAll(/\W/g, '-'),
      `${HEAD}__attribute__((constructor)) static void begin(void) { ${body} }`,
      ['-w', '-pthread'],
    );

  it.each([
    [
      'patches a function of the C library',
      'unsigned char *p = dlsym(RTLD_DEFAULT, "strcoll"); mprotect(PAGE(p), 8192, 7); *p = *p; mprotect(PAGE(p), 8192, 5);',
      ['error load/interfered'],
      /Code of .*libc.* was changed in memory while it was being loaded/,
    ],
    [
      'leaves code of the C library writable',
      'mprotect(PAGE(dlsym(RTLD_DEFAULT, "strcoll")), 4096, 7);',
      ['error load/interfered'],
      /Code of .*libc.* was made writable/,
    ],
    [
      'maps memory to write and run code in',
      'char *p = mmap(0, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); *p = 1;',
      ['warning load/writable-code'],
      /Memory that it mapped is writable and executable at once/,
    ],
    [
      'makes its own code writable',
      'mprotect(PAGE(entry), 4096, 7);',
      ['warning load/writable-code'],
      /Its own code is writable/,
    ],
    [
      'puts files in the place of those of its host',
      'dup2(1, 0); dup2(1, 2);',
      ['error load/interfered', 'error load/interfered'],
      /put another file in the place of standard input/,
    ],
    ['closes standard input', 'close(0);', ['error load/interfered'], /closed standard input/],
    [
      'makes standard output non-blocking',
      'fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_NONBLOCK);',
      ['error load/interfered'],
      /set O_NONBLOCK.* standard output/,
    ],
    [
      'makes all descriptors non-blocking',
      'for (int fd = 3; fd < 4096; fd++) fcntl(fd, F_SETFL, O_NONBLOCK);',
      ['error load/interfered'],
      /made descriptors non-blocking that it did not open/,
    ],
    [
      'leaves descriptors open',
      'for (int i = 0; i < 20; i++) open("/dev/null", O_RDONLY);',
      ['warning load/leaves-open'],
      /left 20 descriptors open when it was unloaded \(\/dev\/null\)/,
    ],
  ] as const)('%s: is told', async (name, body, rules, message) => {
    const outcome = await load(compile(name, body));
    expect(rulesOf(outcome)).toEqual(rules);
    expect(outcome.findings[0]?.message).toMatch(message);
  });

  it.each([
    [
      'makes code as it should',
      'char *p = mmap(0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); *p = (char)0xc3; mprotect(p, 4096, 5);',
    ],
    [
      'uses descriptors of its own',
      'int fd = open("/dev/null", O_RDONLY); dup2(fd, 40); fcntl(40, F_SETFL, O_NONBLOCK); close(40); close(fd);',
    ],
    ['keeps one source of random numbers', 'open("/dev/null", O_RDONLY);'],
  ])('that %s is not told of', async (name, body) => {
    const outcome = await load(compile(name, body));
    expect([outcome.findings, outcome.evidence.result]).toEqual([[], 'loaded']);
  });
});

describeWith(['cc'], 'under the profile audit', () => {
  const directory = workspace();
  const compile = (name: string, body: string) =>
    compileC(
      directory,
      name.replaceAll(/\W/g, '-'),
      `${HEAD}__attribute__((constructor)) static void begin(void) { ${body} }`,
      ['-w', '-pthread'],
    );
  const shared = `plugin-gate-test-${process.pid}`;

  it.each([
    [
      'objects of System V',
      'shmget(0x50470001, 4096, IPC_CREAT | 0600); semget(0x50470002, 1, IPC_CREAT | 0600); msgget(0x50470003, IPC_CREAT | 0600);',
      'warning load/leaves-objects',
    ],
    [
      'shared memory with a name',
      `close(shm_open("/${shared}", O_CREAT | O_RDWR, 0600));`,
      'warning load/leaves-objects',
    ],
    [
      'passwords',
      'struct { uint64_t flags, mode, resolve; } how = {0}; close(syscall(437, -100, "/etc/shadow", &how, sizeof how));',
      'warning load/reads-secret',
    ],
    ['passwords, by another name', 'close(open("/proc/self/root/etc/shadow", O_RDONLY));', 'warning load/reads-secret'],
    [
      'passwords, by a link',
      'symlink("/etc", "here"); close(open("here/shadow", O_RDONLY));',
      'warning load/reads-secret',
    ],
    ['signals to a thread of another', 'syscall(SYS_tgkill, getppid(), getppid(), 0);', 'warning load/other-process'],
    ['tracing', 'ptrace(PTRACE_ATTACH, getppid(), 0, 0);', 'error load/denied-syscall'],
    ['files without a place', 'close(syscall(SYS_memfd_create, "hidden", 0));', 'note load/writes-file'],
  ])('tells of %s', async (name, body, rule) => {
    const outcome = await load(compile(name, body), AUDIT);
    rmSync(`/dev/shm/${shared}`, { force: true });
    expect(rulesOf(outcome)).toContain(rule);
    expect(outcome.evidence.result).toBe('loaded');
  });

  it('leaves no object of System V behind where there are namespaces', async () => {
    if (!(await hasNamespaces()) || !existsSync('/proc/sysvipc/shm')) return;
    await load(compile('segment', 'shmget(0x50470004, 4096, IPC_CREAT | 0600);'), AUDIT);
    expect(execFileSync('cat', ['/proc/sysvipc/shm'], { encoding: 'utf8' })).not.toContain(String(0x50470004));
  });

  it('says nothing of what is removed again, of signals to itself, and of what is no secret', async () => {
    const body = `raise(0); kill(getpid(), 0); pthread_kill(pthread_self(), 0);
      close(shm_open("/${shared}-own", O_CREAT | O_RDWR, 0600)); shm_unlink("/${shared}-own");
      shmctl(shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600), IPC_RMID, 0); close(open("/etc/passwd", O_RDONLY));`;
    expect((await load(compile('tidy', body), AUDIT)).findings).toEqual([]);
  });

  it('ends a child that was given to the supervisor as its parent, at once', async () => {
    const body = `if (syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) == 0) { prctl(PR_SET_NAME, "pg-given-away"); for (;;) sleep(1000); }`;
    const outcome = await load(compile('given-away', body), {
      ...AUDIT,
      timeouts: { open: 1500, close: 1500, exit: 1500 },
    });
    expect(rulesOf(outcome)).toEqual(['error load/leftover-process']);
    expect(outcome.evidence.result).toBe('loaded');
    expect(await survivors('pg-given-away')).toEqual([]);
  });
});
