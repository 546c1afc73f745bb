import type { LoadRequest, Probe } from '../../src/loader/model.ts';
import type { SandboxProfile } from '../../src/loader/sandbox.ts';
import { MISBEHAVING } from '../loader/misbehaving.ts';
import {
  ALLOWED,
  FORBIDDEN,
  FORBIDDEN_DESCRIPTORS,
  HEAD,
  INNOCENT,
  innocent,
  REFUSED,
  refused,
  STRICT,
} from '../loader/sandboxed.ts';

/** A plugin that is loaded on a machine, and how. */
export interface Case {
  readonly name: string;
  readonly source: string;
  readonly language?: 'c++';
  readonly flags?: readonly string[];
  readonly request?: Partial<LoadRequest>;
  /** Source of the release before: then a swap is rehearsed too. */
  readonly previous?: string;
  /** Source of the library libneeded.so in the directory evil/ beside the plugin. */
  readonly needed?: string;
  /** Bytes of the file that are kept. */
  readonly keep?: number;
}

/** What reachesOut writes. */
export const OUTSIDE = '/tmp/plugin-gate-outside';

/** Long enough for an emulated machine, short enough for those that wait for ever. */
const TIMEOUTS = { open: 2000, close: 2000, probe: 2000, exit: 2000 };

/** Those that are waited for until the time is up; others have the gate's own time, as a busy machine is slow. */
const WAITING: readonly string[] = ['hangs', 'spins', 'closesDescriptors', 'killsParent', 'killsParentWithDaemon'];

/** Those that do harm only where little is denied. */
const AUDITED: readonly string[] = [
  'killsParent',
  'killsParentWithDaemon',
  'killsGroup',
  'leavesDaemon',
  'writesToOthers',
  'floodsChannel',
  'changesFile',
  'reachesOut',
];

/** What becomes of these is a matter of speed: a thread that wakes in memory that is gone, a race with the supervisor, thousands of calls. */
const RACES: readonly string[] = ['startsThread', 'playsLoader', 'opensOften'];

function probesOf(name: string): readonly Probe[] {
  if (name !== 'probes') return [];
  return [
    { symbol: 'healthy', signature: 'int(void)' },
    { symbol: 'broken', signature: 'int(void)' },
    { symbol: 'named', signature: 'const char *(void)' },
    { symbol: 'nameless', signature: 'const char *(void)' },
    { symbol: 'crashing', signature: 'int(void)' },
  ];
}

function misbehaving(profile: SandboxProfile, names: (name: string) => boolean): readonly Case[] {
  return Object.entries(MISBEHAVING)
    .filter(([name]) => names(name))
    .map(([name, source]) => ({
      name: `${profile}: ${name}`,
      source,
      request: {
        sandbox: { profile },
        ...(WAITING.includes(name) ? { timeouts: TIMEOUTS } : {}),
        probes: probesOf(name),
        environment: { DAEMON_NAME: 'pg-daemon', OUTSIDE },
      },
    }));
}

function strictProbes(names: readonly string[]): Partial<LoadRequest> {
  return {
    sandbox: { profile: 'strict' },
    probes: names.map((name) => ({ symbol: `do_${name}`, signature: 'int(void)' })),
  };
}

const PLAIN = 'int entry(void) { return 0; }';
const HEALTHY = 'int health(void) { return 0; }';
const health: Partial<LoadRequest> = { probes: [{ symbol: 'health', signature: 'int(void)' }] };

/** What goes wrong at dlopen, one row each. */
const LINKING: readonly Case[] = [
  {
    name: 'a plain plugin',
    source: PLAIN,
    request: { symbols: ['entry', 'nothing'], probes: [{ symbol: 'entry', signature: 'int(void)' }] },
  },
  { name: 'a truncated file', source: `${PLAIN} char block[100000] = {1};`, keep: 60_000 },
  { name: 'a symbol of the host', source: 'extern int host_core; int entry(void) { return host_core; }' },
  {
    name: '8192 bytes of initial-exec TLS',
    source: '__thread char block[8192] __attribute__((tls_model("initial-exec"))); char *entry(void) { return block; }',
  },
  {
    name: '512 bytes of initial-exec TLS',
    source: '__thread char block[512] __attribute__((tls_model("initial-exec"))); char *entry(void) { return block; }',
  },
  { name: 'an executable stack', source: PLAIN, flags: ['-Wl,-z,execstack'] },
  {
    name: 'a text relocation',
    source: `${PLAIN} __asm__(".text\\n.balign 8\\n.quad entry\\n");`,
    flags: ['-Wl,-z,notext'],
  },
  { name: 'NODELETE', source: PLAIN, flags: ['-Wl,-z,nodelete'] },
  {
    name: 'a unique symbol',
    language: 'c++',
    source:
      'template <class T> struct S { static int n; }; template <class T> int S<T>::n = 0; int entry() { return ++S<int>::n; }',
  },
  {
    name: 'a thread-local object with a destructor',
    language: 'c++',
    source:
      'struct D { ~D(); int n = 1; }; D::~D() { n = 0; } thread_local D d; __attribute__((constructor)) static void begin() { d.n = 2; }',
  },
  {
    name: 'a library from RUNPATH',
    source: 'int needed(void); int entry(void) { return needed(); }',
    needed: 'int needed(void) { return 5; }',
    request: { probes: [{ symbol: 'entry', signature: 'int(void)', expect: 5 }] },
  },
  {
    name: 'a library from RUNPATH with a constructor that opens /etc/shadow',
    source: 'int needed(void); int entry(void) { return needed(); }',
    needed: `${HEAD} int needed(void) { return 5; } __attribute__((constructor)) static void planted(void) { open("/etc/shadow", O_RDONLY); }`,
  },
  {
    name: 'a constructor that spins in a signal handler',
    source: `${HEAD} static void spin(int number) { for (;;) (void)number; } __attribute__((constructor)) static void begin(void) { signal(SIGUSR1, spin); raise(SIGUSR1); }`,
    request: { timeouts: TIMEOUTS },
  },
  { name: 'ten cycles', source: PLAIN, request: { cycles: 10 } },
  {
    name: 'ten cycles that leave descriptors',
    source: `${HEAD}__attribute__((constructor)) static void begin(void) { dup(1); }`,
    request: { cycles: 10 },
  },
  { name: 'a swap', source: HEALTHY, previous: HEALTHY, request: health },
  {
    name: 'a swap to a release that is not healthy beside the other',
    source: `#include <stdlib.h>
static int mine;
__attribute__((constructor)) static void begin(void) { if (!getenv("PLUGIN_SLOT")) { setenv("PLUGIN_SLOT", "1", 1); mine = 1; } }
int health(void) { return mine ? 0 : 5; }`,
    previous: HEALTHY.replace(
      'int',
      '#include <stdlib.h>\n__attribute__((constructor)) static void begin(void) { setenv("PLUGIN_SLOT", "1", 1); }\nint',
    ),
    request: health,
  },
  {
    name: 'a swap to a release that opens a socket',
    source: `${HEAD}${HEALTHY} __attribute__((constructor)) static void begin(void) { socket(AF_INET, SOCK_STREAM, 0); }`,
    previous: HEALTHY,
    request: health,
  },
];

/** All cases that every machine goes through. */
export const CASES: readonly Case[] = [
  ...LINKING,
  ...misbehaving('c', (name) => !AUDITED.includes(name) && !RACES.includes(name)),
  ...misbehaving('audit', (name) => AUDITED.includes(name)),
  ...REFUSED.map(([title, body]) => ({ name: `c: a constructor that ${title}`, source: refused(body) })),
  ...INNOCENT.map(([title, body]) => ({ name: `c: ${title}`, source: innocent(body) })),
  { name: 'strict: what it allows', source: STRICT, request: strictProbes(ALLOWED) },
  { name: 'strict: the end of the process', source: STRICT, request: strictProbes(['exit_group']) },
  {
    name: 'strict: what it denies',
    source: STRICT,
    request: strictProbes([...FORBIDDEN, ...FORBIDDEN_DESCRIPTORS.map((name) => `${name}_other`)]),
  },
  {
    name: 'strict, kill: openat',
    source: STRICT,
    request: { ...strictProbes(['openat']), sandbox: { profile: 'strict', mode: 'kill' } },
  },
];
