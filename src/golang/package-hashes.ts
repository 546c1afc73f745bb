import type { FindSymbols } from '../elf/find.ts';
import type { ElfImage, ElfSymbol } from '../elf/model.ts';
import type { GoMemory } from './memory.ts';

/** `go.link.` up to Go 1.19, `go:link.` since (cmd/link/internal/ld/lib.go). */
const HASH_SYMBOL = /^go[.:]link\.pkghashbytes\./;
const PREFIXES: readonly string[] = ['go:link.pkghashbytes.', 'go.link.pkghashbytes.'];
/** Up to Go 1.15 40 hexadecimal digits, since 8 bytes. */
const HEX_DIGITS = 40;
const LONGEST_HASH = 64;
const MOST_PACKAGES = 100_000;

/** Hashes of packages by import path, in hexadecimal. A Map is one; so is a view of a file that is asked for single ones. */
export interface PackageHashes extends Iterable<readonly [path: string, hash: string]> {
  readonly size: number;
  get(path: string): string | undefined;
  has(path: string): boolean;
  keys(): Iterable<string>;
}

/**
 * The hash of each package that was linked in, by import path, in hexadecimal: what plugin.Open compares (runtime/plugin.go).
 * They are dynamic symbols, so they survive stripping. A host has them only when it imports `plugin` and was linked with cgo.
 */
export function readPackageHashes(memory: GoMemory, image: ElfImage): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  for (const symbol of image.symbols) {
    if (!HASH_SYMBOL.test(symbol.name) || hashes.size >= MOST_PACKAGES) continue;
    const hash = hashAt(memory, symbol);
    if (hash !== undefined) hashes.set(packageName(symbol.name.replace(HASH_SYMBOL, '')), hash);
  }
  return hashes;
}

/** As {@link readPackageHashes}, for a file in which single symbols are looked up: all are read only when somebody asks for all. */
export function findPackageHashes(memory: GoMemory, image: ElfImage, find: FindSymbols): PackageHashes {
  const known = new Map<string, string | undefined>();
  let all: ReadonlyMap<string, string> | undefined;
  const whole = (): ReadonlyMap<string, string> => (all ??= readPackageHashes(memory, image));
  const get = (path: string): string | undefined => {
    if (all !== undefined) return all.get(path);
    if (known.has(path)) return known.get(path);
    const hash = lookUp(memory, find, path);
    known.set(path, hash);
    return hash;
  };
  return {
    get,
    has: (path) => get(path) !== undefined,
    keys: () => whole().keys(),
    get size() {
      return whole().size;
    },
    [Symbol.iterator]: () => whole()[Symbol.iterator](),
  };
}

function lookUp(memory: GoMemory, find: FindSymbols, path: string): string | undefined {
  // Names of symbols are one character a byte.
  const raw = /^[!-~]*$/.test(path) ? path : Buffer.from(path, 'utf8').toString('latin1');
  for (const prefix of PREFIXES) {
    for (const symbol of find(prefix + raw)) {
      const hash = hashAt(memory, symbol);
      if (hash !== undefined) return hash;
    }
  }
  return undefined;
}

function hashAt(memory: GoMemory, { size, value }: ElfSymbol): string | undefined {
  if (size === 0 || size > LONGEST_HASH) return undefined;
  const text = hashText(memory, value, size);
  return text === '' ? undefined : text;
}

/** Import paths in these symbols are not escaped. Names of symbols are read as latin1; import paths are UTF-8. */
function packageName(raw: string): string {
  return Buffer.from(raw, 'latin1').toString('utf8');
}

/** A hash in hexadecimal; empty when it is not in the file. */
export function hashText(memory: GoMemory, address: number, size: number): string {
  const digits = size === HEX_DIGITS ? memory.text(address, size, 'utf8') : '';
  return /^[0-9a-f]{40}$/.test(digits) ? digits : memory.text(address, size, 'hex');
}
