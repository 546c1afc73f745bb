import type { RuleId } from '../rules/catalogue.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { SCRATCH } from './evidence.ts';
import type { LoadEvidence, RecordedCall } from './model.ts';
import { objectFindings } from './object-findings.ts';
import { isSecret } from './secrets.ts';

const MOST_LINES = 20;
const MOST_NAMES = 3;

/** Terminals and sinks: nothing is kept in them. */
const SINK = /^\/dev\/(null|zero|full|tty|stdin|stdout|stderr|fd\/\d+)$|^\/dev\/shm\/|^\/proc\/(self|thread-self)\//;

const SIGNALS = new Set(['kill', 'tkill', 'tgkill', 'rt_sigqueueinfo', 'rt_tgsigqueueinfo', 'pidfd_send_signal']);
const OTHERS = new Set([...SIGNALS, 'ptrace', 'process_vm_readv', 'process_vm_writev', 'pidfd_getfd']);
const WITHOUT_NAME = new Set(['memfd_create', 'memfd_secret']);
const PROGRAMS = new Set(['execve', 'execveat']);
const PRIVILEGED = new Set([
  'mount',
  'umount2',
  'chroot',
  'unshare',
  'setns',
  'bpf',
  'perf_event_open',
  'init_module',
  'finit_module',
  'add_key',
  'keyctl',
  'setuid',
  'setgid',
  'reboot',
  'io_uring_setup',
]);

interface Kind {
  readonly rule: RuleId;
  readonly severity?: 'note';
  /** Other profiles let this through only where the configuration allows it by name. */
  readonly onlyAudit?: true;
  readonly matches: (call: RecordedCall) => boolean;
  readonly message: (subjects: string) => string;
}

const KINDS: readonly Kind[] = [
  {
    rule: 'load/starts-program',
    matches: ({ name }) => PROGRAMS.has(name),
    message: (subjects) => `It starts programs without being asked: ${subjects}.`,
  },
  {
    rule: 'load/network',
    matches: ({ name, detail }) => (name === 'connect' || name === 'bind') && !/^(unix:|family )/.test(detail),
    message: (subjects) => `It uses the network without being asked: ${subjects}.`,
  },
  {
    rule: 'load/writes-file',
    matches: ({ writes, detail }) => writes && isOutside(detail),
    message: (subjects) => `It writes files without being asked: ${subjects}.`,
  },
  {
    rule: 'load/other-process',
    matches: ({ name, own }) => OTHERS.has(name) && own !== true,
    message: (subjects) => `It signals or reads other processes: ${subjects}.`,
  },
  {
    rule: 'load/reads-secret',
    onlyAudit: true,
    matches: ({ detail, file, found }) => found !== false && isSecret(file ?? detail),
    message: (subjects) => `It opens files that hold secrets: ${subjects}.`,
  },
  {
    rule: 'load/writes-file',
    severity: 'note',
    onlyAudit: true,
    matches: ({ name }) => WITHOUT_NAME.has(name),
    message: (subjects) => `It makes files in memory that have no place in the file system: ${subjects}.`,
  },
  {
    rule: 'load/privileged-call',
    matches: ({ name }) => PRIVILEGED.has(name),
    message: (subjects) => `It makes system calls that change the process or the system: ${subjects}.`,
  },
];

/**
 * What the recorded system calls mean. Only calls outside of probes count: what a host asks a plugin to do, it may do; what
 * it does by being loaded or unloaded, nobody asked for. What was denied is told of elsewhere (denied.ts).
 */
export function callFindings({ calls, isolation }: LoadEvidence): readonly Finding[] {
  const unasked = calls
    .filter(({ phase, denied }) => phase !== 'probe' && !denied)
    .filter(({ name }) => {
      // Other profiles let through only what a process sends to itself.
      return !SIGNALS.has(name) || (isolation?.profile ?? 'audit') === 'audit';
    });
  const isAudit = (isolation?.profile ?? 'audit') === 'audit';
  const findings = KINDS.filter(({ onlyAudit }) => isAudit || onlyAudit !== true).flatMap(
    ({ rule, severity, matches, message }) => {
      const found = unasked.filter(matches);
      const [first] = found;
      if (first === undefined) return [];
      const subjects = [...new Set(found.map(subjectOf))];
      const shown = subjects.slice(0, MOST_NAMES).join(', ');
      const more = subjects.length > MOST_NAMES ? ` and ${subjects.length - MOST_NAMES} more` : '';
      return [
        finding(rule, message(`${shown}${more}`), {
          subject: subjectOf(first),
          symbol: first.function,
          details: found.slice(0, MOST_LINES).map(lineOf).join('\n'),
          ...(severity === undefined ? {} : { severity }),
        }),
      ];
    },
  );
  return [...findings, ...objectFindings(calls)];
}

function subjectOf({ name, detail, file }: RecordedCall): string {
  if (file !== undefined && isSecret(file)) return file;
  if (PRIVILEGED.has(name) || detail === '' || /^0x/.test(detail)) return name;
  return OTHERS.has(name) ? `${name} ${detail}` : detail;
}

/** `open: connect 10.0.0.1:443, called by start_up (at 0x1251)` */
function lineOf({ phase, name, detail, callerOffset, function: caller }: RecordedCall): string {
  const by = caller === undefined ? '' : ` by ${caller}`;
  const at = callerOffset === undefined ? '' : `, called${by} at ${callerOffset} of the plugin`;
  return `${phase}: ${name} ${detail}${at}`;
}

/** Relative paths lie in the plugin's own working directory, unless they climb. */
function isOutside(path: string): boolean {
  if (SINK.test(path)) return false;
  if (path.startsWith(SCRATCH)) return false;
  return path.startsWith('/') || path.split('/').includes('..');
}
