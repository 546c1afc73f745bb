import { basename, dirname, join } from 'node:path';
import { OpenFiles } from '../../abi/dwarf/open-files.ts';
import { buildIdPath, SYSTEM_DEBUG } from '../../abi/dwarf/separate.ts';
import type { ElfImage } from '../../elf/model.ts';
import type { Witness } from './witness.ts';

const SEVERAL = 'its debug information is in several files';

/**
 * Notes the files in which separate debug information of a file is looked for, whether they are there or not: one that
 * comes later tells more. See src/abi/dwarf/separate.ts for the places.
 * @param file absolute path of the file
 */
export function noteDebugFiles(image: ElfImage, file: string, witness: Witness): void {
  if (isSpread(image)) witness.open(SEVERAL);
  if (image.debug.dwarf) return;
  const { buildId } = image.notes;
  const { debugLink } = image.debug;
  const places = [
    ...(buildId === undefined || buildId.length < 4 ? [] : [buildIdPath(SYSTEM_DEBUG, buildId)]),
    ...(debugLink === undefined
      ? []
      : [dirname(file), join(dirname(file), '.debug'), join(SYSTEM_DEBUG, dirname(file))].map((directory) =>
          join(directory, basename(debugLink.file)),
        )),
  ];
  const opened = new OpenFiles();
  try {
    for (const place of places) {
      witness.file(place);
      const found = opened.elf(place);
      if (found !== undefined && isSpread(found.image)) witness.open(SEVERAL);
    }
  } finally {
    opened.close();
  }
}

/** The same for a file that was not read yet. */
export function noteDebugFilesOf(file: string, witness: Witness): void {
  const opened = new OpenFiles();
  try {
    const found = opened.elf(file);
    if (found !== undefined) noteDebugFiles(found.image, file, witness);
  } finally {
    opened.close();
  }
}

/** Parts are in supplementary or split files, which are looked for in many places. */
function isSpread({ debug, sections }: ElfImage): boolean {
  return debug.debugAltLink !== undefined || debug.split || sections.some(({ name }) => name === '.debug_sup');
}
