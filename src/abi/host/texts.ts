import type { ElfImage } from '../../elf/model.ts';

const SHF_ALLOC = 2;
const SHT_PROGBITS = 1;
/** Bytes of a program that are looked at; its texts stand near to each other. */
const MOST_BYTES = 256 * 1024 * 1024;
const MOST_LETTERS = 200;
/** Ends of texts that are looked up, in a program that is made to have many. */
const MOST_LOOKUPS = 20_000_000;

/**
 * Which of some names are among the texts of a program. Linkers share the ends of texts, so that `plugin_init` may be
 * there as the end of `my_plugin_init`.
 * @param names as C writes them
 */
export function textsAmong({ sections }: ElfImage, bytes: Uint8Array, names: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const wanted = new Set(names);
  const lengths = [...new Set(names.map(({ length }) => length))];
  let lookups = MOST_LOOKUPS;
  let left = wanted.size === 0 ? 0 : MOST_BYTES;
  for (const { flags, typeCode, offset, size } of sections) {
    if ((flags & SHF_ALLOC) === 0 || typeCode !== SHT_PROGBITS) continue;
    const part = bytes.subarray(offset, offset + Math.min(size, left));
    left -= part.length;
    let start = -1;
    for (let at = 0; at < part.length; at += 1) {
      const letter = part[at] ?? 0;
      if (isWord(letter)) {
        if (start < 0) start = at;
        continue;
      }
      if (letter === 0 && start >= 0 && at - start <= MOST_LETTERS) {
        const text = Buffer.from(part.buffer, part.byteOffset + start, at - start).toString('latin1');
        for (const length of lengths) {
          if (length > text.length || --lookups < 0) continue;
          const name = text.slice(text.length - length);
          if (wanted.has(name)) found.add(name);
        }
      }
      start = -1;
    }
  }
  return found;
}

/** Letters, digits, `_` and `$`. */
function isWord(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x5f ||
    code === 0x24
  );
}
