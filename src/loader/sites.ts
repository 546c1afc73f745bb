import { openDebugInfo } from '../abi/dwarf/open.ts';
import { type SourceLine, sourceLines } from '../dwarf/line-rows.ts';
import type { ElfImage } from '../elf/model.ts';
import { functionAt } from './place.ts';
import { localFunctions } from './symtab.ts';

/** What stands at a place in the plugin's code. */
export interface Site {
  /** Raw, untrusted name. */
  readonly function?: string;
  readonly location?: SourceLine;
}

/** A plugin that makes calls from everywhere is not searched for all of them. */
const MOST_SITES = 500;

/** Addresses as the file counts them, before it is loaded; the first of each count when there are too many. */
export interface Wanted {
  /** Whose function is wanted. */
  readonly functions: readonly number[];
  /** Whose source line is wanted too: debug information can be large, and is read only for these. */
  readonly lines: readonly number[];
}

/**
 * Functions by the symbol tables, and source lines by debug information, for places of code.
 * @param file path of the plugin, to find separate debug information
 */
export function findSites(image: ElfImage, bytes: Uint8Array, file: string, wanted: Wanted): ReadonlyMap<number, Site> {
  const named = [...new Set([...wanted.lines, ...wanted.functions])].slice(0, MOST_SITES);
  const lines = linesOf(image, bytes, file, [...new Set(wanted.lines)].slice(0, MOST_SITES));
  const exported = new Map(named.map((address) => [address, functionAt(image, address)]));
  const local = localFunctions(
    image,
    bytes,
    named.filter((address) => exported.get(address) === undefined),
  );
  return new Map(
    named.map((address) => {
      const name = exported.get(address) ?? local.get(address);
      const location = lines.get(address);
      return [address, { ...(name === undefined ? {} : { function: name }), ...(location && { location }) }];
    }),
  );
}

function linesOf(
  image: ElfImage,
  bytes: Uint8Array,
  file: string,
  addresses: readonly number[],
): ReadonlyMap<number, SourceLine> {
  const lines = new Map<number, SourceLine>();
  if (addresses.length === 0) return lines;
  for (const opened of openDebugInfo(image, bytes, { file, directories: [] }).files) {
    if (opened.split) continue;
    for (const [address, line] of sourceLines(opened, addresses)) if (!lines.has(address)) lines.set(address, line);
  }
  return lines;
}
