import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import type { GoProbe, GoProbeCall, GoProbeEvidence, GoProbeRequest } from './model.ts';
import { probesOf } from './probes.ts';

const LONGEST_TRACE = 8000;
/** What plugin.Open says when the host was not compiled as the plugin was. */
const OTHER_BUILD = /plugin was built with a different version of package (\S+)/;

/** What came of it, as findings of the load step. */
export function probeFindings(evidence: GoProbeEvidence, request: GoProbeRequest): readonly Finding[] {
  switch (evidence.result) {
    case 'no-host':
      return [notRun(evidence.reason ?? 'no host could be made')];
    case 'refused':
      return [refused(evidence)];
    case 'crashed':
      return [crashed(evidence)];
    case 'exited': {
      const message = `It ended the process with exit code ${evidence.exitCode ?? 0} ${during(evidence)}.`;
      return [finding('load/exited', message, { subject: subjectOf(evidence), ...details(evidence) })];
    }
    case 'timeout': {
      const limit = evidence.phase === 'probe' ? request.probeMs : request.openMs;
      const message = `It did not come back within ${limit} ms ${during(evidence)}.`;
      return [finding('load/timeout', message, { subject: subjectOf(evidence), ...details(evidence) })];
    }
    // What was seen from outside says it (loader/hosted.ts).
    case 'stopped':
    case 'interfered':
    case 'denied':
    case 'supervisor-lost':
      return [];
    case 'opened':
      return [
        ...missingSymbols(evidence, request),
        ...probeResults(evidence, request),
        ...goroutines(evidence),
        ...printed(evidence),
      ];
  }
}

/** The plugin was not opened in a Go host. */
export function notRun(reason: string): Finding {
  return finding('load/go-host-missing', `Its Go code did not run: ${reason}.`, { subject: 'go' });
}

function refused({ error = '' }: GoProbeEvidence): Finding {
  const named = OTHER_BUILD.exec(error)?.[1];
  if (named === undefined)
    return finding('load/failed', `plugin.Open refuses it: ${error}`, { subject: 'plugin.Open' });
  const reason = `the Go of this machine is not what built it: compiled with the same flags, the standard library differs here (${named})`;
  return { ...notRun(reason), details: error };
}

/** The probe that did not come back is the first that has no result. */
function during({ phase, probe, moreProbes = [] }: GoProbeEvidence): string {
  switch (phase) {
    case 'probe': {
      const all = probe === undefined ? moreProbes : [probe, ...moreProbes];
      return `in the probe ${(all.find(({ signature }) => signature === undefined) ?? probe)?.symbol ?? ''}`.trimEnd();
    }
    case 'symbols':
      return 'while its symbols were looked up';
    case 'open':
    case undefined:
      return 'in plugin.Open, where its init functions run';
  }
}

function subjectOf({ phase }: GoProbeEvidence): string {
  return phase ?? 'open';
}

function crashed(evidence: GoProbeEvidence): Finding {
  const { stderr, signal } = evidence;
  const cause =
    /^(?:panic|fatal error): .*$/m.exec(stderr)?.[0] ?? (signal === undefined ? undefined : `ended by ${signal}`);
  const message = `It crashed ${during(evidence)}: ${cause ?? 'the runtime gave up'}.`;
  return finding('load/crashed', message, { subject: subjectOf(evidence), ...details(evidence) });
}

/** From the panic on, so that the goroutine that caused it comes first. */
function details({ stderr }: GoProbeEvidence): { readonly details?: string } {
  const start = stderr.search(/^(?:panic|fatal error|SIGQUIT|goroutine \d+ )/m);
  const text = (start < 0 ? stderr.slice(-LONGEST_TRACE) : stderr.slice(start, start + LONGEST_TRACE)).trim();
  return text === '' ? {} : { details: text };
}

function missingSymbols({ symbols }: GoProbeEvidence, request: GoProbeRequest): readonly Finding[] {
  const there = new Set(symbols.map(({ name }) => name));
  return request.symbols
    .filter((name) => !there.has(name))
    .map((name) =>
      finding('load/symbol-missing', `plugin.Lookup does not find ${name} in the opened plugin.`, {
        subject: name,
        symbol: name,
        fix: 'Declare it in package main, exported (with a capital letter); methods and constants cannot be looked up.',
      }),
    );
}

function probeResults(evidence: GoProbeEvidence, request: GoProbeRequest): readonly Finding[] {
  const calls = [...(evidence.probe === undefined ? [] : [evidence.probe]), ...(evidence.moreProbes ?? [])];
  return probesOf(request).flatMap((wanted, index) => probeResult(wanted, calls[index], evidence));
}

function probeResult(
  { symbol, expect }: GoProbe,
  probe: GoProbeCall | undefined,
  { symbols }: GoProbeEvidence,
): readonly Finding[] {
  const about = { subject: symbol, symbol };
  if (!symbols.some(({ name }) => name === symbol)) {
    return [finding('load/symbol-missing', `The probe ${symbol} is not in the opened plugin.`, about)];
  }
  if (probe?.signature === undefined) {
    const type = symbols.find(({ name }) => name === symbol)?.type ?? 'unknown';
    const message = `The probe ${symbol} is ${type}; func() error, func() int, func() string or func() can be called.`;
    return [finding('load/probe-failed', message, about)];
  }
  const complaint = complaintOf(probe, expect);
  return complaint === undefined ? [] : [finding('load/probe-failed', `${symbol}() ${complaint}.`, about)];
}

function complaintOf(
  { signature, number, text, error }: GoProbeCall,
  expect: number | string | undefined,
): string | undefined {
  switch (signature) {
    case 'func() error':
      return error === undefined ? undefined : `returned the error ${JSON.stringify(error)}`;
    case 'func() int':
      return number === (expect ?? 0) ? undefined : `returned ${number}, expected ${expect ?? 0}`;
    case 'func() string':
      return expect === undefined || text === expect
        ? undefined
        : `returned ${JSON.stringify(text)}, expected ${JSON.stringify(expect)}`;
    default:
      return undefined;
  }
}

function goroutines({ goroutines: count = 0 }: GoProbeEvidence): readonly Finding[] {
  if (count <= 0) return [];
  const what = count === 1 ? 'a goroutine' : `${count} goroutines`;
  return [finding('go/init-goroutines', `Its init functions leave ${what} running.`, { subject: 'init' })];
}

function printed(evidence: GoProbeEvidence): readonly Finding[] {
  return (['stdout', 'stderr'] as const).flatMap((stream) => {
    const text = evidence[stream];
    if (text === '') return [];
    const name = stream === 'stdout' ? 'standard output' : 'standard error';
    const message = `It printed ${Buffer.byteLength(text)} bytes to ${name} in the Go host.`;
    return [finding('load/output', message, { subject: stream, details: text.slice(-2000) })];
  });
}
