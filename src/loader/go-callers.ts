import type { ElfImage } from '../elf/model.ts';
import { readElf } from '../elf/read.ts';
import { type GoFrame, type GoModule, goModule, isRuntime, isStandard, unwind } from '../golang/unwind.ts';
import type { Site } from './sites.ts';

/** The stack of a recorded call in a Go host, as the native loader writes it down: counter, host, plugin, words. */
export interface RecordedStack {
  /** Which of the recorded calls. */
  readonly call: number;
  readonly text: string;
}

/** Who made a call in a Go host: the plugin's own function, or nobody of the plugin. */
export type GoCaller =
  | { readonly plugin: false }
  | { readonly plugin: true; readonly offset?: string; readonly site: Site };

const MOST_WORDS = 4096;

interface GoFiles {
  readonly plugin: { readonly bytes: Uint8Array; readonly image: ElfImage };
  readonly host: Uint8Array;
}

/**
 * The functions that made calls, by Go's own tables: of a chain of frames, the first that is not of the standard library; of a
 * chain without such a one, the first of the plugin's file. The runtime's own work is nobody's.
 * @returns by the number of the call; calls whose stack cannot be read are left out
 */
export function goCallers(stacks: readonly RecordedStack[], { plugin, host }: GoFiles): ReadonlyMap<number, GoCaller> {
  const callers = new Map<number, GoCaller>();
  if (stacks.length === 0) return callers;
  const hostImage = readElf(host).image;
  const modules = new Map<string, readonly GoModule[]>();
  for (const { call, text } of stacks) {
    const numbers = numbersOf(text);
    const [counter, hostBase, pluginBase, ...words] = numbers;
    if (counter === undefined || hostBase === undefined || pluginBase === undefined) continue;
    const key = `${hostBase} ${pluginBase}`;
    const known =
      modules.get(key) ??
      [
        goModule(plugin.bytes, plugin.image, pluginBase),
        hostImage === undefined ? undefined : goModule(host, hostImage, hostBase),
      ].filter((module) => module !== undefined);
    modules.set(key, known);
    const frames = unwind(known, counter, words);
    if (frames.length > 0) callers.set(call, callerOf(frames, plugin.image));
  }
  return callers;
}

function numbersOf(text: string): readonly bigint[] {
  const words = text.split(' ', MOST_WORDS);
  return words.every((word) => /^[0-9a-f]{1,16}$/.test(word)) ? words.map((word) => BigInt(`0x${word}`)) : [];
}

function callerOf(frames: readonly GoFrame[], plugin: ElfImage): GoCaller {
  const own = frames.filter(({ module }) => module.image === plugin);
  const frame =
    own.find(({ function: { name } }) => !isStandard(name)) ?? own.find(({ function: { name } }) => !isRuntime(name));
  if (frame === undefined) return { plugin: false };
  const { function: one, address } = frame;
  const location = one.line(address);
  const offset = offsetOf(plugin, address + 1);
  return {
    plugin: true,
    ...(offset === undefined ? {} : { offset: `0x${offset.toString(16)}` }),
    site: { function: one.name, ...(location === undefined ? {} : { location }) },
  };
}

function offsetOf({ segments }: ElfImage, address: number): number | undefined {
  const segment = segments.find(
    ({ type, vaddr, fileSize }) => type === 'LOAD' && address >= vaddr && address < vaddr + fileSize,
  );
  return segment === undefined ? undefined : segment.offset + (address - segment.vaddr);
}
