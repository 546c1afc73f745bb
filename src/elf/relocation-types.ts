import { EM } from './machine.ts';

/** What a dynamic relocation does, as far as the gate asks. */
export type RelocationKind =
  | 'none'
  | 'relative'
  | 'ifunc'
  | 'copy'
  | 'jump-slot'
  | 'tls-module'
  | 'tls-offset'
  | 'tls-initial-exec'
  | 'tls-descriptor';

type Types = Readonly<Record<number, RelocationKind>>;

const PPC: Types = {
  0: 'none',
  19: 'copy',
  21: 'jump-slot',
  22: 'relative',
  68: 'tls-module',
  73: 'tls-initial-exec',
  78: 'tls-offset',
  247: 'ifunc',
  248: 'ifunc',
};

/** Relocation numbers of the processor supplements (psABI); the rest of each list means "other" here. */
const TYPES: Readonly<Record<number, Types>> = {
  [EM.X86_64]: {
    0: 'none',
    5: 'copy',
    7: 'jump-slot',
    8: 'relative',
    16: 'tls-module',
    17: 'tls-offset',
    18: 'tls-initial-exec',
    36: 'tls-descriptor',
    37: 'ifunc',
    38: 'relative',
  },
  [EM.I386]: {
    0: 'none',
    5: 'copy',
    7: 'jump-slot',
    8: 'relative',
    14: 'tls-initial-exec',
    35: 'tls-module',
    36: 'tls-offset',
    37: 'tls-initial-exec',
    41: 'tls-descriptor',
    42: 'ifunc',
  },
  [EM.AARCH64]: {
    0: 'none',
    1024: 'copy',
    1026: 'jump-slot',
    1027: 'relative',
    1028: 'tls-module',
    1029: 'tls-offset',
    1030: 'tls-initial-exec',
    1031: 'tls-descriptor',
    1032: 'ifunc',
  },
  [EM.ARM]: {
    0: 'none',
    13: 'tls-descriptor',
    17: 'tls-module',
    18: 'tls-offset',
    19: 'tls-initial-exec',
    20: 'copy',
    22: 'jump-slot',
    23: 'relative',
    160: 'ifunc',
  },
  [EM.RISCV]: {
    0: 'none',
    3: 'relative',
    4: 'copy',
    5: 'jump-slot',
    6: 'tls-module',
    7: 'tls-module',
    8: 'tls-offset',
    9: 'tls-offset',
    10: 'tls-initial-exec',
    11: 'tls-initial-exec',
    12: 'tls-descriptor',
    58: 'ifunc',
  },
  [EM.PPC]: PPC,
  [EM.PPC64]: PPC,
  [EM.S390]: {
    0: 'none',
    9: 'copy',
    11: 'jump-slot',
    12: 'relative',
    54: 'tls-module',
    55: 'tls-offset',
    56: 'tls-initial-exec',
    61: 'ifunc',
  },
  [EM.LOONGARCH]: {
    0: 'none',
    3: 'relative',
    4: 'copy',
    5: 'jump-slot',
    6: 'tls-module',
    7: 'tls-module',
    8: 'tls-offset',
    9: 'tls-offset',
    10: 'tls-initial-exec',
    11: 'tls-initial-exec',
    12: 'ifunc',
    13: 'tls-descriptor',
    14: 'tls-descriptor',
  },
};

const NONE_ONLY: Types = { 0: 'none' };

/** The relocation numbers of a machine; for machines without a table only "none" is known. */
export function relocationTypes(machineCode: number): Types {
  return TYPES[machineCode] ?? NONE_ONLY;
}
