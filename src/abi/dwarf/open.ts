import { basename, dirname, isAbsolute, join } from 'node:path';
import { DwarfFile } from '../../dwarf/file.ts';
import { DwarfProgram } from '../../dwarf/program.ts';
import { type FileBytes, inMemory, loadSections } from '../../dwarf/sections.ts';
import { readSupplementLink } from '../../dwarf/supplement.ts';
import type { ElfImage } from '../../elf/model.ts';
import type { MissingEvidence } from '../model.ts';
import { type OpenedElf, OpenFiles } from './open-files.ts';
import { sectionProblem } from './section-problem.ts';
import { buildIdPath, findSeparate, SYSTEM_DEBUG } from './separate.ts';
import { openSplitUnits } from './split.ts';

/** Where separate debug information may lie. */
export interface DebugSearch {
  /** Path of the file itself; debug files are looked for beside it and in `.debug/` there. */
  readonly file?: string;
  /** Further directories, laid out as /usr/lib/debug is, or holding the files themselves. */
  readonly directories: readonly string[];
}

export interface OpenedDebugInfo {
  readonly files: readonly DwarfFile[];
  readonly missing: readonly MissingEvidence[];
  /** Paths of separate files that were used. */
  readonly used: readonly string[];
  /** Those of them whose id does not tell one build from another: see {@link openSplitUnits}. */
  readonly loose: readonly string[];
}

/** Opens the debugging information of a file: its own, or that of a separate file found by build id or debug link. */
export function openDebugInfo(image: ElfImage, bytes: Uint8Array, search: DebugSearch): OpenedDebugInfo {
  const opened = new OpenFiles();
  try {
    return open(image, bytes, search, opened);
  } finally {
    opened.close();
  }
}

function open(image: ElfImage, bytes: Uint8Array, search: DebugSearch, opened: OpenFiles): OpenedDebugInfo {
  const missing: MissingEvidence[] = [];
  const used: string[] = [];
  let holder: Pick<OpenedElf, 'image' | 'bytes'> = { image, bytes: inMemory(bytes) };
  const near = search.file === undefined ? [] : [search.file];
  if (!image.debug.dwarf) {
    const others: string[] = [];
    const separate = findSeparate(image, search, opened, others);
    if (separate === undefined) return { files: [], missing: [noDebugInfo(image, others)], used, loose: [] };
    holder = separate;
    near.push(separate.path);
    used.push(separate.path);
  }
  const { sections, problems } = loadSections(holder.image, holder.bytes);
  for (const problem of problems) missing.push(sectionProblem(problem));
  const program = new DwarfProgram();
  const alt = openSupplement(holder, near, search, opened, program, missing);
  const main = new DwarfFile(sections, { program, ...(alt === undefined ? {} : { alt: alt.file }) });
  if (alt !== undefined) used.push(alt.path);
  const split = openSplitUnits(main, near, search, opened);
  return {
    files: [main, ...split.files],
    missing: [...missing, ...split.missing],
    used: [...used, ...split.used],
    loose: split.loose,
  };
}

/** Debug information that is not DWARF, by the section that it is in. */
const OTHER_FORMATS: Readonly<Record<string, string>> = { '.ctf': 'CTF', '.BTF': 'BTF', '.stab': 'stabs' };

/** @param others files that were found under the name of the debug file */
function noDebugInfo(image: ElfImage, others: readonly string[]): MissingEvidence {
  const id = image.notes.buildId;
  const place = id === undefined ? 'the file has no build id' : `its build id is ${id}`;
  const format = image.sections.map(({ name }) => OTHER_FORMATS[name]).find((name) => name !== undefined);
  const what = format === undefined ? '' : `; it has ${format}, which is not read`;
  const [other] = others;
  const found = other === undefined ? '' : `; ${basename(other)} was found and is of another build`;
  return {
    code: 'no-debug-info',
    message: `There is no debug information (${place}${what}${found}).`,
    fix:
      other === undefined
        ? 'Compile with -g, or give the directory with the separate debug files.'
        : 'Give the debug file that was made together with this file.',
  };
}

/** The file that dwz or a DWARF 5 producer put shared parts into. */
function openSupplement(
  { image, bytes }: Pick<OpenedElf, 'image' | 'bytes'>,
  near: readonly string[],
  search: DebugSearch,
  opened: OpenFiles,
  program: DwarfProgram,
  missing: MissingEvidence[],
): { readonly file: DwarfFile; readonly path: string } | undefined {
  const gnu = image.debug.debugAltLink;
  const link = gnu === undefined ? supplementOf(image, bytes) : { file: gnu.file, id: gnu.buildId };
  if (link === undefined || ('supplementary' in link && link.supplementary)) return undefined;
  const candidates = isAbsolute(link.file) ? [link.file] : near.map((path) => join(dirname(path), link.file));
  for (const directory of [...search.directories, SYSTEM_DEBUG]) {
    if (link.id.length >= 4) candidates.push(buildIdPath(directory, link.id));
    candidates.push(join(directory, '.dwz', basename(link.file)), join(directory, basename(link.file)));
  }
  for (const path of candidates) {
    const found = opened.elf(path);
    if (found === undefined) continue;
    const id = gnu === undefined ? supplementOf(found.image, found.bytes)?.id : found.image.notes.buildId;
    if (id !== link.id) continue;
    const { sections, problems } = loadSections(found.image, found.bytes);
    for (const problem of problems) missing.push(sectionProblem(problem, path));
    return { file: new DwarfFile(sections, { program }), path };
  }
  missing.push({
    code: 'alt-missing',
    message: `Parts of the debug information are in ${link.file} (id ${link.id}), which was not found.`,
    fix: 'Give the directory that it is in; dwz made it.',
  });
  return undefined;
}

function supplementOf(image: ElfImage, bytes: FileBytes): ReturnType<typeof readSupplementLink> {
  const section = image.sections.find(({ name }) => name === '.debug_sup');
  const content = section === undefined ? undefined : bytes.read(section.offset, section.size);
  return content === undefined ? undefined : readSupplementLink(content, image.header.endian === 'little');
}
