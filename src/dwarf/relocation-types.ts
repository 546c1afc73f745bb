/** What a relocation does to the bytes at its place. */
export interface Operation {
  /**
   * `put`: symbol plus addend. `add`, `sub`, `set`: RISC-V and LoongArch build differences of labels from pairs, since their linkers
   * move code. The kinds with 6 touch the low six bits of a byte, `uleb` ones a LEB128 number.
   */
  readonly kind: 'put' | 'add' | 'sub' | 'set' | 'sub6' | 'set6' | 'uleb-set' | 'uleb-sub';
  /** Bytes. */
  readonly size: 1 | 2 | 4 | 8;
}

const put4: Operation = { kind: 'put', size: 4 };
const put8: Operation = { kind: 'put', size: 8 };

/** The relocations that debug sections use, by e_machine and type (psABI of each): absolute data, and offsets of thread-local variables. */
const OPERATIONS: Readonly<Record<number, Readonly<Record<number, Operation>>>> = {
  // SPARC: R_SPARC_32, UA32, 64, UA64, TLS_DTPOFF32, TLS_DTPOFF64; by EM_SPARC, EM_SPARC32PLUS and EM_SPARCV9
  2: { 3: put4, 23: put4, 78: put4 },
  18: { 3: put4, 23: put4, 78: put4 },
  43: { 3: put4, 23: put4, 32: put8, 54: put8, 78: put4, 79: put8 },
  // EM_386: R_386_32, R_386_TLS_LDO_32
  3: { 1: put4, 32: put4 },
  // EM_68K: R_68K_32, R_68K_TLS_LDO32
  4: { 1: put4, 34: put4 },
  // EM_MIPS: R_MIPS_32, R_MIPS_64, R_MIPS_TLS_DTPREL32, R_MIPS_TLS_DTPREL64
  8: { 2: put4, 18: put8, 39: put4, 41: put8 },
  // EM_PPC: R_PPC_ADDR32, R_PPC_UADDR32, R_PPC_DTPREL32
  20: { 1: put4, 24: put4, 78: put4 },
  // EM_PPC64: R_PPC64_ADDR32, R_PPC64_UADDR32, R_PPC64_ADDR64, R_PPC64_UADDR64, R_PPC64_DTPREL64
  21: { 1: put4, 24: put4, 38: put8, 43: put8, 78: put8 },
  // EM_S390: R_390_32, R_390_64, R_390_TLS_LDO32, R_390_TLS_LDO64
  22: { 4: put4, 22: put8, 52: put4, 53: put8 },
  // EM_ARM: R_ARM_ABS32, R_ARM_TLS_LDO32
  40: { 2: put4, 106: put4 },
  // EM_SH: R_SH_DIR32, R_SH_TLS_DTPOFF32
  42: { 1: put4, 150: put4 },
  // EM_X86_64: R_X86_64_64, R_X86_64_32, R_X86_64_32S, R_X86_64_DTPOFF64, R_X86_64_DTPOFF32
  62: { 1: put8, 10: put4, 11: put4, 17: put8, 21: put4 },
  // EM_AARCH64: R_AARCH64_ABS64, R_AARCH64_ABS32, R_AARCH64_TLS_DTPREL
  183: { 257: put8, 258: put4, 1029: put8 },
  // EM_RISCV
  243: {
    1: put4,
    2: put8,
    8: put4,
    9: put8,
    33: { kind: 'add', size: 1 },
    34: { kind: 'add', size: 2 },
    35: { kind: 'add', size: 4 },
    36: { kind: 'add', size: 8 },
    37: { kind: 'sub', size: 1 },
    38: { kind: 'sub', size: 2 },
    39: { kind: 'sub', size: 4 },
    40: { kind: 'sub', size: 8 },
    52: { kind: 'sub6', size: 1 },
    53: { kind: 'set6', size: 1 },
    54: { kind: 'set', size: 1 },
    55: { kind: 'set', size: 2 },
    56: { kind: 'set', size: 4 },
    60: { kind: 'uleb-set', size: 1 },
    61: { kind: 'uleb-sub', size: 1 },
  },
  // EM_LOONGARCH
  258: {
    1: put4,
    2: put8,
    8: put4,
    9: put8,
    47: { kind: 'add', size: 1 },
    48: { kind: 'add', size: 2 },
    50: { kind: 'add', size: 4 },
    51: { kind: 'add', size: 8 },
    52: { kind: 'sub', size: 1 },
    53: { kind: 'sub', size: 2 },
    55: { kind: 'sub', size: 4 },
    56: { kind: 'sub', size: 8 },
    106: { kind: 'sub6', size: 1 },
    107: { kind: 'uleb-set', size: 1 },
    108: { kind: 'uleb-sub', size: 1 },
  },
  // EM_ALPHA: R_ALPHA_REFLONG, R_ALPHA_REFQUAD
  36902: { 1: put4, 2: put8 },
};

/** Undefined for a relocation that is not known: then the section cannot be trusted. */
export function operationOf(machine: number, type: number): Operation | undefined {
  return OPERATIONS[machine]?.[type];
}
