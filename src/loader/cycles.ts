import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ElfImage } from '../elf/model.ts';
import { readElf } from '../elf/read.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { countField, flagField, type LoaderEvent, textField } from './event.ts';
import type { Cycles, Growth, LoadRequest } from './model.ts';
import { libraryDirectories } from './places.ts';
import type { Emulator } from './platform.ts';
import { signalName } from './signals.ts';
import { makeStage } from './stage.ts';
import { runStaged } from './staged.ts';

/** A library that does nothing and that every glibc has had; what a cycle costs with it is the C library's own. */
const CONTROL = 'libutil.so.1';

/** Growth in one cycle that is no noise. */
const LIMITS = { heapBytes: 64, residentKiB: 4, mappings: 0.5, descriptors: 0.5, threads: 0.5 } as const;

const NAMES: Readonly<Record<keyof Growth, string>> = {
  heapBytes: 'bytes of heap',
  residentKiB: 'KiB of resident memory',
  mappings: 'mappings',
  descriptors: 'descriptors',
  threads: 'threads',
};

interface CycleRequest {
  readonly request: LoadRequest;
  readonly image: ElfImage;
  readonly loader: Uint8Array;
  readonly emulator?: Emulator;
  readonly count: number;
}

/** Loads and unloads a plugin `count` times in a process of its own, and a control library in another. */
export async function runCycles(cycle: CycleRequest): Promise<Cycles> {
  const own = await measure(cycle);
  const control = cycle.emulator === undefined ? controlRequest(cycle.request) : undefined;
  const image = control === undefined ? undefined : readElf(control.bytes).image;
  if (control === undefined || image === undefined) return own;
  const { growth } = await measure({ ...cycle, request: control, image });
  if (growth === undefined || own.growth === undefined) return own;
  return { ...own, growth: minus(own.growth, growth), control: growth };
}

async function measure({ request, image, loader, emulator, count }: CycleRequest): Promise<Cycles> {
  const stage = makeStage(request, loader);
  try {
    const profile = request.sandbox?.profile === 'strict' ? undefined : request.sandbox?.profile;
    const { events } = await runStaged({
      request: { ...request, symbols: [], probes: [], sandbox: { ...request.sandbox, profile } },
      stage,
      image,
      emulator,
      extra: { lines: [`cycles ${count}`], readable: [], steps: 6 },
    });
    return fold(events, count, (text) => text.replaceAll(stage.plugin, basename(stage.plugin)));
  } finally {
    stage.remove();
  }
}

function controlRequest(request: LoadRequest): LoadRequest | undefined {
  const file = libraryDirectories()
    .map((place) => join(place, CONTROL))
    .find((candidate) => existsSync(candidate));
  if (file === undefined) return undefined;
  return { ...request, file: CONTROL, bytes: readFileSync(realpathSync(file)), image: undefined, directory: undefined };
}

function fold(events: readonly LoaderEvent[], count: number, shorten: (text: string) => string): Cycles {
  const seen = events.filter(({ event }) => event === 'cycle');
  const ended = events.find(({ event }) => event === 'ended');
  const bad = seen.find((event) => !flagField(event, 'succeeded'));
  if (bad !== undefined) {
    return { count, failed: { round: countField(bad, 'round') ?? 0, text: shorten(textField(bad, 'text') ?? '') } };
  }
  const [first, last] = seen;
  if (first === undefined || last === undefined) {
    const signal = ended === undefined ? undefined : countField(ended, 'signal');
    const how = ended === undefined ? undefined : textField(ended, 'how');
    return {
      count,
      failed: { text: signal === undefined ? `the process ended (${how ?? 'unknown'})` : signalName(signal) },
    };
  }
  const growth = (field: string) => ((countField(last, field) ?? 0) - (countField(first, field) ?? 0)) / count;
  return {
    count,
    growth: {
      heapBytes: growth('heap'),
      residentKiB: growth('resident'),
      mappings: growth('mappings'),
      descriptors: growth('descriptors'),
      threads: growth('threads'),
    },
  };
}

function minus(own: Growth, control: Growth): Growth {
  return {
    heapBytes: own.heapBytes - control.heapBytes,
    residentKiB: own.residentKiB - control.residentKiB,
    mappings: own.mappings - control.mappings,
    descriptors: own.descriptors - control.descriptors,
    threads: own.threads - control.threads,
  };
}

/** What grows with every cycle, and cycles that could not be completed. */
export function cycleFindings({ count, growth, failed }: Cycles): readonly Finding[] {
  if (failed !== undefined) {
    const round = failed.round === undefined ? '' : ` in round ${failed.round}`;
    return [
      finding('load/reload-failed', `It cannot be loaded and unloaded over and over: ${failed.text}${round}.`, {
        subject: 'cycles',
      }),
    ];
  }
  if (growth === undefined) return [];
  const grown = (Object.keys(LIMITS) as (keyof Growth)[]).filter((key) => growth[key] >= LIMITS[key]);
  if (grown.length === 0) return [];
  const parts = grown.map((key) => `${growth[key].toFixed(key === 'heapBytes' ? 0 : 1)} ${NAMES[key]}`);
  return [
    finding('load/grows-on-reload', `Each load and unload leaves ${parts.join(', ')} behind (${count} cycles).`, {
      subject: grown[0],
    }),
  ];
}
