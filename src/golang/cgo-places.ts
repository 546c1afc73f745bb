import { posix } from 'node:path';
import type { ElfImage } from '../elf/model.ts';
import type { Finding, Location } from '../rules/finding.ts';
import { readGoFunctions } from './functions.ts';

/**
 * Where cgo compiles C code: the go command has the C compiler record its temporary directory as this one
 * (cmd/go/internal/work, -ffile-prefix-map), whatever it was.
 */
const GO_BUILD = /^(?:\/tmp\/go-build|(?:\/[^/]+)*\/go-build\d+\/b\d+)\//;

/** Of `_cgoexp_fbf0cdcf00a7_`. */
const CGO_PREFIX = 21;
const GENERATED = /(?:^|\/)_cgo_|\.cgo\d\.go$/;

/** Symbols whose places are looked for. */
const MOST_LOOKUPS = 100;

/**
 * Debug information of what cgo exports points to files that cgo wrote and that are gone. Such a place becomes that of the
 * Go function or, for types of a preamble, of the Go file; where neither is known it is left out.
 * @param image of the file that the places are of, and its bytes
 * @param locate makes a path relative to the repository
 */
export function placedInGo(
  findings: readonly Finding[],
  { image, bytes }: { readonly image: ElfImage; readonly bytes: Uint8Array },
  locate: (file: string) => string,
): readonly Finding[] {
  if (!findings.some(isGone)) return findings;
  const functions = readGoFunctions(bytes, image);
  const symbols = new Set([...new Set(findings.filter(isGone).map(symbolOf))].slice(0, MOST_LOOKUPS));
  const own = functions?.allNamed(new Set([...symbols].map((symbol) => `main.${symbol}`)));
  const made = wrappersOf(image, symbols);
  const placeOf = (symbol: string): Location | undefined => {
    // Before its first instruction: the line that declares it.
    const declared = own?.get(`main.${symbol}`)?.line(0);
    const wrapper = declared === undefined ? made.get(symbol) : undefined;
    const inside = wrapper === undefined ? undefined : functions?.at(wrapper)?.inlined();
    return declared ?? (inside === undefined || GENERATED.test(inside.file) ? undefined : inside);
  };
  return findings.map((found) => {
    if (!isGone(found)) return found;
    const { location, ...rest } = found;
    const place = movedTo(location, placeOf(symbolOf(found)));
    return place === undefined ? rest : { ...rest, location: { ...place, file: locate(place.file) } };
  });
}

function symbolOf({ symbol, affected, path }: Finding): string {
  return symbol ?? affected?.[0] ?? path?.[0] ?? '';
}

/** A small function is inlined into what cgo makes of it, `_cgoexp_<hash>_name`: then it is the place of its first code. */
function wrappersOf({ symbols }: ElfImage, wanted: ReadonlySet<string>): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { name, value } of symbols) {
    const plain = name.startsWith('_cgoexp_') ? name.slice(CGO_PREFIX) : '';
    if (wanted.has(plain)) found.set(plain, value);
  }
  return found;
}

function isGone({ location }: Finding): boolean {
  return location !== undefined && GO_BUILD.test(location.file);
}

/** Lines of a preamble are those of its Go file, which `#line` tells the C compiler. */
function movedTo(gone: Location | undefined, declared: Location | undefined): Location | undefined {
  if (gone === undefined || declared === undefined) return declared;
  if (posix.basename(gone.file) !== posix.basename(declared.file)) return declared;
  return { ...gone, file: declared.file };
}
