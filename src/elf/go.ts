import type { ElfImage } from './model.ts';

/** Whether the Go linker made the file; needs no section headers. */
export function isGo(image: ElfImage): boolean {
  return (
    image.notes.others.some((note) => note.name === 'Go') ||
    image.sections.some((section) => section.name === '.go.buildinfo' || section.name === '.gopclntab')
  );
}
