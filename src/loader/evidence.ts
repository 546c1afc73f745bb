import { basename } from 'node:path';
import type { ElfImage } from '../elf/model.ts';
import type { Collected } from './collect.ts';
import type { CapturedOutput, Crash, LoadEvidence, LoadResult } from './model.ts';
import { functionAt } from './place.ts';
import type { Emulator } from './platform.ts';
import type { LoaderRun } from './run.ts';
import type { Stage } from './stage.ts';
import { toTrail } from './trail.ts';
import { reasonsToStay } from './unload.ts';

/** How reports name the private directory that is the plugin's HOME, TMPDIR and working directory. */
export const SCRATCH = '$TMPDIR';

/** What one run was made of. */
export interface LoadRun {
  readonly collected: Collected;
  readonly run: LoaderRun;
  readonly image: ElfImage;
  readonly digest: string;
  readonly emulator?: Emulator;
  readonly stage: Stage;
  readonly durationMs: number;
}

/** The facts of a run as the report gives them: without the paths of the private copy, with reasons and function names. */
export function toEvidence({ collected, run, image, digest, emulator, stage, durationMs }: LoadRun): LoadEvidence {
  const { loader, close, crash, open } = collected;
  const threads = collected.states.findLast(({ phase }) => phase !== 'close')?.threads ?? 1;
  return {
    result: resultOf(collected),
    loader: loader && { ...loader, digest, emulator: emulator && basename(emulator.program) },
    isolation: collected.isolation,
    phases: collected.phases,
    objects: collected.objects.map(({ path, phase }) => ({ path: shortened(path, stage), phase })),
    symbols: collected.symbols.map((symbol) => ({
      ...symbol,
      object: symbol.object && shortened(symbol.object, stage),
      error: symbol.error && shortened(symbol.error, stage),
    })),
    probes: collected.probes.map((probe) => ({ ...probe, error: probe.error && shortened(probe.error, stage) })),
    states: collected.states,
    calls: collected.calls.map((call) => ({
      ...call,
      detail: shortened(call.detail, stage),
      object: call.object && shortened(call.object, stage),
      function: call.object === stage.plugin ? callerAt(call.callerOffset, image) : undefined,
    })),
    callCount: collected.callCount ?? collected.calls.filter(({ denied }) => !denied).length,
    deniedCount: collected.deniedCount ?? collected.calls.filter(({ denied }) => denied).length,
    unload: close && { ...close, reasons: close.mapped ? reasonsToStay(image, loader?.libc ?? '', threads) : [] },
    error: open !== undefined && !open.opened ? shortened(open.error, stage) : undefined,
    ending: collected.ending,
    crash: crash && locate(crash, image, stage),
    trail: toTrail(run.events, (text) => shortened(text, stage)),
    leftovers: collected.leftovers,
    interference: collected.interference,
    output: { stdout: captured(collected, run, 'stdout'), stderr: captured(collected, run, 'stderr') },
    durationMs,
  };
}

function resultOf({ check, open, ending, doneMs, interference }: Collected): LoadResult {
  if (check !== undefined && !check.loadable) return 'not-run';
  if (doneMs === undefined || ending === undefined) return 'supervisor-lost';
  if (interference !== undefined) return 'interfered';
  switch (ending.how) {
    case 'exit':
      if (!ending.expected) return 'exited';
      return open?.opened ? 'loaded' : 'refused';
    case 'signal':
      return 'crashed';
    case 'timeout':
    case 'cancelled':
      return 'timeout';
    case 'stopped':
      return 'stopped';
    case 'interfered':
      return 'interfered';
    case 'denied':
      return 'denied';
  }
}

/** Names the plugin's function at the instruction, or at the last return address in the plugin. */
function locate(crash: Crash, image: ElfImage, stage: Stage): Crash {
  const own = crash.object === stage.plugin ? nameAt(crash.offset, image) : callerAt(crash.callerOffset, image);
  return { ...crash, object: crash.object && shortened(crash.object, stage), function: own };
}

/** The function that made a call, by its return address: after a call that never returns that is the next function's first byte. */
function callerAt(text: string | undefined, image: ElfImage): string | undefined {
  const offset = Number(text);
  return text !== undefined && Number.isSafeInteger(offset) ? functionAt(image, offset - 1) : undefined;
}

/** The plugin's function at an offset as the loader writes it, `0x119a`. */
function nameAt(text: string | undefined, image: ElfImage): string | undefined {
  const offset = Number(text);
  return text !== undefined && Number.isSafeInteger(offset) ? functionAt(image, offset) : undefined;
}

function captured(collected: Collected, run: LoaderRun, stream: 'stdout' | 'stderr'): CapturedOutput {
  const printed = collected.printed.filter((event) => event.stream === stream);
  const bytes = printed.reduce((sum, event) => sum + event.bytes, 0);
  const text = run[stream];
  return { text, bytes, cut: text.length < bytes, phases: printed.map(({ phase, bytes }) => ({ phase, bytes })) };
}

/** The copy's path is of no use to a person, and differs with every run. */
function shortened(text: string, { plugin, scratch }: Stage): string {
  return text.replaceAll(plugin, basename(plugin)).replaceAll(scratch, SCRATCH);
}
