import { basename, dirname } from 'node:path';
import type { ElfImage } from '../elf/model.ts';
import type { Collected } from './collect.ts';
import { constructorsOf, type ToldConstructor } from './constructors.ts';
import { asUtf8 } from './event.ts';
import { type GoCaller, goCallers } from './go-callers.ts';
import { type LinkerTrail, readLinkerTrail } from './linker-trail.ts';
import type { CapturedOutput, Crash, LoadEvidence, LoadResult, RecordedCall } from './model.ts';
import { addressOf, hexNumber } from './place.ts';
import type { Emulator } from './platform.ts';
import type { LoaderRun } from './run.ts';
import { findSites, type Site } from './sites.ts';
import type { Stage } from './stage.ts';
import { toTrail } from './trail.ts';
import { trailDamage } from './trail-damage.ts';
import { reasonsToStay, usersOf } from './unload.ts';

/** How reports name the private directory that is the plugin's HOME, TMPDIR and working directory. */
export const SCRATCH = '$TMPDIR';

/** What one run was made of. */
export interface LoadRun {
  readonly collected: Collected;
  readonly run: LoaderRun;
  readonly image: ElfImage;
  /** The bytes that were loaded, and the path that messages name them by. */
  readonly bytes: Uint8Array;
  readonly file: string;
  readonly digest: string;
  readonly emulator?: Emulator;
  readonly stage: Stage;
  readonly durationMs: number;
  /** Of a Go plugin in a Go host: the host. */
  readonly host?: Uint8Array;
  /** Why the dynamic linker was not asked to tell what it does, where an audit library would have been there. */
  readonly unaudited?: string;
}

/** The facts of a run as the report gives them: without the paths of the private copy, with reasons and function names. */
export function toEvidence(loadRun: LoadRun): LoadEvidence {
  const { collected, run, image, digest, emulator, stage, durationMs } = loadRun;
  const { loader, close, crash, open, outliving } = collected;
  const linker = stage.audit === undefined ? undefined : readLinkerTrail(stage.audit.trail);
  const told = constructorsOf(linker, stage.plugin);
  const siteOf = siteFinder(loadRun, told);
  const threads = collected.states.findLast(({ phase }) => phase !== 'close')?.threads ?? 1;
  const callers =
    loadRun.host === undefined
      ? new Map<number, GoCaller>()
      : goCallers(collected.stacks, { plugin: loadRun, host: loadRun.host });
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
    probes: collected.probes.map((probe) => ({
      ...probe,
      error: probe.error && shortened(probe.error, stage),
      object: probe.object && shortened(probe.object, stage),
    })),
    states: collected.states,
    calls: collected.calls.map((call, index) => ({
      ...call,
      detail: shortened(call.detail, stage),
      file: call.file && shortened(call.file, stage),
      object: call.object && shortened(call.object, stage),
      ...(call.object === stage.plugin ? siteOf(callerAddress(call.callerOffset, image)) : {}),
      ...inGo(callers.get(index), stage),
      ...(opensItself(call, stage) ? NOBODY : {}),
    })),
    callCount: collected.callCount ?? collected.calls.filter(({ denied }) => !denied).length,
    deniedCount: collected.deniedCount ?? collected.calls.filter(({ denied }) => denied).length,
    unload: close && {
      ...close,
      reasons: close.mapped ? reasonsToStay(image, loader?.libc ?? '', threads, usersOf(linker, stage.plugin)) : [],
    },
    error: open !== undefined && !open.opened ? shortened(open.error, stage) : undefined,
    ending: collected.ending,
    crash: crash && {
      ...crash,
      object: crash.object && shortened(crash.object, stage),
      ...siteOf(crashAddress(crash, image, stage)),
    },
    trail: toTrail({
      events: run.events,
      linker,
      constructors: told,
      started: collected.started,
      shorten: (text) => shortened(text, stage),
      nameOf: (path, address) => (path === stage.plugin ? siteOf(address).function : undefined),
    }),
    audit: auditOf(linker, told, loadRun),
    constructors: told?.map(({ path, address, durationMs }) => ({
      object: shortened(path, stage),
      address: `0x${address.toString(16)}`,
      ...(path === stage.plugin ? siteOf(address) : {}),
      ...(durationMs === undefined ? {} : { durationMs }),
    })),
    outliving: outliving && {
      threads: outliving.threads,
      object: outliving.object && shortened(outliving.object, stage),
      ...(outliving.object === stage.plugin ? siteOf(callerAddress(outliving.callerOffset, image)) : {}),
    },
    leftovers: collected.leftovers,
    interference: collected.interference,
    ...(collected.code.length === 0
      ? {}
      : { code: collected.code.map((one) => ({ ...one, path: shortened(one.path, stage) })) }),
    ...(collected.descriptorChanges.length === 0
      ? {}
      : {
          descriptorChanges: collected.descriptorChanges.map((one) => ({
            ...one,
            target: shortened(one.target, stage),
          })),
        }),
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

const NOBODY = { object: undefined, callerOffset: undefined, function: undefined, location: undefined } as const;

/** The dynamic linker opens the plugin, over whatever an earlier call of it left on the stack. */
function opensItself({ detail, writes, denied }: RecordedCall, { plugin }: Stage): boolean {
  return detail === plugin && !writes && !denied;
}

/** What Go's own tables say goes before what was found by looking through the stack. */
function inGo(caller: GoCaller | undefined, stage: Stage): Partial<RecordedCall> {
  if (caller === undefined) return {};
  if (!caller.plugin) return NOBODY;
  const { offset, site } = caller;
  return { object: basename(stage.plugin), ...(offset === undefined ? {} : { callerOffset: offset }), ...site };
}

/** A constructor that takes longer is worth its line. */
const SLOW_MS = 1;

/** The places that a report names, looked up all at once; what a finding is about comes first. */
function siteFinder(
  { collected, image, bytes, file, stage }: LoadRun,
  constructors: readonly ToldConstructor[] = [],
): (address: number | undefined) => Site {
  const { calls, crash, outliving } = collected;
  const places = (list: readonly { readonly object?: string; readonly callerOffset?: string }[]) =>
    list
      .filter(({ object }) => object === stage.plugin)
      .map(({ callerOffset }) => callerAddress(callerOffset, image))
      .filter((address) => address !== undefined);
  const crashed = crash === undefined ? undefined : crashAddress(crash, image, stage);
  const own = constructors.filter(({ path }) => path === stage.plugin);
  const isSlow = ({ durationMs = SLOW_MS }: ToldConstructor): boolean => durationMs >= SLOW_MS;
  const sites = findSites(image, bytes, file, {
    lines: [
      ...(crashed === undefined ? [] : [crashed]),
      ...places(calls.filter(({ denied }) => denied)),
      ...places(outliving === undefined ? [] : [outliving]),
      ...own.filter(isSlow).map(({ address }) => address),
    ],
    functions: [...places(calls), ...own.map(({ address }) => address)],
  });
  return (address) => (address === undefined ? undefined : sites.get(address)) ?? {};
}

/** The instruction, or where the plugin called what crashed. */
function crashAddress(crash: Crash, image: ElfImage, stage: Stage): number | undefined {
  if (crash.object !== stage.plugin) return callerAddress(crash.callerOffset, image);
  const offset = hexNumber(crash.offset);
  return offset === undefined ? undefined : addressOf(image, offset);
}

/** A byte of the calling instruction: after a call that never returns, the return address is that of the next function. */
function callerAddress(text: string | undefined, image: ElfImage): number | undefined {
  const offset = hexNumber(text);
  const address = offset === undefined ? undefined : addressOf(image, offset - 1);
  return address;
}

function auditOf(
  linker: LinkerTrail | undefined,
  constructors: readonly ToldConstructor[] = [],
  { collected, image, stage, emulator, host, unaudited }: LoadRun,
): LoadEvidence['audit'] {
  const { loader } = collected;
  if (loader?.libc === 'musl') return { linker: false, reason: 'musl has no audit interface' };
  if (unaudited !== undefined) return { linker: false, reason: unaudited };
  if (stage.audit === undefined) return { linker: false, reason: 'there is no audit library' };
  // Under an emulator, and of a program that did not come so far, nothing at all can also mean that it was not asked.
  const asked = linker !== undefined || (emulator === undefined && collected.lastPhase !== 'start');
  if (!asked) return { linker: false, reason: 'the dynamic linker did not take the audit library' };
  const damage = trailDamage({
    linker,
    constructors,
    collected,
    image,
    plugin: stage.plugin,
    hosted: host !== undefined,
  });
  if (damage !== undefined)
    return { linker: false, reason: `its record was destroyed from inside the process, ${damage}`, damage };
  const version = loader?.libcVersion ?? '';
  const reason = bindsSilently(version)
    ? { reason: `glibc ${version} does not tell of symbols that are bound when a file is opened` }
    : {};
  return { linker: true, ...reason, ...(linker?.cut === true ? { cut: true } : {}) };
}

/** Until glibc 2.35, la_symbind was called for symbols that are bound at their first use only. */
function bindsSilently(version: string): boolean {
  const minor = /^2\.(\d+)/.exec(version)?.[1];
  return minor !== undefined && Number(minor) < 35;
}

function captured(collected: Collected, run: LoaderRun, stream: 'stdout' | 'stderr'): CapturedOutput {
  const printed = collected.printed.filter((event) => event.stream === stream);
  const bytes = printed.reduce((sum, event) => sum + event.bytes, 0);
  // One character a byte, so its length tells whether all is there.
  const text = run[stream];
  return {
    text: asUtf8(text),
    bytes,
    cut: text.length < bytes,
    phases: printed.map(({ phase, bytes }) => ({ phase, bytes })),
  };
}

/** The copy's path is of no use to a person, and differs with every run. */
function shortened(text: string, { plugin, scratch }: Stage): string {
  const origin = dirname(plugin);
  return text
    .replaceAll(plugin, basename(plugin))
    .replaceAll(scratch, SCRATCH)
    .replaceAll(origin, '$ORIGIN')
    .replaceAll(dirname(origin), '$ORIGIN/..');
}
