import { DT, type DynamicTable } from './dynamic.ts';
import { FORTIFIABLE, fortifiedFunction } from './fortify.ts';
import { EM } from './machine.ts';
import type { Dynamic, ElfHeader, ElfSymbol, Hardening, Notes, Relocations, Segment } from './model.ts';
import { PT } from './segments.ts';

/**
 * Machines on which a file without PT_GNU_STACK does not make glibc execute the stack: DEFAULT_STACK_PERMS without
 * PF_X in sysdeps/<machine>/stackinfo.h. Everywhere else absence means executable.
 */
const NX_BY_DEFAULT: ReadonlySet<number> = new Set([EM.AARCH64, EM.PPC64, EM.LOONGARCH]);

const STACK_PROTECTOR: ReadonlySet<string> = new Set([
  '__stack_chk_fail',
  '__stack_chk_fail_local',
  '__stack_chk_guard',
  '__stack_smash_handler',
]);

/** What the file is read from; all of it was checked before. */
export interface HardeningInput {
  readonly header: ElfHeader;
  readonly segments: readonly Segment[];
  readonly table: DynamicTable;
  readonly dynamic: Dynamic;
  readonly notes: Notes;
  readonly relocations: Relocations;
  readonly defined: readonly ElfSymbol[];
  readonly undefined: readonly ElfSymbol[];
}

/** How the file was hardened, as far as the file itself shows it. */
export function readHardening(input: HardeningInput): Hardening {
  const { header, segments, dynamic, notes, relocations } = input;
  const used = new Set(input.undefined.map((symbol) => symbol.name));
  const has = (property: string): boolean => notes.properties.includes(property);
  let fortified = 0;
  let unfortified = 0;
  for (const name of used) {
    if (fortifiedFunction(name) !== undefined) fortified++;
    else if (FORTIFIABLE.has(name)) unfortified++;
  }
  return {
    relro: relroOf(input),
    nxStack: hasNxStack(header, segments),
    writableExecutable: segments.filter(({ typeCode, flags }) => typeCode === PT.LOAD && flags.write && flags.execute)
      .length,
    textRelocations: dynamic.flags.includes('TEXTREL') || relocations.text > 0,
    stackProtector:
      [...STACK_PROTECTOR].some((name) => used.has(name)) ||
      input.defined.some((symbol) => STACK_PROTECTOR.has(symbol.name)),
    fortify: { fortified, unfortified },
    cet: { ibt: has('IBT'), shstk: has('SHSTK') },
    arm: { bti: has('BTI'), pac: has('PAC') },
    rpath: dynamic.rpath !== undefined,
    runpath: dynamic.runpath !== undefined,
  };
}

/** Whether the stack of a process keeps from being executable when this file is loaded into it. */
export function hasNxStack({ machineCode }: ElfHeader, segments: readonly Segment[]): boolean {
  const stack = segments.findLast((segment) => segment.typeCode === PT.GNU_STACK);
  return stack === undefined ? NX_BY_DEFAULT.has(machineCode) : !stack.flags.execute;
}

/** Full RELRO needs immediate binding, or a file without any lazily bound function (built with -fno-plt). */
function relroOf({ segments, dynamic, table }: HardeningInput): Hardening['relro'] {
  if (!segments.some((segment) => segment.typeCode === PT.GNU_RELRO && segment.memorySize > 0)) return 'none';
  const now = dynamic.flags.includes('BIND_NOW') || dynamic.flags1.includes('NOW');
  return now || (table.get(DT.PLTRELSZ) ?? 0) === 0 ? 'full' : 'partial';
}
