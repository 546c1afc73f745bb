import { basename, dirname, isAbsolute, join } from 'node:path';
import * as AT from '../../dwarf/at.ts';
import { DwarfFile } from '../../dwarf/file.ts';
import { loadSections } from '../../dwarf/sections.ts';
import type { UnitHeader } from '../../dwarf/unit.ts';
import type { MissingEvidence } from '../model.ts';
import type { DebugSearch } from './open.ts';
import type { OpenedElf, OpenFiles } from './open-files.ts';
import { sectionProblem } from './section-problem.ts';

/** A skeleton unit: what it stands for lies in a .dwo file. */
interface Skeleton {
  readonly unit: UnitHeader;
  readonly id: bigint;
  readonly name: string;
  readonly directory: string | undefined;
}

/** Paths that are tried at the most. */
const MAX_PATHS = 100_000;
/** Bytes of all files that are found there, fitting or not. */
const MAX_BYTES = 512 * 1024 * 1024;
/** How many missing files a message names. */
const NAMED = 5;

export interface SplitUnits {
  readonly files: readonly DwarfFile[];
  readonly missing: readonly MissingEvidence[];
  readonly used: readonly string[];
  /**
   * Files with ids of a compiler other than gcc. clang's is a sum of the names of types, not of what is in them, so that
   * builds of different sources have the same.
   */
  readonly loose: readonly string[];
}

/**
 * Opens the .dwo files, or the .dwp file, that hold the types of a file compiled with -gsplit-dwarf.
 * @param near paths of the file itself and of its separate debug file
 */
export function openSplitUnits(
  main: DwarfFile,
  near: readonly string[],
  search: DebugSearch,
  opened: OpenFiles,
): SplitUnits {
  const skeletons = skeletonsOf(main);
  const files: DwarfFile[] = [];
  const missing: MissingEvidence[] = [];
  const used: string[] = [];
  const loose: string[] = [];
  if (skeletons.length === 0) return { files, missing, used, loose };
  for (const { id, unit } of skeletons) main.program.addSkeleton(id, { file: main, unit });
  let left = MAX_BYTES;
  const have = new Set<bigint>();
  let paths = MAX_PATHS;
  /** What was opened before: the ids in it, fitting or not. */
  const seen = new Map<string, readonly bigint[]>();
  const open = (path: string, wanted?: bigint): 'opened' | 'other' | 'none' => {
    const before = seen.get(path);
    if (before !== undefined) return before.length > 0 ? 'other' : 'none';
    seen.set(path, []);
    paths -= 1;
    const elf = paths < 0 ? undefined : opened.elf(path);
    if (elf === undefined) return 'none';
    left -= elf.bytes.size;
    const file = left < 0 ? undefined : readSplit(elf, main, missing);
    elf.close();
    if (file === undefined) return 'none';
    const ids = file.units.flatMap((unit) => file.dwoId(unit) ?? []);
    seen.set(path, ids);
    if (wanted !== undefined && !ids.includes(wanted)) return 'other';
    for (const id of ids) have.add(id);
    main.program.files.push(file);
    files.push(file);
    used.push(path);
    if (!isMadeByGcc(file)) loose.push(path);
    return 'opened';
  };
  for (const path of packagePaths(near, search)) if (open(path) === 'opened') break;
  const absent: string[] = [];
  const stale: string[] = [];
  for (const { id, name, directory } of skeletons) {
    if (have.has(id)) continue;
    let state: 'opened' | 'other' | 'none' = 'none';
    for (const path of unitPaths(name, directory, near, search)) {
      const result = open(path, id);
      if (result !== 'none') state = result;
      if (result === 'opened') break;
    }
    if (state === 'none') absent.push(name);
    else if (state === 'other') stale.push(name);
  }
  if (absent.length > 0) {
    missing.push({
      code: 'split-missing',
      message: `The types of ${absent.length} of ${skeletons.length} units are in .dwo files that were not found: ${listed(absent)}.`,
      fix: 'Keep the .dwo files, or a .dwp file (dwp -e FILE) beside the file, or give their directory; or compile without -gsplit-dwarf.',
    });
  }
  if (stale.length > 0) {
    missing.push({
      code: 'split-missing',
      message: `The .dwo files of ${stale.length} of ${skeletons.length} units are from another build: ${listed(stale)}.`,
      fix: 'Give the .dwo files that were made together with this file.',
    });
  }
  return { files, missing, used, loose };
}

function isMadeByGcc(file: DwarfFile): boolean {
  return file.units.every((unit) => {
    const producer = file.root(unit)?.get(AT.producer);
    return producer !== undefined && file.text(producer, unit)?.startsWith('GNU ') === true;
  });
}

function readSplit(elf: OpenedElf, main: DwarfFile, missing: MissingEvidence[]): DwarfFile | undefined {
  const { sections, problems } = loadSections(elf.image, elf.bytes, true);
  if (sections.info.length === 0) return undefined;
  for (const problem of problems) missing.push(sectionProblem(problem, elf.path));
  return new DwarfFile(sections, { split: true, program: main.program, join: false });
}

function listed(names: readonly string[]): string {
  const more = names.length - NAMED;
  return names.slice(0, NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function skeletonsOf(main: DwarfFile): readonly Skeleton[] {
  return main.units.flatMap((unit) => {
    if (unit.kind !== 'skeleton' && unit.version >= 5) return [];
    const root = main.root(unit);
    if (root === undefined) return [];
    const name = main.text(root.get(AT.dwo_name) ?? root.get(AT.GNU_dwo_name), unit);
    const id = main.dwoId(unit);
    if (name === undefined || id === undefined) return [];
    return [{ unit, id, name, directory: main.text(root.get(AT.comp_dir), unit) }];
  });
}

function packagePaths(near: readonly string[], search: DebugSearch): readonly string[] {
  const beside = near.map((path) => `${path}.dwp`);
  const given = search.directories.flatMap((directory) => near.map((path) => join(directory, `${basename(path)}.dwp`)));
  return [...new Set([...beside, ...given])];
}

function unitPaths(
  name: string,
  directory: string | undefined,
  near: readonly string[],
  search: DebugSearch,
): readonly string[] {
  const base = basename(name);
  const built = isAbsolute(name) ? name : directory === undefined ? undefined : join(directory, name);
  const paths: string[] = [];
  // Given directories come first: what lies at the recorded path can be from a later build.
  for (const given of search.directories) {
    if (!isAbsolute(name)) paths.push(join(given, name));
    if (built !== undefined) paths.push(join(given, built));
    paths.push(join(given, base));
  }
  if (built !== undefined && isAbsolute(built)) paths.push(built);
  for (const path of near) {
    const beside = dirname(path);
    if (!isAbsolute(name)) paths.push(join(beside, name));
    paths.push(join(beside, base));
  }
  return [...new Set(paths)];
}
