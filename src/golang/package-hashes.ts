import type { ElfImage } from '../elf/model.ts';
import type { GoMemory } from './memory.ts';

/** `go.link.` up to Go 1.19, `go:link.` since (cmd/link/internal/ld/lib.go). */
const HASH_SYMBOL = /^go[.:]link\.pkghashbytes\./;
/** Up to Go 1.15 40 hexadecimal digits, since 8 bytes. */
const LONGEST_HASH = 64;
const MOST_PACKAGES = 100_000;

/**
 * The hash of each package that was linked in, by import path, in hexadecimal: what plugin.Open compares (runtime/plugin.go).
 * They are dynamic symbols, so they survive stripping. A host has them only when it imports `plugin` and was linked with cgo.
 */
export function readPackageHashes(memory: GoMemory, image: ElfImage): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  for (const { name, size, value } of image.symbols) {
    if (!HASH_SYMBOL.test(name) || size === 0 || size > LONGEST_HASH || hashes.size >= MOST_PACKAGES) continue;
    const content = memory.range(value, size);
    if (content.length === 0) continue;
    hashes.set(packageName(name.replace(HASH_SYMBOL, '')), hashText(content));
  }
  return hashes;
}

/** Import paths in these symbols are not escaped. Names of symbols are read as latin1; import paths are UTF-8. */
function packageName(raw: string): string {
  return Buffer.from(raw, 'latin1').toString('utf8');
}

export function hashText(content: Buffer): string {
  const text = content.toString('latin1');
  return content.length === 40 && /^[0-9a-f]{40}$/.test(text) ? text : content.toString('hex');
}
