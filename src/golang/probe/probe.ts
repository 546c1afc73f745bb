import { join } from 'node:path';
import { readElf } from '../../elf/read.ts';
import { installationRoot } from '../../installation.ts';
import { countField, type LoaderEvent, textField } from '../../loader/event.ts';
import { type HostedRun, runHosted } from '../../loader/hosted.ts';
import type { LoadRequest } from '../../loader/model.ts';
import { type Prebuilt, readPrebuilt } from '../../loader/prebuilt.ts';
import { findProgram } from '../../process/which.ts';
import type { GoReading } from '../read.ts';
import { disagreements } from './agreement.ts';
import { probeFindings } from './findings.ts';
import { compileHost, type ProbeHost } from './host.ts';
import type {
  GoProbe,
  GoProbeEvidence,
  GoProbeOutcome,
  GoProbePhase,
  GoProbeRequest,
  GoProbeResult,
  HostProcess,
  ProbedType,
} from './model.ts';
import { probesOf } from './probes.ts';
import { findToolchain } from './toolchain.ts';

const LONGEST_OUTPUT = 64 * 1024;

/**
 * Opens a Go plugin for real in a Go host that is compiled as the plugin was, lists its symbols and calls its probes, all in the
 * sandbox of the native loader. Nothing of the plugin runs in this process, and nothing of it is left when this returns. What
 * the host tells comes from the process in which the plugin runs; what it does is seen from outside.
 * @throws EnvironmentError when there is no place for files, or the loader cannot work here
 */
export async function probeGoPlugin(request: GoProbeRequest): Promise<GoProbeOutcome> {
  const host = await hostFor(request);
  if (typeof host === 'string') return outcome({ ...NOTHING, result: 'no-host', reason: host }, request);
  const { bytes, auditLibrary, emulator } = request;
  const image = request.image ?? readElf(bytes).image;
  if (image === undefined) return outcome({ ...NOTHING, result: 'no-host', reason: 'it is no ELF file' }, request);
  const names = probesOf(request).map(({ symbol }) => symbol);
  const ran = await runHosted({
    request: loadOf(request, calledBy(probesOf(request))),
    image,
    loader: loaderOf(request),
    host: host.bytes,
    unlimited: needsRoom(request.go),
    ...(auditLibrary === undefined ? {} : { auditLibrary }),
    ...(emulator === undefined ? {} : { emulator }),
    words: (plugin) => [plugin, ...names],
  });
  const { findings, evidence } = outcome(evidenceOf(ran, host, request), request);
  // What was seen from outside goes first: it may be why the rest is as it is.
  const others = disagreements(evidence, request.go);
  return {
    findings: [...ran.findings, ...findings, ...others],
    evidence,
    trail: ran.evidence.trail,
    started: ran.started,
  };
}

/** What the native loader is told of the plugin. */
function loadOf(
  { file, bytes, directory, openMs, probeMs, confinement }: GoProbeRequest,
  probes: LoadRequest['probes'],
): LoadRequest {
  return {
    ...confinement,
    file,
    bytes,
    probes,
    ...(directory === undefined ? {} : { directory }),
    timeouts: { open: openMs, probe: probeMs },
  };
}

/** @throws EnvironmentError when the native loader is missing or was changed */
export function loaderOf({ loader, architecture }: Pick<GoProbeRequest, 'loader' | 'architecture'>): Prebuilt {
  const name = architecture === 'arm64' ? 'linux-arm64' : 'linux-amd64';
  return loader ?? readPrebuilt(join(installationRoot(), 'native', 'prebuilt'), name);
}

/** The loader counts probes, and names them in findings; how one is called, the host knows. */
export function calledBy(probes: readonly GoProbe[]): LoadRequest['probes'] {
  return probes.map(({ symbol }) => ({ symbol, signature: 'int(void)' }));
}

/** The race detector and the sanitizers reserve more address space than there is memory. */
export function needsRoom({ build, producer }: GoReading): boolean {
  return ['-race', '-msan', '-asan'].some(
    (flag) => build?.settings.get(flag) === 'true' || producer?.flags.includes(flag) === true,
  );
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

function evidenceOf(ran: HostedRun, host: ProbeHost, request: GoProbeRequest): GoProbeEvidence {
  const { told: events, evidence, shorten } = ran;
  const one = (name: string): LoaderEvent | undefined => events.find(({ event }) => event === name);
  const result = resultOf(ran);
  const goroutines = Number(textOf(one('opened'), 'goroutines') ?? 0);
  const phase = phaseOf(evidence.phases.at(-1)?.phase, result, request);
  const openMs = evidence.phases.find((part) => part.phase === 'open')?.durationMs;
  const toolchain = textOf(one('start'), 'toolchain');
  const { ending, error } = evidence;
  const stderr = ran.stderr.slice(-LONGEST_OUTPUT);
  const reason = `the Go host did not start: ${stderr.trim().slice(0, 1000) || (ending?.signal ?? `exit code ${ending?.code}`)}`;
  return {
    result,
    ...(result === 'no-host' ? { reason } : {}),
    ...(toolchain === undefined ? {} : { toolchain }),
    flags: host.flags,
    ...(phase === undefined ? {} : { phase }),
    symbols: symbolsOf(events),
    types: events.filter(({ event }) => event === 'type').map(typeOf),
    ...(goroutines > 0 ? { goroutines } : {}),
    ...probeEvidence(events, request),
    ...(error === undefined || error === '' ? {} : { error: shorten(error) }),
    ...(ending?.code === undefined ? {} : { exitCode: ending.code }),
    ...(ending?.signal === undefined ? {} : { signal: ending.signal }),
    stdout: ran.stdout.slice(-LONGEST_OUTPUT),
    stderr,
    process: processOf(ran),
    ...(openMs === undefined ? {} : { openMs }),
    compileMs: host.compileMs,
  };
}

function processOf({ evidence }: HostedRun): HostProcess {
  const { isolation, phases, objects, states, calls, callCount, deniedCount, ending, leftovers, interference, audit } =
    evidence;
  return { isolation, phases, objects, states, calls, callCount, deniedCount, ending, leftovers, interference, audit };
}

/** A Go program that panics or that its runtime stops ends with exit code 2 (runtime/panic.go). */
function resultOf({ evidence, stderr }: HostedRun): GoProbeResult {
  const { result, ending, phases } = evidence;
  const began = phases.some(({ phase }) => phase === 'open' || phase === 'swap');
  if (!began && result !== 'supervisor-lost') return 'no-host';
  switch (result) {
    case 'loaded':
      return 'opened';
    case 'exited':
      return ending?.code === 2 && /^(?:panic|fatal error|SIG[A-Z]+): /m.test(stderr) ? 'crashed' : 'exited';
    case 'not-run':
      return 'no-host';
    default:
      return result;
  }
}

/** The phase that was begun last; the end of the process is none of the plugin's. */
function phaseOf(last: string | undefined, result: GoProbeResult, request: GoProbeRequest): GoProbePhase | undefined {
  if (last === 'open' || last === 'symbols' || last === 'probe') return last;
  if (last !== 'exit' || result === 'refused') return last === 'exit' ? 'open' : undefined;
  return probesOf(request).length > 0 ? 'probe' : 'symbols';
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
