import { createHash } from 'node:crypto';
import type { ElfImage, ElfProblem, Floors, Hardening } from '../elf/model.ts';
import { readElf } from '../elf/read.ts';
import { type DiffVerdict, worstEffect } from '../rules/effects.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { compareImages } from './compare.ts';
import { change } from './fold.ts';
import { interfaceOf, isGoPlugin } from './interface.ts';
import { type FileContent, sameContent } from './loaded-content.ts';
import type { CompareOptions, TypeEvidence } from './model.ts';

/** A file to compare. */
export interface ComparedFile {
  /** For messages; nothing is opened. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface CompareFilesOptions extends Pick<CompareOptions, 'required' | 'versionScript'> {
  /** Compares the types of the symbols that both files export; not called when the files have the same content. */
  readonly compareTypes?: (old: FileContent, now: FileContent) => TypeEvidence;
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
export function compareFiles(old: ComparedFile, now: ComparedFile, options: CompareFilesOptions = {}): Comparison {
  const [before, after] = [readElf(old.bytes), readElf(now.bytes)];
  const findings: Finding[] = [...oldProblems(old.name, before.problems), ...newProblems(after.problems)];
  if (before.image !== undefined && after.image !== undefined) {
    findings.push(
      ...compareContents({ bytes: old.bytes, image: before.image }, { bytes: now.bytes, image: after.image }, options),
    );
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

function compareContents(old: FileContent, now: FileContent, options: CompareFilesOptions): readonly Finding[] {
  const { compareTypes, ...rest } = options;
  if (sameContent(old, now)) return compareImages(old.image, now.image, { ...rest, sameContent: true });
  // What a Go plugin exports is told by Go's own tables; reading all its debug information would answer nothing.
  const readable = !isGoPlugin(old.image) && !isGoPlugin(now.image);
  const types = readable && compareTypes !== undefined ? compareTypes(old, now) : withoutTypes(old.image, now.image);
  return compareImages(old.image, now.image, { ...rest, types });
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

function evidenceOf({ name, bytes }: ComparedFile, image: ElfImage | undefined): FileEvidence {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const file = { file: name, digest, size: bytes.length };
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
