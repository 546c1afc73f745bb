import type { ElfImage } from './model.ts';

/**
 * Whether there is anything to read for those who know Go: the Go linker made the file, or it has the package hashes of
 * one that loads plugins.
 */
export function mayBeGo(image: ElfImage): boolean {
  return isGo(image) || image.symbols.some(({ name }) => /^go[.:]link\.pkghashbytes\./.test(name));
}

/** Whether the Go linker made the file; needs no section headers. */
export function isGo(image: ElfImage): boolean {
  return (
    image.notes.others.some((note) => note.name === 'Go') ||
    image.sections.some((section) => section.name === '.go.buildinfo' || section.name === '.gopclntab')
  );
}
