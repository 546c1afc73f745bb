import type { ElfImage } from '../elf/model.ts';
import type { Collected } from './collect.ts';
import type { ToldConstructor } from './constructors.ts';
import type { LinkerTrail } from './linker-trail.ts';

export interface TrailFacts {
  /** What was read back; undefined when there is nothing that the audit library would write. */
  readonly linker: LinkerTrail | undefined;
  readonly constructors: readonly ToldConstructor[];
  readonly collected: Collected;
  readonly image: ElfImage;
  /** Path of the plugin, as the dynamic linker was given it. */
  readonly plugin: string;
  /** A Go host opened it, by a path of its own choice. */
  readonly hosted: boolean;
}

/**
 * What is wrong with a trail that the audit library certainly began: it is mapped into the plugin's process, which can take it
 * away or write over it. Compared with what was seen from outside.
 * @returns what is missing, for a sentence; undefined when all that can be told of it is there
 */
export function trailDamage(facts: TrailFacts): string | undefined {
  const { linker, collected } = facts;
  if (linker === undefined) return 'its beginning is gone';
  // A process that was ended while it wrote leaves a record that is not whole.
  if (collected.ending?.expected !== true) return undefined;
  if (linker.broken) return 'what stands in it is not what was written';
  return linker.cut || facts.hosted ? undefined : missing(linker, facts);
}

/** What must be there of a plugin that was opened, whatever else it did. */
function missing(linker: LinkerTrail, { constructors, collected, image, plugin }: TrailFacts): string | undefined {
  if (collected.open?.opened !== true) return undefined;
  const own = linker.records.filter(({ kind, text }) => kind === 'object' && text === plugin);
  if (own.length === 0) return 'the plugin itself is not in it';
  const begun = constructors.filter(({ path }) => path === plugin);
  if (isWatched(image) && begun.length === 0) return 'no constructor of the plugin is in it';
  if (begun.some(({ durationMs }) => durationMs === undefined))
    return 'the end of a constructor that returned is missing';
  return undefined;
}

/** The audit library comes between by writing to the dynamic section, which some linkers make read-only. */
function isWatched({ dynamic, segments }: ElfImage): boolean {
  const section = segments.find(({ type }) => type === 'DYNAMIC');
  const holder = segments.find(
    ({ type, vaddr, memorySize }) =>
      type === 'LOAD' && section !== undefined && section.vaddr >= vaddr && section.vaddr < vaddr + memorySize,
  );
  return dynamic.initArray > 0 && holder?.flags.write === true;
}
