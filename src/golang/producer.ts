import { inflateSync } from 'node:zlib';
import type { ElfBytes } from '../elf/cursor.ts';
import type { ElfImage } from '../elf/model.ts';

/** What the compiler wrote into the debug information about itself. */
export interface GoProducer {
  /** `go1.19.8` */
  readonly toolchain: string;
  /** Flags that shape code, such as `-N -l -race`; those that every plugin has are left out. */
  readonly flags: readonly string[];
}

const SHF_COMPRESSED = 0x800;
/** The first unit's header holds it; units are some kilobytes. */
const SEARCH = 256 * 1024;
const PRODUCER = /Go cmd\/compile (go1[\w.+-]{1,100})((?:; [^\0]{0,1000})?)\0/;
const ALWAYS = new Set(['-shared', '-dynlink', 'regabi']);

/**
 * The producer of the first compilation unit (DW_AT_producer, cmd/internal/obj/plist.go and cmd/link dwarf.go): the only
 * place where a stripped-not plugin of Go up to 1.20 names its toolchain.
 */
export function readProducer(bytes: ElfBytes, image: ElfImage): GoProducer | undefined {
  const section = image.sections.find(({ name }) => name === '.debug_info' || name === '.zdebug_info');
  if (section === undefined || !bytes.has(section.offset, section.size)) return undefined;
  const raw = bytes.range(section.offset, Math.min(section.size, SEARCH));
  const text = beginning(raw, (section.flags & SHF_COMPRESSED) !== 0, section.name).toString('latin1');
  const [, toolchain, rest = ''] = PRODUCER.exec(text) ?? [];
  if (toolchain === undefined) return undefined;
  const flags = rest.replace(/^; /, '').split(' ');
  return { toolchain, flags: flags.filter((flag) => flag.startsWith('-') && !ALWAYS.has(flag)) };
}

/** The first bytes of the section, unpacked (gABI, compression header of 64-bit files; `.zdebug_`: "ZLIB" and a size). */
function beginning(raw: Uint8Array, compressed: boolean, name: string): Buffer {
  const packed = compressed ? raw.subarray(24) : name.startsWith('.z') ? raw.subarray(12) : undefined;
  if (packed === undefined) return Buffer.from(raw.subarray(0, SEARCH));
  try {
    // The stream is cut, so it has no proper end; what came out up to there is what is wanted.
    return inflateSync(packed.subarray(0, SEARCH), { finishFlush: 2 });
  } catch {
    return Buffer.alloc(0);
  }
}
