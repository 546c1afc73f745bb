import type { ElfImage, ElfSymbol } from '../elf/model.ts';
import type { Finding } from '../rules/finding.ts';
import type { VersionScript } from './version-script.ts';

/**
 * What a comparison of types came to; the seam between symbols (this folder) and types (src/abi/). While it is absent,
 * every symbol that both files export counts as not compared.
 */
export interface TypeEvidence {
  readonly findings: readonly Finding[];
  /** Names of exported symbols whose types were seen in both files and compared. */
  readonly compared: ReadonlySet<string>;
  /** Symbols whose size follows from a change that one of the findings tells: virtual tables. */
  readonly sizesTold?: ReadonlySet<string>;
  /** Why the other ones were not: one clause without a full stop, for example `NEW has no debug information`. */
  readonly missing: string;
}

export interface CompareOptions {
  /** What the new file is meant to export. */
  readonly versionScript?: VersionScript;
  /** Names, or `name@VERSION`, that the new file must export. */
  readonly required?: readonly string[];
  readonly types?: TypeEvidence;
  /** For two Go plugins: what changed in the tables that Go's runtime reads; see src/golang/compare.ts. */
  readonly go?: readonly Finding[];
  /**
   * Everything that is loaded, and all debug information, is the same in both files (see content-digest.ts): the types
   * are the same as well.
   */
  readonly sameContent?: boolean;
}

/** The same symbol in two releases. */
export interface SymbolPair {
  readonly old: ElfSymbol;
  readonly new: ElfSymbol;
}

/** The two releases of a file. */
export interface ImagePair {
  readonly old: ElfImage;
  readonly new: ElfImage;
}
