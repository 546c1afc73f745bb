import { openDebugInfo } from '../abi/dwarf/open.ts';
import { type SourceLine, sourceLines } from '../dwarf/line-rows.ts';
import type { ElfImage } from '../elf/model.ts';
import { functionAt } from './place.ts';
import { localFunctionAt } from './symtab.ts';

/** What stands at a place in the plugin's code. */
export interface Site {
  /** Raw, untrusted name. */
  readonly function?: string;
  readonly location?: SourceLine;
}

/** A plugin that makes calls from everywhere is not searched for all of them. */
const MOST_SITES = 500;

/**
 * Functions by the symbol tables, and source lines by debug information, for places of code.
 * @param file path of the plugin, to find separate debug information
 * @param addresses as the file counts them, before it is loaded
 */
export function findSites(
  image: ElfImage,
  bytes: Uint8Array,
  file: string,
  addresses: readonly number[],
): ReadonlyMap<number, Site> {
  const asked = [...new Set(addresses)].slice(0, MOST_SITES);
  if (asked.length === 0) return new Map();
  const lines = new Map<number, SourceLine>();
  for (const opened of openDebugInfo(image, bytes, { file, directories: [] }).files) {
    if (opened.split) continue;
    for (const [address, line] of sourceLines(opened, asked)) if (!lines.has(address)) lines.set(address, line);
  }
  return new Map(
    asked.map((address) => {
      const name = functionAt(image, address) ?? localFunctionAt(image, bytes, address);
      const location = lines.get(address);
      return [address, { ...(name === undefined ? {} : { function: name }), ...(location && { location }) }];
    }),
  );
}
