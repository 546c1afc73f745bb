import { constructorsOf } from '../../loader/constructors.ts';
import { countField, type LoaderEvent, textField } from '../../loader/event.ts';
import { readLinkerTrail } from '../../loader/linker-trail.ts';
import { makeStage, type Stage } from '../../loader/stage.ts';
import { toTrail } from '../../loader/trail.ts';
import { findProgram } from '../../process/which.ts';
import { probeFindings } from './findings.ts';
import { compileHost, type ProbeHost } from './host.ts';
import type {
  GoProbeEvidence,
  GoProbeOutcome,
  GoProbePhase,
  GoProbeRequest,
  GoProbeResult,
  ProbedType,
} from './model.ts';
import { probesOf } from './probes.ts';
import { type HostRun, runHost } from './run.ts';
import { findToolchain } from './toolchain.ts';

const STANDARD_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const SYMBOLS_MS = 10_000;
const LONGEST_OUTPUT = 64 * 1024;

/**
 * Opens a Go plugin for real in a Go host that is compiled as the plugin was, lists its symbols and calls its probe.
 * Nothing of the plugin runs in this process, and nothing of it is left when this returns. What the host reports is told by
 * the process in which the plugin runs; how that ended is seen from outside.
 * @throws EnvironmentError when there is no place for files
 */
export async function probeGoPlugin(request: GoProbeRequest): Promise<GoProbeOutcome> {
  const host = await hostFor(request);
  if (typeof host === 'string') return outcome({ ...NOTHING, result: 'no-host', reason: host }, request);
  const { file, bytes, directory } = request;
  // An emulator is a program with a dynamic linker of its own.
  const auditLibrary = request.emulator === undefined ? request.auditLibrary : undefined;
  const stage = makeStage({ file, bytes, ...(directory === undefined ? {} : { directory }) }, host.bytes, auditLibrary);
  try {
    const ran = await runHost(
      [...(request.emulator ?? []), stage.loader, stage.plugin, ...probesOf(request).map(({ symbol }) => symbol)],
      stage.scratch,
      hostEnvironment(stage),
      { open: request.openMs, symbols: SYMBOLS_MS, probe: request.probeMs },
    );
    const shortened = (text: string): string =>
      text.replaceAll(stage.plugin, file).replaceAll(stage.scratch, '<scratch>').slice(-LONGEST_OUTPUT);
    return {
      ...outcome(evidenceOf(ran, host, request, shortened), request),
      trail: trailOf(ran, stage, shortened),
      started: ran.started,
    };
  } finally {
    stage.remove();
  }
}

/** The environment of a host: nothing is inherited. */
export function hostEnvironment({ scratch, audit }: Stage): Readonly<Record<string, string>> {
  return {
    LC_ALL: 'C',
    PATH: STANDARD_PATH,
    HOME: scratch,
    TMPDIR: scratch,
    // All goroutines in the trace, not only the one that panicked.
    GOTRACEBACK: 'all',
    ...(audit === undefined ? {} : { LD_AUDIT: audit.library, PLUGIN_GATE_TRAIL: audit.trail }),
  };
}

/** What the host reported is told from inside its process, as what the dynamic linker told. */
function trailOf({ events, started }: HostRun, { audit }: Stage, shorten: (text: string) => string) {
  const linker = audit === undefined ? undefined : readLinkerTrail(audit.trail);
  const constructors = constructorsOf(linker, '');
  return toTrail({ events, linker, constructors, started, shorten }).map((entry) => ({
    ...entry,
    in: 'go-host' as const,
  }));
}

const NOTHING = { symbols: [], types: [], stdout: '', stderr: '' } as const;

function outcome(evidence: GoProbeEvidence, request: GoProbeRequest): GoProbeOutcome {
  return { evidence, findings: probeFindings(evidence, request) };
}

/** @returns the reason, for a person, when there is no host for a plugin */
export async function hostFor(
  request: Pick<GoProbeRequest, 'go' | 'architecture' | 'compiler' | 'environment'>,
): Promise<ProbeHost | string> {
  const compiler = request.compiler ?? 'gcc';
  if (findProgram(compiler, request.environment.PATH, '/') === undefined) {
    return `a Go host needs the C compiler ${compiler}, which is not on the PATH`;
  }
  const command = await findToolchain(request.go, request.environment);
  if (typeof command === 'string') return command;
  const host = await compileHost(command, request.go, request.architecture, request.compiler);
  return typeof host === 'string' ? `the Go host could not be compiled: ${host}` : host;
}

function evidenceOf(
  ran: HostRun,
  host: ProbeHost,
  request: GoProbeRequest,
  shortened: (text: string) => string,
): GoProbeEvidence {
  const { events } = ran;
  const one = (name: string): LoaderEvent | undefined => events.find(({ event }) => event === name);
  const error = textOf(one('refused'), 'error');
  const goroutines = Number(textOf(one('opened'), 'goroutines') ?? 0);
  const phase = phaseOf(events);
  const openMs = ran.phaseMs.get('open');
  const toolchain = textOf(one('start'), 'toolchain');
  return {
    result: ran.broken === undefined ? resultOf(ran) : 'no-host',
    ...(ran.broken === undefined ? {} : { reason: `the Go host cannot be started: ${ran.broken}` }),
    ...(toolchain === undefined ? {} : { toolchain }),
    flags: host.flags,
    ...(phase === undefined ? {} : { phase }),
    symbols: symbolsOf(events),
    types: events.filter(({ event }) => event === 'type').map(typeOf),
    ...(goroutines > 0 ? { goroutines } : {}),
    ...probeEvidence(events, request),
    ...(error === undefined ? {} : { error: shortened(error) }),
    ...(ran.exitCode === null ? {} : { exitCode: ran.exitCode }),
    ...(ran.signal === null ? {} : { signal: ran.signal }),
    stdout: shortened(ran.stdout),
    stderr: shortened(ran.stderr),
    ...(openMs === undefined ? {} : { openMs: Math.round(openMs * 1000) / 1000 }),
    compileMs: host.compileMs,
  };
}

/** A Go program that panics or that its runtime stops ends with exit code 2 (runtime/panic.go). */
function resultOf({ events, exitCode, signal, stderr, timedOut }: HostRun): GoProbeResult {
  if (timedOut) return 'timeout';
  const done = events.some(({ event }) => event === 'done');
  if (done && exitCode === 0) return events.some(({ event }) => event === 'refused') ? 'refused' : 'opened';
  if (signal !== null) return 'crashed';
  return exitCode === 2 && /^(?:panic|fatal error|SIG[A-Z]+): /m.test(stderr) ? 'crashed' : 'exited';
}

function phaseOf(events: readonly LoaderEvent[]): GoProbePhase | undefined {
  const name = textOf(
    events.findLast(({ event }) => event === 'begin'),
    'phase',
  );
  return name === 'open' || name === 'symbols' || name === 'probe' ? name : undefined;
}

function textOf(event: LoaderEvent | undefined, name: string): string | undefined {
  return event === undefined ? undefined : textField(event, name);
}

function symbolsOf(events: readonly LoaderEvent[]): GoProbeEvidence['symbols'] {
  return events
    .filter(({ event }) => event === 'symbol')
    .map((event) => ({
      name: textField(event, 'name') ?? '',
      kind: textField(event, 'kind') === 'func' ? ('func' as const) : ('var' as const),
      type: textField(event, 'type') ?? '',
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function typeOf(event: LoaderEvent): ProbedType {
  const { layout } = event.fields;
  return {
    symbol: textField(event, 'symbol') ?? '',
    name: textField(event, 'name') ?? '',
    package: textField(event, 'package') ?? '',
    size: countField(event, 'size') ?? 0,
    layout: Array.isArray(layout) ? layout.filter((line) => typeof line === 'string') : [],
  };
}

function probeEvidence(events: readonly LoaderEvent[], request: GoProbeRequest): Partial<GoProbeEvidence> {
  const [first, ...more] = probesOf(request).map(({ symbol }) => ({
    symbol,
    ...probeOf(events.find((event) => event.event === 'probe' && textField(event, 'name') === symbol)),
  }));
  return { ...(first === undefined ? {} : { probe: first }), ...(more.length === 0 ? {} : { moreProbes: more }) };
}

function probeOf(event: LoaderEvent | undefined): Omit<NonNullable<GoProbeEvidence['probe']>, 'symbol'> {
  const signature = textOf(event, 'signature');
  if (event === undefined || signature === undefined) return {};
  const number = textField(event, 'number');
  const text = textField(event, 'text');
  const error = textField(event, 'error');
  return {
    signature,
    ...(number === undefined ? {} : { number: Number(number) }),
    ...(text === undefined ? {} : { text }),
    ...(error === undefined ? {} : { error }),
  };
}
