import { basename, dirname } from 'node:path';
import type { ElfImage } from '../elf/model.ts';
import { countField, flagField, type LoaderEvent, numberField, textField } from './event.ts';
import type { LoadRequest, Probe, Swap, SwapAct } from './model.ts';
import { readablePlaces } from './places.ts';
import type { Emulator } from './platform.ts';
import { signalName } from './signals.ts';
import { makeStage } from './stage.ts';
import { runStaged } from './staged.ts';

/** The two releases of a rehearsal and the probe that tells whether one is healthy. */
export interface SwapRequest {
  readonly old: LoadRequest;
  readonly new: LoadRequest;
  /** Of the new release; the previous one is held to be of the same kind. */
  readonly image: ElfImage;
  readonly probe: Probe;
  /** Files that the probes of each release lay in when it was loaded alone, as evidence names them; their own unless given. */
  readonly answering?: { readonly old?: string; readonly new?: string };
  readonly loader: Uint8Array;
  readonly emulator?: Emulator;
}

/** Acts in the order in which native/loader/rehearse.c goes through them. */
const LONGEST_REHEARSAL = 15;

/**
 * Rehearses a hot swap in a process of its own: the previous release serves a caller, the new one comes beside it under a
 * path of its own, is refused, comes again, takes over, and hands back.
 * @throws EnvironmentError as loadPlugin()
 */
export async function rehearseSwap({
  old,
  new: next,
  image,
  probe,
  answering = {},
  loader,
  emulator,
}: SwapRequest): Promise<Swap> {
  const first = makeStage(old, loader);
  try {
    const second = makeStage(next, loader);
    try {
      const { expect } = probe;
      const run = await runStaged({
        // What a rehearsal does, open and close, `strict` has no room for.
        request: { ...old, symbols: [], probes: [probe], sandbox: { ...next.sandbox, profile: relaxed(next) } },
        stage: first,
        image,
        emulator,
        extra: {
          lines: [`successor ${second.plugin}`, ...(typeof expect === 'number' ? [`expect ${expect}`] : [])],
          readable: [dirname(dirname(second.plugin)), ...readablePlaces({ ...next, image })],
          steps: LONGEST_REHEARSAL,
        },
      });
      const shorten = (text: string) =>
        text.replaceAll(first.plugin, basename(first.plugin)).replaceAll(second.plugin, basename(second.plugin));
      const own = (plugin: string, alone: string | undefined) =>
        alone === undefined || alone === basename(plugin) ? plugin : alone;
      const files = { old: own(first.plugin, answering.old), new: own(second.plugin, answering.new) };
      return fold(run.events, files, shorten);
    } finally {
      second.remove();
    }
  } finally {
    first.remove();
  }
}

function relaxed({ sandbox }: LoadRequest) {
  return sandbox?.profile === 'strict' ? undefined : sandbox?.profile;
}

/**
 * The report of the native loader as facts.
 * @param files whose code is to answer for each release
 */
function fold(
  events: readonly LoaderEvent[],
  files: { readonly old: string; readonly new: string },
  shorten: (text: string) => string,
): Swap {
  const acts: SwapAct[] = [];
  let swap: Swap = { acts, served: { old: 0, new: 0 }, failed: 0, ended: false };
  for (const event of events) {
    if (event.event === 'act') {
      const name = textField(event, 'name') ?? '';
      const object = textField(event, 'object');
      const expected = name.endsWith('new') ? files.new : files.old;
      const text = textField(event, 'text');
      acts.push({
        name,
        succeeded: flagField(event, 'succeeded'),
        timeMs: event.time,
        text: text === undefined || text === '' ? undefined : shorten(text),
        number: numberField(event, 'number'),
        foreign: object === undefined || object === expected ? undefined : shorten(object),
        mapped: event.fields.mapped === undefined ? undefined : flagField(event, 'mapped'),
      });
      if (name === 'stop-caller') {
        swap = {
          ...swap,
          served: { old: countField(event, 'servedOld') ?? 0, new: countField(event, 'servedNew') ?? 0 },
          failed: countField(event, 'failed') ?? 0,
          longestGapMs: (countField(event, 'longestGap') ?? 0) / 1e6,
        };
      }
    }
    if (event.event === 'ended') {
      const signal = numberField(event, 'signal');
      swap = {
        ...swap,
        ended: flagField(event, 'expected'),
        how: textField(event, 'how'),
        signal: signal === undefined ? undefined : signalName(signal),
      };
    }
  }
  return swap;
}
