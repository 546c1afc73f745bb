import type { ElfImage } from '../elf/model.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { timeoutsOf } from './job.ts';
import type { Constructor, Ending, LoadEvidence, LoadRequest, Phase } from './model.ts';
import { during } from './phases.ts';
import { describeSignal } from './signals.ts';
import { threadSeverity } from './thread-findings.ts';

function probeOf(ending: Ending, request: LoadRequest): string | undefined {
  return ending.phase === 'probe' ? request.probes?.[ending.index ?? 0]?.symbol : undefined;
}

/** How the process ended, when that was not by the command to do so. */
export function endingFindings(evidence: LoadEvidence, request: LoadRequest, image: ElfImage): readonly Finding[] {
  const { ending } = evidence;
  if (evidence.result === 'supervisor-lost') return [supervisorLost(evidence)];
  if (ending === undefined || ending.expected) return [];
  const when = during(ending.phase, probeOf(ending, request));
  const subject = ending.phase;
  switch (ending.how) {
    case 'exit': {
      // A channel that is closed, or that no longer waits, makes the loader's own code end the process; that finding is enough.
      if (evidence.interference?.closed || evidence.interference?.unblocked) return [];
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
