import type { ElfImage, ElfSymbol } from '../elf/model.ts';
import type { LoadableFile } from './model.ts';

interface Definition {
  readonly symbol: ElfSymbol;
  readonly owner: LoadableFile;
}

/** Definitions of one name in one file that are looked at; real files have a handful. */
const MOST_VERSIONS = 256;

/**
 * The definitions of a process, by name. Answers what the dynamic loader would: whether any file in scope satisfies a
 * reference. Rules from glibc elf/dl-lookup.c (check_match, do_lookup_x); musl looks at names alone.
 */
export class Scope {
  private readonly byName = new Map<string, Definition[]>();
  /** Files in which names are looked up one by one. */
  private readonly asked: readonly LoadableFile[];
  private readonly versions: 'gnu' | 'ignored';

  /** @param versions `ignored` for musl */
  constructor(files: readonly LoadableFile[], versions: 'gnu' | 'ignored' = 'gnu') {
    this.versions = versions;
    this.asked = files.filter(({ find }) => find !== undefined);
    for (const owner of files) {
      if (owner.find !== undefined) continue;
      const seen = new Map<string, number>();
      for (const symbol of owner.image.symbols) {
        const count = (seen.get(symbol.name) ?? 0) + 1;
        seen.set(symbol.name, count);
        if (count > MOST_VERSIONS) continue;
        const list = this.byName.get(symbol.name);
        if (list === undefined) this.byName.set(symbol.name, [{ symbol, owner }]);
        else list.push({ symbol, owner });
      }
    }
  }

  /** Whether a reference is bound. */
  provides(reference: ElfSymbol): boolean {
    const { name } = reference;
    const fits = (symbol: ElfSymbol, owner: LoadableFile): boolean =>
      this.versions === 'ignored' || answers(symbol, owner.image, reference);
    if (this.byName.get(name)?.some(({ symbol, owner }) => fits(symbol, owner)) === true) return true;
    // One file after the other: most names are found in the library that they are of.
    const { library } = reference;
    const first = library === undefined ? undefined : this.asked.find(({ image }) => image.dynamic.soname === library);
    if (first?.find?.(name).some((symbol) => fits(symbol, first)) === true) return true;
    return this.asked.some((owner) => owner.find?.(name).some((symbol) => fits(symbol, owner)) === true);
  }

  /** Files that define the name, whatever the version. */
  owners(name: string): readonly LoadableFile[] {
    return this.definitions(name).map(({ owner }) => owner);
  }

  private definitions(name: string): readonly Definition[] {
    const known = this.byName.get(name) ?? [];
    const found = this.asked.flatMap((owner) => (owner.find?.(name) ?? []).map((symbol) => ({ symbol, owner })));
    return found.length === 0 ? known : [...known, ...found];
  }
}

function answers(symbol: ElfSymbol, image: ElfImage, reference: ElfSymbol): boolean {
  if (reference.version !== undefined) {
    if (symbol.version === reference.version) return true;
    // Unversioned definitions answer, except those of the very library that the reference names, when it has no
    // versions at all: there the loader stops at an assertion.
    const named = reference.library !== undefined && image.dynamic.soname === reference.library;
    return symbol.version === undefined && (image.versions.defined.length > 0 || !named);
  }
  if (symbol.version === undefined || symbol.default) return true;
  // A hidden definition of the first version node (index 2) counts as the base definition of the symbol.
  return image.versions.defined.some(({ name, index }) => name === symbol.version && index === 2);
}
