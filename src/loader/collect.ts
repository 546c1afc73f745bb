import { callArguments } from './call-arguments.ts';
import { asUtf8, countField, flagField, type LoaderEvent, numberField, textField } from './event.ts';
import type { RecordedStack } from './go-callers.ts';
import {
  type CodeState,
  type Crash,
  type DescriptorChange,
  type Ending,
  type LoadEvidence,
  type LoadRequest,
  PHASES,
  type Phase,
  type PhaseTime,
  type ProbeCall,
  type ProcessState,
  type RecordedCall,
  type SymbolLookup,
} from './model.ts';
import { SANDBOX_PROFILES } from './sandbox.ts';
import { signalName } from './signals.ts';

type Isolation = LoadEvidence['isolation'];

/** The report of the native loader, folded into facts. */
export interface Collected {
  readonly loader?: { readonly machine: string; readonly libc: string; readonly libcVersion?: string };
  /** Nanoseconds of CLOCK_MONOTONIC at which the loader's times begin. */
  readonly started?: bigint;
  /** The check of the file before loading. */
  readonly check?: { readonly loadable: boolean; readonly noexec: boolean; readonly problem?: string };
  readonly isolation?: Isolation;
  readonly phases: readonly PhaseTime[];
  readonly objects: readonly { readonly path: string; readonly phase: Phase }[];
  readonly symbols: readonly SymbolLookup[];
  readonly probes: readonly ProbeCall[];
  readonly states: readonly ProcessState[];
  readonly calls: readonly RecordedCall[];
  /** Of calls in a Go host. */
  readonly stacks: readonly RecordedStack[];
  /** How many calls there were, when the report is complete. */
  readonly callCount?: number;
  readonly deniedCount?: number;
  /** Whether any state could not be observed although the first one could. */
  readonly hidden: boolean;
  /** The stack of a Go host's main thread was elsewhere than before, so where it waited could not be compared. */
  readonly moved: boolean;
  readonly open?: { readonly opened: boolean; readonly error: string };
  readonly close?: { readonly closed: boolean; readonly mapped: boolean };
  readonly printed: readonly { readonly phase: Phase; readonly stream: 'stdout' | 'stderr'; readonly bytes: number }[];
  readonly outliving?: { readonly threads: number; readonly object?: string; readonly callerOffset?: string };
  readonly crash?: Crash;
  readonly ending?: Ending;
  readonly interference?: LoadEvidence['interference'];
  readonly code: readonly CodeState[];
  readonly descriptorChanges: readonly DescriptorChange[];
  readonly leftovers: readonly { readonly process: number; readonly name: string }[];
  /** Milliseconds when the loader was done; absent when its report breaks off. */
  readonly doneMs?: number;
  /** The phase that was begun last. */
  readonly lastPhase: Phase;
}

/** What may be there once may be written once: the report has each of these events at most one time. */
type Draft = {
  -readonly [Key in keyof Collected]: Collected[Key] extends readonly (infer Item)[] ? Item[] : Collected[Key];
};

/**
 * Folds events in their order. Unknown events and fields are passed over, so that a newer loader can say more.
 * Names of symbols and probes are taken from the request, by order: the loader gives them back byte by byte.
 */
export function collect(events: Iterable<LoaderEvent>, request: LoadRequest): Collected {
  const draft: Draft = {
    phases: [],
    objects: [],
    symbols: [],
    probes: [],
    states: [],
    calls: [],
    stacks: [],
    printed: [],
    leftovers: [],
    code: [],
    descriptorChanges: [],
    hidden: false,
    moved: false,
    lastPhase: 'start',
  };
  for (const event of events) fold(draft, event, request);
  return draft;
}

function phaseOf(event: LoaderEvent): { readonly phase: Phase; readonly index?: number } {
  const name = textField(event, 'phase');
  const phase = PHASES.find((known) => known === name) ?? 'start';
  const index = countField(event, 'index');
  return index === undefined ? { phase } : { phase, index };
}

function fold(draft: Draft, event: LoaderEvent, request: LoadRequest): void {
  switch (event.event) {
    case 'loader':
      draft.loader = {
        machine: textField(event, 'machine') ?? 'unknown',
        libc: textField(event, 'libc') ?? 'unknown',
        libcVersion: textField(event, 'libcVersion'),
      };
      draft.started = clockOf(textField(event, 'started'));
      return;
    case 'check':
      draft.check = {
        loadable: flagField(event, 'loadable'),
        noexec: flagField(event, 'noexec'),
        problem: textField(event, 'problem'),
      };
      return;
    case 'isolation':
      draft.isolation = {
        recorded: flagField(event, 'recorded'),
        processNamespace: flagField(event, 'processNamespace'),
        userNamespace: flagField(event, 'userNamespace'),
        systemCalls: flagField(event, 'systemCalls'),
        files: flagField(event, 'files'),
        landlock: countField(event, 'landlock') ?? 0,
        profile: SANDBOX_PROFILES.find((name) => name === textField(event, 'profile')) ?? 'audit',
        kill: flagField(event, 'kill'),
      };
      return;
    case 'begin':
      draft.lastPhase = phaseOf(event).phase;
      draft.phases.push({ ...phaseOf(event), startMs: event.time });
      return;
    case 'end': {
      const begun = draft.phases.pop();
      if (begun !== undefined) draft.phases.push({ ...begun, durationMs: round(event.time - begun.startMs) });
      return;
    }
    case 'object':
      draft.objects.push({ path: textField(event, 'path') ?? '', phase: phaseOf(event).phase });
      return;
    case 'state':
      foldState(draft, event);
      return;
    case 'open':
      draft.open = { opened: flagField(event, 'opened'), error: textField(event, 'error') ?? '' };
      return;
    case 'symbol':
      draft.symbols.push({
        name: request.symbols?.[draft.symbols.length] ?? textField(event, 'name') ?? '',
        found: flagField(event, 'found'),
        object: textField(event, 'object'),
        error: textField(event, 'error'),
      });
      return;
    case 'probe':
      foldProbe(draft, event, request);
      return;
    case 'call':
      draft.calls.push({
        ...phaseOf(event),
        name: textField(event, 'name') ?? '',
        detail: textField(event, 'detail') ?? '',
        writes: flagField(event, 'writes'),
        process: flagField(event, 'process'),
        denied: flagField(event, 'denied'),
        file: textField(event, 'file'),
        found: maybeFlag(event, 'found'),
        own: maybeFlag(event, 'own'),
        object: textField(event, 'object'),
        callerOffset: textField(event, 'callerOffset'),
        arguments: callArguments(textField(event, 'name') ?? '', textField(event, 'arguments')),
      });
      return;
    case 'stack':
      // It follows the call that it is of.
      draft.stacks.push({ call: draft.calls.length - 1, text: textField(event, 'line') ?? '' });
      return;
    case 'outliving':
      draft.outliving = {
        threads: countField(event, 'threads') ?? 0,
        object: textField(event, 'object'),
        callerOffset: textField(event, 'callerOffset'),
      };
      return;
    case 'close':
      draft.close = { closed: flagField(event, 'closed'), mapped: flagField(event, 'mapped') };
      return;
    case 'output': {
      const stream = textField(event, 'stream') === 'stderr' ? 'stderr' : 'stdout';
      draft.printed.push({ phase: phaseOf(event).phase, stream, bytes: countField(event, 'bytes') ?? 0 });
      return;
    }
    case 'crash':
      draft.crash = {
        phase: phaseOf(event).phase,
        signal: signalName(numberField(event, 'signal') ?? 0),
        address: textField(event, 'address') ?? '0x0',
        object: textField(event, 'object'),
        offset: textField(event, 'offset'),
        callerOffset: textField(event, 'callerOffset'),
        stage: stageOf(textField(event, 'stage')),
      };
      return;
    case 'violation':
      draft.interference = {
        messages: countField(event, 'messages') ?? 0,
        closed: flagField(event, 'closed'),
        ...(flagField(event, 'unblocked') ? { unblocked: true } : {}),
      };
      return;
    case 'code':
      draft.code.push({
        phase: phaseOf(event).phase,
        path: textField(event, 'path') ?? '',
        writable: flagField(event, 'writable'),
        changed: flagField(event, 'changed'),
        own: flagField(event, 'own'),
        before: flagField(event, 'before'),
      });
      return;
    case 'descriptor': {
      const what = CHANGES.find((known) => known === textField(event, 'what'));
      const target = textField(event, 'target') ?? '';
      const number = countField(event, 'number') ?? 0;
      if (what !== undefined) draft.descriptorChanges.push({ phase: phaseOf(event).phase, number, what, target });
      return;
    }
    case 'ended':
      draft.ending = endingOf(event);
      return;
    case 'leftover':
      draft.leftovers.push({ process: countField(event, 'process') ?? 0, name: textField(event, 'name') ?? '' });
      return;
    case 'done':
      draft.doneMs = event.time;
      draft.callCount = countField(event, 'calls');
      draft.deniedCount = countField(event, 'denied');
      return;
  }
}

function foldState(draft: Draft, event: LoaderEvent): void {
  const position = textField(event, 'position');
  const first = draft.states[0];
  draft.states.push({
    ...phaseOf(event),
    residentKiB: countField(event, 'resident'),
    virtualKiB: countField(event, 'virtual'),
    threads: countField(event, 'threads'),
    descriptors: countField(event, 'descriptors'),
    writableCode: countField(event, 'writableCode'),
    position: position === 'expected' || position === 'elsewhere' ? position : 'unknown',
  });
  if (position === 'moved') draft.moved = true;
  if (first === undefined) return;
  // What could be read before any plugin code ran and cannot be now was hidden by it.
  if (first.descriptors !== undefined && countField(event, 'descriptors') === undefined) draft.hidden = true;
}

function foldProbe(draft: Draft, event: LoaderEvent, request: LoadRequest): void {
  const probe = request.probes?.[draft.probes.length];
  if (probe === undefined) return;
  const text = textField(event, 'text');
  draft.probes.push({
    symbol: probe.symbol,
    signature: probe.signature,
    found: flagField(event, 'found'),
    number: numberField(event, 'number'),
    text: text === undefined ? undefined : asUtf8(text),
    error: textField(event, 'error'),
    object: textField(event, 'object'),
  });
}

function clockOf(text: string | undefined): bigint | undefined {
  return text !== undefined && /^\d{1,20}$/.test(text) ? BigInt(text) : undefined;
}

function stageOf(text: string | undefined): Crash['stage'] {
  return text === 'relocating' || text === 'relocated' ? text : 'unknown';
}

const CHANGES = ['closed', 'replaced', 'flags', 'added'] as const;

/** Absent where the event does not tell. */
function maybeFlag(event: LoaderEvent, name: string): boolean | undefined {
  return event.fields[name] === undefined ? undefined : flagField(event, name);
}

const HOW = ['exit', 'signal', 'timeout', 'stopped', 'interfered', 'cancelled', 'denied'] as const;

function endingOf(event: LoaderEvent): Ending {
  const how = textField(event, 'how');
  const signal = numberField(event, 'signal');
  return {
    ...phaseOf(event),
    expected: flagField(event, 'expected'),
    how: HOW.find((known) => known === how) ?? 'interfered',
    code: numberField(event, 'code'),
    signal: signal === undefined ? undefined : signalName(signal),
  };
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
