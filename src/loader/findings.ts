import type { ElfImage } from '../elf/model.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { callFindings } from './call-findings.ts';
import { deniedFindings, missingLayers } from './denied.ts';
import { explain } from './explain.ts';
import { timeoutsOf } from './job.ts';
import type { Constructor, Ending, LoadEvidence, LoadRequest, Phase, ProbeCall } from './model.ts';
import { originFindings } from './origins.ts';
import { during } from './phases.ts';
import { describeSignal } from './signals.ts';

/** What the facts of a load mean. Pure; the order is the order of the phases. */
export function loadFindings(evidence: LoadEvidence, request: LoadRequest, image: ElfImage): readonly Finding[] {
  return [
    ...deniedFindings(evidence, request),
    ...refusal(evidence),
    ...symbolFindings(evidence),
    ...probeFindings(evidence, request),
    ...endingFindings(evidence, request, image),
    ...interferenceFindings(evidence),
    ...leftoverFindings(evidence),
    ...callFindings(evidence),
    ...originFindings(evidence, request, image),
    ...outlivingFindings(evidence),
    ...unloadFindings(evidence),
    ...outputFindings(evidence),
    ...missingLayers(evidence),
  ];
}

function refusal({ error }: LoadEvidence): readonly Finding[] {
  if (error === undefined) return [];
  const { cause, subject, symbol, fix } = explain(error);
  return [finding('load/failed', cause, { subject, symbol, fix, details: error === cause ? undefined : error })];
}

function symbolFindings({ symbols }: LoadEvidence): readonly Finding[] {
  return symbols
    .filter(({ found }) => !found)
    .map(({ name, error }) =>
      finding('load/symbol-missing', `dlsym does not find ${name} in the loaded plugin.`, {
        subject: name,
        symbol: name,
        details: error,
      }),
    );
}

function probeFindings({ probes }: LoadEvidence, request: LoadRequest): readonly Finding[] {
  return probes.flatMap((call, index) => {
    const { symbol } = call;
    if (!call.found) {
      return [
        finding('load/symbol-missing', `The probe ${symbol} is not in the loaded plugin.`, {
          subject: symbol,
          symbol,
          details: call.error,
        }),
      ];
    }
    const complaint = complaintOf(call, request.probes?.[index]?.expect);
    return complaint === undefined ? [] : [finding('load/probe-failed', complaint, { subject: symbol, symbol })];
  });
}

function complaintOf(
  { symbol, signature, number, text }: ProbeCall,
  expect: number | string | undefined,
): string | undefined {
  switch (signature) {
    case 'void(void)':
      return undefined;
    case 'int(void)': {
      const expected = expect ?? 0;
      return number === expected ? undefined : `${symbol}() returned ${number}, expected ${expected}.`;
    }
    case 'const char *(void)':
      if (text === undefined)
        return `${symbol}() returned NULL, expected ${expect === undefined ? 'text' : JSON.stringify(expect)}.`;
      if (expect === undefined || text === expect) return undefined;
      return `${symbol}() returned ${JSON.stringify(text)}, expected ${JSON.stringify(expect)}.`;
  }
}

function probeOf(ending: Ending, request: LoadRequest): string | undefined {
  return ending.phase === 'probe' ? request.probes?.[ending.index ?? 0]?.symbol : undefined;
}

function endingFindings(evidence: LoadEvidence, request: LoadRequest, image: ElfImage): readonly Finding[] {
  const { ending } = evidence;
  if (evidence.result === 'supervisor-lost') return [supervisorLost(evidence)];
  if (ending === undefined || ending.expected) return [];
  const when = during(ending.phase, probeOf(ending, request));
  const subject = ending.phase;
  switch (ending.how) {
    case 'exit': {
      // A closed channel makes the loader's own code end the process; that finding is enough.
      if (evidence.interference?.closed) return [];
      const last = ending.phase === 'open' ? unfinished(evidence) : undefined;
      const by = last?.function === undefined ? '' : `, in the constructor ${placeOf(last)}`;
      return [
        finding('load/exited', `It ended the process with exit code ${ending.code ?? 0} ${when}${by}.`, {
          subject,
          symbol: last?.function,
          location: last?.location,
        }),
      ];
    }
    case 'signal':
      return [crashed(evidence, ending, when, image)];
    case 'stopped':
      return [
        finding(
          'load/timeout',
          `It stopped its own process with ${ending.signal ?? 'a signal'} ${when}; a host would stand still.`,
          {
            subject,
            fix: 'Do not raise stop signals in library code.',
          },
        ),
      ];
    case 'timeout': {
      const limit = timeoutOf(ending.phase, request);
      const stuck = ending.phase === 'open' ? unfinished(evidence) : undefined;
      const where = stuck?.function === undefined ? '' : `, in the constructor ${placeOf(stuck)}`;
      return [
        finding('load/timeout', `It did not come back within ${limit} ms ${when}${where}.`, {
          subject,
          symbol: stuck?.function,
          location: stuck?.location,
        }),
      ];
    }
    case 'cancelled':
      return [finding('load/timeout', `Loading was stopped from outside ${when}.`, { subject, severity: 'undecided' })];
    case 'interfered':
    case 'denied':
      return [];
  }
}

/** The constructor that was begun last and did not return. */
function unfinished({ constructors = [] }: LoadEvidence): Constructor | undefined {
  return constructors.findLast(({ durationMs }) => durationMs === undefined);
}

function placeOf({ function: name, location }: Constructor): string {
  return location === undefined ? `${name}` : `${name} (${location.file}:${location.line})`;
}

function timeoutOf(phase: Phase, request: LoadRequest): number {
  const timeouts = timeoutsOf(request);
  switch (phase) {
    case 'start':
    case 'open':
    case 'swap':
      return timeouts.open;
    case 'symbols':
      return timeouts.symbol;
    case 'probe':
      return timeouts.probe;
    case 'close':
      return timeouts.close;
    case 'exit':
      return timeouts.exit;
  }
}

function supervisorLost({ phases }: LoadEvidence): Finding {
  const phase = phases.at(-1)?.phase ?? 'start';
  return finding(
    'load/supervisor-lost',
    `The process that watches the plugin was killed ${during(phase, undefined)}.`,
    {
      subject: phase,
    },
  );
}

function crashed(evidence: LoadEvidence, ending: Ending, when: string, image: ElfImage): Finding {
  const signal = ending.signal ?? 'a signal';
  const { crash } = evidence;
  const threads = evidence.states.findLast(({ phase }) => phase !== 'close')?.threads ?? 1;
  const parts = [`It crashed with ${describeSignal(signal)} ${when}`];
  const told = crash !== undefined && crash.phase === ending.phase ? crash : undefined;
  const stage = ending.phase === 'open' ? stageText(told?.stage) : undefined;
  if (stage !== undefined) parts.push(stage);
  const place = told?.function ?? told?.callerOffset ?? told?.offset;
  if (told?.function !== undefined) parts.push(`in ${told.function}`);
  if (told?.location !== undefined) parts.push(`${told.location.file}:${told.location.line}`);
  const message = `${parts.join(', ')}.`;
  const unloading = isUnloading(ending.phase) && threads > 1;
  return finding('load/crashed', message, {
    subject: ending.phase,
    symbol: told?.function,
    location: told?.location,
    ...(unloading ? threadSeverity(evidence) : {}),
    ...fixOf(signal, told?.stage, ending.phase, threads, image),
    details:
      told === undefined || place === undefined
        ? undefined
        : `instruction ${told.object ?? '?'}+${told.offset ?? '?'}, address ${told.address}${told.callerOffset === undefined ? '' : `, called from the plugin at ${told.callerOffset}`}`,
  });
}

/**
 * What a probe started, the host may end by a function that is not called here; what was started by loading alone, nobody asked
 * for, and nobody knows that it must be ended.
 */
function threadSeverity({ states }: LoadEvidence): { readonly severity?: 'warning' } {
  const opened = states.find(({ phase }) => phase === 'open')?.threads ?? 1;
  return opened > 1 ? {} : { severity: 'warning' };
}

function outlivingFindings(evidence: LoadEvidence): readonly Finding[] {
  const { outliving, ending } = evidence;
  // That it crashed on that account says the same.
  if (outliving === undefined || outliving.threads === 0 || ending?.how === 'signal') return [];
  const { threads, function: name, location } = outliving;
  const what = threads === 1 ? 'A thread of it has' : `${threads} threads of it have`;
  const line = location === undefined ? '' : ` (${location.file}:${location.line})`;
  const where = name === undefined ? 'code' : `${name}${line}`;
  return [
    finding('load/thread-outlives', `${what} still to return into ${where}, which dlclose has taken away.`, {
      subject: 'threads',
      symbol: name,
      location,
      ...threadSeverity(evidence),
    }),
  ];
}

/** Threads of an unloaded plugin crash when they next run, which can be after dlclose has returned. */
function isUnloading(phase: Phase): boolean {
  return phase === 'close' || phase === 'exit';
}

function stageText(stage: 'relocating' | 'relocated' | 'unknown' | undefined): string | undefined {
  if (stage === 'relocating') return 'before any constructor (relocation or an IFUNC resolver)';
  if (stage === 'relocated') return 'in a constructor';
  return undefined;
}

function fixOf(
  signal: string,
  stage: string | undefined,
  phase: Phase,
  threads: number,
  image: ElfImage,
): { readonly fix?: string } {
  if (signal === 'SIGKILL') {
    return { fix: 'Look for kill() in the plugin; if the machine ran out of memory, run the check again with more.' };
  }
  if (isUnloading(phase) && threads > 1) {
    const count = threads === 2 ? 'a thread' : `${threads - 1} threads`;
    return {
      fix: `It had ${count} of its own running when it was unloaded, and their code went away: end and join them in a destructor or in a function that the host calls before dlclose.`,
    };
  }
  if (phase === 'open' && stage === 'relocating' && image.relocations.ifunc > 0) {
    return {
      fix: 'An IFUNC resolver runs before relocation is complete: it must not call functions of other libraries or read relocated data.',
    };
  }
  return {};
}

function interferenceFindings(evidence: LoadEvidence): readonly Finding[] {
  const { interference, states } = evidence;
  const findings: Finding[] = [];
  if (interference?.closed) {
    findings.push(
      finding(
        'load/interfered',
        'It closed descriptors that it did not open, among them the one that the loader works with.',
        {
          subject: 'descriptors',
        },
      ),
    );
  }
  if (interference !== undefined && interference.messages > 0) {
    findings.push(
      finding(
        'load/interfered',
        `It wrote ${interference.messages} times to a descriptor that belongs to its loader.`,
        {
          subject: 'channel',
        },
      ),
    );
  }
  if (states.some(({ position }) => position === 'elsewhere')) {
    findings.push(
      finding(
        'load/interfered',
        "The loader's own thread does not wait where its code waits: the plugin took over its flow of control.",
        {
          subject: 'control flow',
        },
      ),
    );
  }
  return findings;
}

function leftoverFindings({ leftovers }: LoadEvidence): readonly Finding[] {
  if (leftovers.length === 0) return [];
  const names = [...new Set(leftovers.map(({ name }) => name))].slice(0, 5).join(', ');
  const count = leftovers.length === 1 ? 'a process' : `${leftovers.length} processes`;
  return [
    finding('load/leftover-process', `It left ${count} running (${names}) after its own process had ended.`, {
      subject: 'processes',
    }),
  ];
}

function unloadFindings({ unload }: LoadEvidence): readonly Finding[] {
  if (unload === undefined || !unload.mapped) return [];
  const reasons = unload.reasons.length === 0 ? 'the reason is not known' : unload.reasons.join('; ');
  return [finding('load/not-unloaded', `It is still in memory after dlclose: ${reasons}.`, { subject: 'dlclose' })];
}

function outputFindings({ output }: LoadEvidence): readonly Finding[] {
  return (['stdout', 'stderr'] as const).flatMap((stream) => {
    const { bytes, text, phases } = output[stream];
    if (bytes === 0) return [];
    const when = [...new Set(phases.map(({ phase }) => phase))].join(', ');
    const name = stream === 'stdout' ? 'standard output' : 'standard error';
    return [
      finding('load/output', `It printed ${bytes} bytes to ${name} (${when}).`, {
        subject: stream,
        details: text.slice(-2000),
      }),
    ];
  });
}
