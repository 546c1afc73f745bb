import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { missingLayers } from '../../src/loader/denied.ts';
import type { LoadEvidence } from '../../src/loader/model.ts';
import type { SandboxProfile } from '../../src/loader/sandbox.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { load, rulesOf } from './support.ts';

const HEAD = `
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static int result(long value) { return value < 0 ? errno : 0; }
static char page[4096] __attribute__((aligned(4096)));
static int duplicate;
`;

/** Each returns 0 when the call ran, else the error number. */
const STRICT = `${HEAD}
__attribute__((constructor)) static void begin(void) { duplicate = dup(1); page[0] = 1; }
int do_read(void) { char byte; return result(syscall(SYS_read, 0, &byte, 1)); }
int do_write(void) { return result(syscall(SYS_write, 1, "out", 3)); }
int do_write_error(void) { return result(syscall(SYS_write, 2, "err", 3)); }
int do_clock_gettime(void) { struct timespec now; return result(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now)); }
int do_exit_group(void) { syscall(SYS_exit_group, 41); return 0; }
int do_write_other(void) { return result(syscall(SYS_write, duplicate, "x", 1)); }
int do_read_other(void) { char byte; return result(syscall(SYS_read, duplicate, &byte, 1)); }
int do_openat(void) { return result(syscall(SYS_openat, AT_FDCWD, "/etc/ld.so.cache", O_RDONLY)); }
int do_mmap(void) { return result(syscall(SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)); }
int do_mprotect(void) { return result(syscall(SYS_mprotect, page, 4096, PROT_READ)); }
int do_execve(void) { char *words[] = {"true", 0}; return result(syscall(SYS_execve, "/bin/true", words, words + 1)); }
int do_socket(void) { return result(syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0)); }
int do_clone(void) { return result(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }
int do_sendmsg(void) { struct msghdr message = {0}; return result(syscall(SYS_sendmsg, 1, &message, 0, 0, 0, 0)); }
int do_prctl(void) { return result(syscall(SYS_prctl, PR_SET_NAME, "x")); }`;

const ALLOWED = ['read', 'write', 'write_error', 'clock_gettime'];
const FORBIDDEN = ['openat', 'mmap', 'mprotect', 'execve', 'socket', 'clone', 'sendmsg', 'prctl'];
const FORBIDDEN_DESCRIPTORS = ['write', 'read'];
const EPERM = 1;

describeWith(['cc'], 'the profile strict', () => {
  const directory = workspace();
  const strict = { sandbox: { profile: 'strict' } } as const;
  const probe = (name: string) => ({ symbol: `do_${name}`, signature: 'int(void)' }) as const;

  it.each(ALLOWED)('allows %s on what it was given, after loading', async (name) => {
    const outcome = await load(compileC(directory, 'strict', STRICT), { ...strict, probes: [probe(name)] });
    expect(outcome.findings.filter(({ rule }) => rule !== 'load/output')).toEqual([]);
    expect(outcome.evidence).toMatchObject({ result: 'loaded', probes: [{ number: 0 }], deniedCount: 0 });
  });

  it('allows exit_group, by which a probe ends the process', async () => {
    const outcome = await load(compileC(directory, 'strict', STRICT), { ...strict, probes: [probe('exit_group')] });
    expect(outcome.evidence.ending).toMatchObject({ how: 'exit', code: 41, phase: 'probe' });
    expect(rulesOf(outcome)).toEqual(['error load/exited']);
  });

  it.each(FORBIDDEN)('denies %s after loading, and says who asked', async (name) => {
    const { findings, evidence } = await load(compileC(directory, 'strict', STRICT), {
      ...strict,
      probes: [{ ...probe(name), expect: EPERM }],
    });
    expect(findings).toMatchObject([
      { rule: 'load/denied-syscall', severity: 'error', symbol: `do_${name}`, subject: expect.stringContaining(name) },
    ]);
    expect(findings[0]?.message).toContain(`in the probe do_${name}()`);
    expect(evidence.probes).toMatchObject([{ number: EPERM }]);
  });

  it.each(FORBIDDEN_DESCRIPTORS)('denies %s on a descriptor that it made itself', async (name) => {
    const { findings } = await load(compileC(directory, 'strict', STRICT), {
      ...strict,
      probes: [{ ...probe(`${name}_other`), expect: EPERM }],
    });
    expect(findings).toMatchObject([{ rule: 'load/denied-syscall', subject: name }]);
  });

  it('ends the process at the first denied call in the mode kill', async () => {
    const outcome = await load(compileC(directory, 'strict', STRICT), {
      sandbox: { profile: 'strict', mode: 'kill' },
      probes: [probe('write'), probe('openat'), probe('read')],
    });
    expect(outcome.evidence.result).toBe('denied');
    expect(outcome.evidence.ending).toMatchObject({ how: 'denied', phase: 'probe', index: 1 });
    expect(rulesOf(outcome)).toContain('error load/denied-syscall');
  });

  it('allows what the configuration names, on its conditions', async () => {
    const file = compileC(directory, 'strict', STRICT);
    const run = async (values: Record<string, number>) => {
      const { evidence } = await load(file, {
        sandbox: { profile: 'strict', allow: [{ call: 'socket', arguments: values }] },
        probes: [probe('socket')],
      });
      return evidence.probes[0]?.number;
    };
    expect([await run({ 0: 1, 1: 1 }), await run({ 0: 2 })]).toEqual([0, EPERM]);
  });

  it('tells of a crash in a probe as any other profile', async () => {
    const file = compileC(directory, 'crash', 'int bad(void) { *(volatile int *)16 = 1; return 0; }');
    const outcome = await load(file, { ...strict, probes: [{ symbol: 'bad', signature: 'int(void)' }] });
    expect(rulesOf(outcome)).toEqual(['error load/crashed']);
    expect(outcome.findings[0]?.message).toMatch(/SIGSEGV .* in the probe bad\(\), in bad/);
  });
});

/** What a constructor tries, and what the finding must name. */
const REFUSED: readonly (readonly [string, string, string])[] = [
  ['opens /etc/shadow', 'open("/etc/shadow", O_RDONLY);', 'openat /etc/shadow'],
  ['climbs to it', 'open("/usr/lib/../../etc/shadow", O_RDONLY);', 'openat /usr/lib/../../etc/shadow'],
  ['takes the way of /proc', 'open("/proc/self/root/etc/shadow", O_RDONLY);', 'openat /proc/self/root/etc/shadow'],
  ['reads the memory of others', 'open("/proc/1/environ", O_RDONLY);', 'openat /proc/1/environ'],
  ['writes a file', 'open("/tmp/plugin-gate-written", O_CREAT | O_WRONLY, 0600);', 'openat /tmp/plugin-gate-written'],
  ['fills the disk', 'open("big", O_CREAT | O_RDWR, 0600);', 'openat big'],
  ['removes a file', 'unlink("/tmp/plugin-gate-removed");', 'unlink /tmp/plugin-gate-removed'],
  ['renames a file', 'rename("a", "b");', 'rename a'],
  ['sends packets', 'socket(AF_INET, SOCK_DGRAM, 0);', 'socket inet'],
  ['speaks to local services', 'socket(AF_UNIX, SOCK_STREAM, 0);', 'socket unix'],
  ['forks', 'if (fork() == 0) _exit(0);', 'clone process'],
  ['runs a program', 'char *w[] = {"true", 0}; execve("/bin/true", w, w + 1);', 'execve /bin/true'],
  ['uses io_uring', 'syscall(425, 8, page);', 'io_uring_setup'],
  ['makes a memfd', 'syscall(SYS_memfd_create, "code", 0);', 'memfd_create code'],
  ['traces', 'ptrace(PTRACE_TRACEME, 0, 0, 0);', 'ptrace'],
  ['reads another process', 'syscall(SYS_process_vm_readv, 1, 0, 0, 0, 0, 0);', 'process_vm_readv 1'],
  ['raises limits', 'struct rlimit r = {9999999, 9999999}; setrlimit(RLIMIT_NOFILE, &r);', 'prlimit64'],
  ['kills its parent', 'kill(getppid(), SIGKILL);', 'kill 0'],
  ['maps 100 GB', 'mmap(0, 100ul << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);', 'mmap'],
  ['hides', 'prctl(PR_SET_DUMPABLE, 0);', 'prctl'],
  ['makes a namespace', 'unshare(0x10000000);', 'unshare'],
  ['installs a filter', 'syscall(SYS_seccomp, 1, 0, 0);', 'seccomp'],
  ['moves elsewhere', 'if (chdir("/") < 0) return;', 'chdir /'],
  ['plays with descriptors of others', 'fcntl(1, F_SETOWN, 1);', 'fcntl'],
];

describeWith(['cc'], 'the profile c', () => {
  const directory = workspace();
  let counter = 0;
  const atStart = (body: string) => {
    counter += 1;
    const source = `${HEAD}void start_up(void) { ${body} }\n__attribute__((constructor)) static void begin(void) { start_up(); }`;
    return compileC(directory, `case${counter}`, source, ['-w', '-pthread']);
  };

  it.each(REFUSED)('a constructor that %s is a finding that names it', async (_title, body, subject) => {
    const namespaced = await load(atStart(body));
    const expected = subject.startsWith('kill') && !namespaced.evidence.isolation?.processNamespace ? 'kill' : subject;
    expect(namespaced.findings).toMatchObject([
      { rule: 'load/denied-syscall', symbol: 'start_up', subject: expect.stringMatching(expected) },
    ]);
    expect(namespaced.evidence.result).toBe('loaded');
  });

  const INNOCENT: readonly (readonly [string, string])[] = [
    ['memory and clocks', 'free(malloc(1 << 24)); struct timespec t; clock_gettime(CLOCK_REALTIME, &t); time(0);'],
    [
      'randomness',
      'char b[16]; syscall(SYS_getrandom, b, 16, 0); int fd = open("/dev/urandom", O_RDONLY); read(fd, b, 16); close(fd);',
    ],
    ['a file that is not there', 'if (open("/etc/no-such-plugin.conf", O_RDONLY) >= 0 || errno != ENOENT) abort();'],
    ['its own /proc', 'close(open("/proc/self/maps", O_RDONLY)); close(open("/proc/thread-self/stat", O_RDONLY));'],
    ['system libraries', 'close(open("/usr/lib/os-release", O_RDONLY)); opendir("/usr/lib");'],
    [
      'signals of its own',
      'signal(SIGUSR1, SIG_IGN); raise(SIGUSR1); kill(getpid(), SIGUSR1); pthread_kill(pthread_self(), SIGUSR1);',
    ],
    [
      'threads and their names',
      'pthread_t t; pthread_create(&t, 0, work, 0); pthread_join(t, 0); prctl(PR_SET_NAME, "mine");',
    ],
    [
      'questions',
      'isatty(1); getuid(); sysconf(_SC_NPROCESSORS_ONLN); struct rlimit r; getrlimit(RLIMIT_STACK, &r); access("/etc/shadow", R_OK);',
    ],
    ['/dev/null', 'write(open("/dev/null", O_WRONLY), "x", 1);'],
  ];
  it.each(INNOCENT)('stays silent about %s', async (_title, body) => {
    const source = `${HEAD}#include <dirent.h>\nstatic void *work(void *x) { return x; }\n__attribute__((constructor)) static void begin(void) { ${body} }`;
    counter += 1;
    const { findings, evidence } = await load(compileC(directory, `quiet${counter}`, source, ['-w', '-pthread']));
    expect([findings, evidence.result]).toEqual([[], 'loaded']);
  });

  it('lets a plugin read its own directory, and what the configuration names', async () => {
    const secret = workspaceFile('secret');
    writeFileSync(join(directory, 'greet.conf'), 'hello');
    const source = (path: string) =>
      `${HEAD}#include <dlfcn.h>\n__attribute__((constructor)) static void begin(void) { if (open("${path}", O_RDONLY) < 0) abort(); }`;
    const own = compileC(directory, 'own', source(join(directory, 'greet.conf')), ['-w']);
    expect((await load(own, { directory })).findings).toEqual([]);
    const other = compileC(directory, 'other', source(secret), ['-w']);
    expect(rulesOf(await load(other, { directory }))).toEqual(['error load/denied-syscall', 'error load/crashed']);
    expect((await load(other, { sandbox: { allow: [{ call: 'openat', path: secret }] } })).findings).toEqual([]);
  });
  const elsewhere = workspace();
  function workspaceFile(name: string): string {
    const file = join(elsewhere, name);
    writeFileSync(file, 'secret');
    return file;
  }

  it('has a barrier that a change of the path after the look does not pass', async () => {
    const secret = workspaceFile('guarded');
    const source = `${HEAD}
static char path[256]; static volatile int done;
static void *change(void *x) { while (!done) { strcpy(path, "${secret}"); strcpy(path, "/usr/lib/os-release"); } return x; }
int race(void) {
  pthread_t t; char text[16]; int stolen = 0;
  strcpy(path, "/usr/lib/os-release"); pthread_create(&t, 0, change, 0);
  for (int i = 0; i < 400; i++) {
    int fd = open(path, O_RDONLY);
    if (fd < 0) continue;
    if (read(fd, text, 6) == 6 && memcmp(text, "secret", 6) == 0) stolen++;
    close(fd);
  }
  done = 1; pthread_join(t, 0); return stolen;
}`;
    const { evidence, findings } = await load(compileC(directory, 'race', source, ['-w', '-pthread']), {
      probes: [{ symbol: 'race', signature: 'int(void)' }],
    });
    if (evidence.isolation?.files) expect(evidence.probes).toMatchObject([{ number: 0 }]);
    expect(findings.some(({ rule }) => rule === 'load/probe-failed')).toBe(evidence.isolation?.files === false);
  });

  it('kills calls of 32-bit and x32 programs', async () => {
    if (process.arch !== 'x64') return;
    for (const body of ['syscall(0x40000000 + 39);', '__asm__ volatile("int $0x80" : : "a"(20) : "memory");']) {
      const outcome = await load(atStart(body));
      expect(outcome.evidence.ending).toMatchObject({ how: 'signal', signal: 'SIGSYS' });
    }
  });
});

describeWith(['cc'], 'the profile audit', () => {
  const directory = workspace();

  it('denies what leaves the machine and records the rest', async () => {
    const source = `${HEAD}__attribute__((constructor)) static void begin(void) {
      socket(AF_INET, SOCK_STREAM, 0); syscall(425, 8, page); close(open("/etc/passwd", O_RDONLY)); if (fork() == 0) _exit(0); }`;
    const { findings, evidence } = await load(compileC(directory, 'audit', source, ['-w']), {
      sandbox: { profile: 'audit' },
    });
    expect(findings.map(({ subject }) => subject)).toEqual(['socket inet', 'io_uring_setup']);
    expect(
      evidence.calls.filter(({ object, denied }) => object !== undefined && !denied).map(({ detail }) => detail),
    ).toEqual(['/etc/passwd', 'process']);
  });
});

describe('layers that a system lacks', () => {
  const nothing = { text: '', phases: [], bytes: 0, cut: false };
  const missing = (profile: SandboxProfile, recorded: boolean, landlock: number) => {
    const evidence: LoadEvidence = {
      result: 'loaded',
      isolation: {
        recorded,
        landlock,
        profile,
        kill: false,
        processNamespace: false,
        userNamespace: false,
        systemCalls: recorded,
        files: landlock > 0,
      },
      phases: [],
      objects: [],
      symbols: [],
      probes: [],
      states: [],
      calls: [],
      callCount: 0,
      deniedCount: 0,
      leftovers: [],
      trail: [],
      output: { stdout: nothing, stderr: nothing },
      durationMs: 1,
    };
    return missingLayers(evidence).map(({ severity, subject }) => `${severity} ${subject}`);
  };

  it('are undecided when the profile relies on them', () => {
    expect(missing('c', true, 4)).toEqual([]);
    expect(missing('c', true, 0)).toEqual(['undecided landlock']);
    expect(missing('strict', false, 0)).toEqual(['undecided seccomp']);
    expect(missing('audit', true, 0)).toEqual([]);
    expect(missing('audit', false, 0)).toEqual(['undecided seccomp']);
  });
});
