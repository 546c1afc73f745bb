import type { ElfHeader, ElfImage } from '../elf/model.ts';
import type { Finding } from '../rules/finding.ts';
import { change } from './fold.ts';
import type { ImagePair } from './model.ts';

/** ELFOSABI_NONE and ELFOSABI_GNU: the link editor picks GNU when IFUNC or unique symbols are used; glibc takes both. */
const PLAIN_OS_ABI = new Set([0, 3]);

/**
 * The bits of e_flags that name a calling convention, by e_machine: files that differ in them do not go together.
 * Sources: ARM ELF ABI (EF_ARM_EABIMASK, EF_ARM_ABI_FLOAT_*), RISC-V psABI (EF_RISCV_FLOAT_ABI, EF_RISCV_RVE), 64-bit
 * PowerPC ELF ABI (EF_PPC64_ABI), LoongArch ELF psABI (base ABI), MIPS psABI (EF_MIPS_ABI2, NAN2008, FP64, EF_MIPS_ABI).
 */
const CALLING_CONVENTION: Readonly<Record<number, number>> = {
  8: 0x0000_f620,
  21: 0x3,
  40: 0xff00_0600,
  243: 0xe,
  258: 0x7,
};

/** `x86-64, 64-bit, little endian`: what a loader compares first. */
export function targetName({ machine, class: bits, endian }: ElfHeader): string {
  return `${machine}, ${bits}-bit, ${endian} endian`;
}

/** Why code of one header cannot run in a process of the other; undefined when it can. */
export function targetMismatch(one: ElfHeader, other: ElfHeader): { one: string; other: string } | undefined {
  if (one.machineCode !== other.machineCode || one.class !== other.class || one.endian !== other.endian) {
    return { one: targetName(one), other: targetName(other) };
  }
  const mask = CALLING_CONVENTION[one.machineCode] ?? 0;
  const [flags, others] = [(one.flags & mask) >>> 0, (other.flags & mask) >>> 0];
  if (flags !== others && !(one.machineCode === 40 && softFloatUnknown(flags, others))) {
    const named = (bits: number) => `${one.machine} calling convention 0x${bits.toString(16)}`;
    return { one: named(flags), other: named(others) };
  }
  return undefined;
}

/** ARM files of old tools give no float ABI at all; that is no contradiction. */
function softFloatUnknown(one: number, other: number): boolean {
  const float = 0x600;
  return (one & ~float) === (other & ~float) && ((one & float) === 0 || (other & float) === 0);
}

/** The file is for another machine. Everything else would only be noise then, so the caller stops. */
export function compareTarget(images: ImagePair): Finding[] {
  const mismatch = targetMismatch(images.old.header, images.new.header);
  if (mismatch === undefined) return [];
  const message = `The new file is for another machine: ${mismatch.other}; the old one is for ${mismatch.one}.`;
  return [change('change/machine', 'breaking', message, { old: mismatch.one, new: mismatch.other })];
}

/** Why dlopen refuses a file by its kind alone; undefined when it does not. Source: glibc elf/dl-load.c, dl-open.c. */
export function refusedKind(image: ElfImage): { kind: string; message: string } | undefined {
  const { type, osAbi } = image.header;
  if (type !== 'dyn') return { kind: `file type ${type}`, message: 'is not a shared object' };
  if (image.dynamic.flags1.includes('PIE')) {
    return { kind: 'position-independent executable', message: 'is a position-independent executable' };
  }
  if (image.dynamic.flags1.includes('NOOPEN')) {
    return { kind: 'NOOPEN', message: 'is marked as not to be opened (-z nodlopen)' };
  }
  if (!PLAIN_OS_ABI.has(osAbi))
    return { kind: `OS ABI ${osAbi}`, message: `is marked for another system (OS ABI ${osAbi})` };
  return undefined;
}

/** Object files have no table of dynamic symbols: what of them will be exported, the linker decides. */
export function compareObjects({ old, new: now }: ImagePair): Finding[] {
  const sides = [old.header.type === 'rel' ? 'old' : '', now.header.type === 'rel' ? 'new' : ''].filter(
    (side) => side !== '',
  );
  if (sides.length === 0) return [];
  const which = sides.length === 2 ? 'Both files are object files' : `The ${sides[0]} file is an object file`;
  const message = `${which}, of which nobody can tell what they export: symbols and types were not compared.`;
  const fix = 'Link the object files into shared objects (cc -shared), and compare those.';
  return [change('abi/types-not-compared', 'undecided', message, { subject: 'object file', fix })];
}

/** A file that could be loaded and now cannot, whatever its symbols. */
export function compareKind(images: ImagePair): Finding[] {
  const [before, after] = [refusedKind(images.old), refusedKind(images.new)];
  if (after === undefined || before?.kind === after.kind) return [];
  const old = before?.kind ?? 'shared object';
  return [change('change/not-loadable', 'breaking', `The new file ${after.message}.`, { old, new: after.kind })];
}
