import { createHash } from 'node:crypto';
import type { ElfImage, ElfProblem, ElfReading, Floors, Hardening } from '../elf/model.ts';
import { readElf } from '../elf/read.ts';
import { type DiffVerdict, worstEffect } from '../rules/effects.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { compareImages } from './compare.ts';
import { type RecordedContent, sameContent } from './content-digest.ts';
import { change } from './fold.ts';
import { interfaceOf, isGoPlugin } from './interface.ts';
import type { FileContent } from './loaded-content.ts';
import type { CompareOptions, TypeEvidence } from './model.ts';

/** A file to compare. */
export interface ComparedFile {
  /** For messages; nothing is opened. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What was recorded of a file that is not at hand itself; see src/snapshot/. */
export interface RecordedFile extends ElfReading {
  readonly name: string;
  /** Of the file itself: `sha256:<hex>`, and bytes. */
  readonly digest: string;
  readonly size: number;
  /** What contentDigest() gave for the file. */
  readonly content?: string;
  /** Why nothing of the record can be used: one or two sentences. */
  readonly refused?: string;
}

/** One side of a comparison: a file as read, or what was recorded of one. */
export type SideContent = FileContent | RecordedContent;

export interface CompareFilesOptions<Content = FileContent> extends Pick<CompareOptions, 'required' | 'versionScript'> {
  /** Compares the types of the symbols that both files export; not called when the files have the same content. */
  compareTypes?(old: Content, now: Content): TypeEvidence;
  /** Compares two Go plugins by the tables of Go's runtime; not called when the files have the same content. */
  compareGo?(old: Content, now: Content): readonly Finding[];
}

/** What a file was, next to the verdict. */
export interface FileEvidence {
  readonly file: string;
  /** `sha256:<hex>` */
  readonly digest: string;
  readonly size: number;
  readonly machine?: string;
  readonly class?: 32 | 64;
  readonly endian?: 'little' | 'big';
  readonly soname?: string;
  readonly buildId?: string;
  readonly needed?: readonly string[];
  readonly versions?: readonly string[];
  /** Exported symbols that count as interface. */
  readonly exported?: number;
  readonly undefined?: number;
  readonly floors?: Floors['versions'];
  readonly oldest?: Floors['oldest'];
  readonly hardening?: Hardening;
  readonly debug?: boolean;
  /** The file itself was not read, but a snapshot of it. */
  readonly snapshot?: true;
}

export interface Comparison {
  readonly verdict: DiffVerdict;
  readonly findings: readonly Finding[];
  readonly evidence: { readonly old: FileEvidence; readonly new: FileEvidence };
}

/**
 * Compares two releases of a file. Never throws for a bad file: what cannot be read is a finding, and the verdict is
 * undecided or worse then.
 */
export function compareFiles(old: ComparedFile, now: ComparedFile, options?: CompareFilesOptions): Comparison;
/** The same, where either may be a record; a comparison of types has to know by itself what was recorded then. */
export function compareFiles(
  old: ComparedFile | RecordedFile,
  now: ComparedFile | RecordedFile,
  options?: CompareFilesOptions<SideContent>,
): Comparison;
export function compareFiles(
  old: ComparedFile | RecordedFile,
  now: ComparedFile | RecordedFile,
  options: CompareFilesOptions<SideContent> = {},
): Comparison {
  const before = readingOf(old);
  const after = sameBytes(old, now) ? before : readingOf(now);
  const findings: Finding[] = [
    ...refusals([old, now]),
    ...oldProblems(old.name, before.problems),
    ...newProblems(after.problems),
  ];
  if (before.image !== undefined && after.image !== undefined) {
    findings.push(...compareContents(contentOf(old, before.image), contentOf(now, after.image), options));
  } else {
    const unread = [before.image === undefined ? old.name : '', after.image === undefined ? now.name : ''];
    const names = unread.filter((name) => name !== '').join(' and ');
    findings.push(
      change('change/unreadable', 'undecided', `Nothing was compared, because ${names} could not be read.`),
    );
  }
  const evidence = { old: evidenceOf(old, before.image), new: evidenceOf(now, after.image) };
  return { verdict: worstEffect(findings), findings, evidence };
}

/** One reading serves both: an unchanged file is the usual case. */
function sameBytes(old: ComparedFile | RecordedFile, now: ComparedFile | RecordedFile): boolean {
  return 'bytes' in old && 'bytes' in now && Buffer.compare(old.bytes, now.bytes) === 0;
}

function readingOf(file: ComparedFile | RecordedFile): ElfReading {
  return 'bytes' in file ? readElf(file.bytes) : file;
}

function contentOf(file: ComparedFile | RecordedFile, image: ElfImage): SideContent {
  return 'bytes' in file ? { bytes: file.bytes, image } : { content: file.content, image };
}

function compareContents(
  old: SideContent,
  now: SideContent,
  options: CompareFilesOptions<SideContent>,
): readonly Finding[] {
  const { compareTypes, compareGo, ...rest } = options;
  if (sameContent(old, now)) return compareImages(old.image, now.image, { ...rest, sameContent: true });
  // What a Go plugin exports is told by Go's own tables; reading all its debug information would answer nothing.
  const readable = !isGoPlugin(old.image) && !isGoPlugin(now.image);
  const bothGo = isGoPlugin(old.image) && isGoPlugin(now.image);
  const go = bothGo && compareGo !== undefined ? { go: compareGo(old, now) } : {};
  const types = readable && compareTypes !== undefined ? compareTypes(old, now) : withoutTypes(old.image, now.image);
  return compareImages(old.image, now.image, { ...rest, types, ...go });
}

function withoutTypes(old: ElfImage, now: ElfImage): TypeEvidence {
  const lacking = [old.debug.dwarf ? '' : 'the old', now.debug.dwarf ? '' : 'the new'].filter((text) => text !== '');
  const missing =
    lacking.length === 0
      ? 'this comparison read symbols and versions only'
      : lacking.length === 2
        ? 'neither file has debug information'
        : `${lacking[0]} file has no debug information`;
  return { findings: [], compared: new Set(), missing };
}

function refusals(files: readonly (ComparedFile | RecordedFile)[]): Finding[] {
  return files.flatMap((file): Finding[] => {
    if ('bytes' in file || file.refused === undefined) return [];
    const message = `The snapshot ${file.name} cannot be used. ${file.refused}`;
    return [finding('snapshot/refused', message, { effect: 'undecided', subject: file.name })];
  });
}

/** A damaged baseline decides nothing about the new file, but what it promised may be unknown. */
function oldProblems(name: string, problems: readonly ElfProblem[]): Finding[] {
  return problems.map(({ rule, message }) =>
    finding(rule, `${name}: ${message}`, { severity: 'undecided', effect: 'undecided', subject: 'old file' }),
  );
}

/** The loader maps a truncated file and the host dies; of a malformed one it may see something else than was read here. */
function newProblems(problems: readonly ElfProblem[]): Finding[] {
  return problems.map(({ rule, message }) => {
    const cannotLoad = rule === 'elf/not-elf' || rule === 'elf/truncated';
    return finding(rule, message, { effect: cannotLoad ? 'breaking' : 'undecided', subject: 'new file' });
  });
}

function evidenceOf(compared: ComparedFile | RecordedFile, image: ElfImage | undefined): FileEvidence {
  const file = identityOf(compared);
  if (image === undefined) return file;
  const { header, dynamic, notes } = image;
  return {
    ...file,
    machine: header.machine,
    class: header.class,
    endian: header.endian,
    ...(dynamic.soname !== undefined && { soname: dynamic.soname }),
    ...(notes.buildId !== undefined && { buildId: notes.buildId }),
    needed: dynamic.needed,
    versions: image.versions.defined.filter(({ base }) => !base).map((node) => node.name),
    exported: [...interfaceOf(image).values()].reduce((sum, symbols) => sum + symbols.length, 0),
    undefined: image.undefined.length,
    floors: image.floors.versions,
    oldest: image.floors.oldest,
    hardening: image.hardening,
    debug: image.debug.dwarf,
  };
}

function identityOf(compared: ComparedFile | RecordedFile): FileEvidence {
  if (!('bytes' in compared)) {
    return { file: compared.name, digest: compared.digest, size: compared.size, snapshot: true };
  }
  const digest = `sha256:${createHash('sha256').update(compared.bytes).digest('hex')}`;
  return { file: compared.name, digest, size: compared.bytes.length };
}
