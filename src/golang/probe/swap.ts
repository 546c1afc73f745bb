import { readElf } from '../../elf/read.ts';
import { flagField, type LoaderEvent, textField } from '../../loader/event.ts';
import { type HostedRun, runHosted } from '../../loader/hosted.ts';
import type { NotRehearsed, Swap, SwapAct } from '../../loader/model.ts';
import type { GoReading } from '../read.ts';
import { parseToolchain } from '../toolchain.ts';
import type { GoProbe, GoProbeRequest } from './model.ts';
import { calledBy, hostFor, loaderOf, needsRoom } from './probe.ts';

/** A release of a rehearsal: how messages name it, the bytes that were verified, what stands in them. */
export interface GoRelease {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly go: GoReading;
  readonly directory?: string;
}

export interface GoSwapRequest
  extends Pick<
    GoProbeRequest,
    'architecture' | 'emulator' | 'compiler' | 'environment' | 'openMs' | 'loader' | 'confinement'
  > {
  readonly old: GoRelease;
  readonly new: GoRelease;
  readonly probe: GoProbe;
}

const LONGEST_TEXT = 4000;

/**
 * Rehearses a hot swap with Go's rules, in a host that is compiled as the previous release was: that is the host that runs when
 * the new release comes. Both are opened under their own plugin paths, calls are switched and switched back; nothing is
 * unloaded, and what stays is measured.
 * @throws EnvironmentError when there is no place for files
 */
export async function rehearseGoSwap(request: GoSwapRequest): Promise<Swap | NotRehearsed> {
  const { old, new: next, probe, emulator } = request;
  const path = next.go.plugin?.path;
  if (path !== undefined && path === old.go.plugin?.path) {
    const reason = `both releases have the plugin path ${path}, and a Go host opens only one of them; hosts must be restarted for this release. For hosts that swap, build each with a path of its own: -ldflags=-pluginpath=NAME -gcflags=-p=NAME`;
    return { reason, certain: true };
  }
  const toolchains = [old, next].map(({ go }) => parseToolchain(go.toolchain ?? '').release);
  if (toolchains[0] !== toolchains[1]) {
    const reason = `the previous release was built with ${toolchains[0]}, the new one with ${toolchains[1]}: no Go host opens both, so hosts must be restarted for this release`;
    return { reason, certain: true };
  }
  const host = await hostFor({ ...request, go: old.go });
  if (typeof host === 'string') return { reason: host, certain: false };
  const image = readElf(old.bytes).image;
  if (image === undefined) return { reason: 'the previous release is no ELF file', certain: false };
  const timeouts = { open: request.openMs };
  const ran = await runHosted({
    request: { ...request.confinement, ...placed(old), probes: calledBy([probe]), timeouts },
    image,
    loader: loaderOf(request),
    host: host.bytes,
    unlimited: needsRoom(old.go),
    ...(emulator === undefined ? {} : { emulator }),
    successor: placed(next),
    words: (plugin, second = plugin) => [
      '-swap',
      plugin,
      second,
      probe.symbol,
      ...(probe.expect === undefined ? [] : [String(probe.expect)]),
    ],
  });
  return fold(ran, old.file);
}

function placed({ file, bytes, directory }: GoRelease) {
  return { file, bytes, ...(directory === undefined ? {} : { directory }) };
}

function fold(ran: HostedRun, oldFile: string): Swap {
  const { evidence, shorten } = ran;
  const cut = (text: string) => shorten(text).slice(0, LONGEST_TEXT);
  const signal = evidence.ending?.signal;
  const events = ran.told.filter(({ event }) => event === 'act');
  const last = events.findLast((event) => textField(event, 'name') === 'stop-caller');
  const number = (name: string) => (last === undefined ? 0 : (numberOf(last, name) ?? 0));
  const resident = (name: string) => {
    const found = events.find((event) => textField(event, 'name') === name);
    return found === undefined ? undefined : numberOf(found, 'resident');
  };
  const [before, after] = [resident('start-caller'), resident('roll-back')];
  return {
    rules: 'go',
    acts: events.map((event) => actOf(event, oldFile, cut)),
    served: { old: number('servedOld'), new: number('servedNew') },
    failed: number('failed'),
    ...(last === undefined ? {} : { longestGapMs: number('longestGap') / 1e6 }),
    ...(before === undefined || after === undefined ? {} : { keptKiB: Math.max(0, after - before) }),
    ended: evidence.ending?.expected === true && evidence.interference === undefined,
    how: howOf(ran),
    ...(signal === undefined || evidence.ending?.how !== 'signal' ? {} : { signal }),
  };
}

function actOf(event: LoaderEvent, oldFile: string, shorten: (text: string) => string): SwapAct {
  const text = textField(event, 'text');
  const number = numberOf(event, 'number');
  return {
    name: textField(event, 'name') ?? '',
    succeeded: textField(event, 'succeeded') === 'true' || flagField(event, 'succeeded'),
    timeMs: Math.round(event.time * 1000) / 1000,
    ...(text === undefined ? {} : { text: shorten(text) }),
    ...(number === undefined ? {} : { number }),
    ...(textField(event, 'same') === 'true' ? { foreign: oldFile } : {}),
  };
}

/** The host writes all values as text. */
function numberOf(event: LoaderEvent, name: string): number | undefined {
  const text = textField(event, name);
  return text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function howOf({ evidence, stderr }: HostedRun): string {
  const { ending, interference } = evidence;
  if (ending === undefined) return 'supervisor lost';
  if (interference !== undefined) return 'interference';
  const panic = /^(?:panic|fatal error): .*$/m.exec(stderr)?.[0];
  if (ending.how === 'exit' && ending.code !== 0) return panic ?? `exit code ${ending.code}`;
  return ending.how;
}
