/** The part of elfy 1.0.0 that is used; the package has no types of its own. */
declare module 'elfy' {
  interface ElfySection {
    readonly name: string;
    readonly addr: number;
    readonly off: number;
    readonly size: number;
    readonly link: number;
    readonly info: number;
  }
  interface ElfyFile {
    readonly body: { readonly sections: readonly ElfySection[] };
  }
  /** Throws Error, TypeError or AssertionError for files that it cannot read. */
  export function parse(file: Buffer): ElfyFile;
}
