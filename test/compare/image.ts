import type { ElfImage, ElfSymbol } from '../../src/elf/model.ts';

/** An ordinary small library, as a start for images that no compiler here can make. */
export const IMAGE: ElfImage = {
  header: {
    class: 64,
    endian: 'little',
    machine: 'x86-64',
    machineCode: 62,
    type: 'dyn',
    osAbi: 0,
    abiVersion: 0,
    entry: 0,
    flags: 0,
  },
  segments: [],
  sections: [],
  dynamic: {
    needed: [],
    flags: [],
    flags1: [],
    hasInit: true,
    hasFini: true,
    initArray: 1,
    finiArray: 1,
    auxiliary: [],
    filter: [],
  },
  symbols: [],
  undefined: [],
  versions: { defined: [], needed: [] },
  relocations: { total: 0, relative: 0, text: 0, ifunc: 0, copy: 0, jumpSlot: 0, tls: [] },
  notes: { properties: [], others: [] },
  hardening: {
    relro: 'full',
    nxStack: true,
    writableExecutable: 0,
    textRelocations: false,
    stackProtector: true,
    fortify: { fortified: 0, unfortified: 0 },
    cet: { ibt: false, shstk: false },
    arm: { bti: false, pac: false },
    rpath: false,
    runpath: false,
  },
  floors: {
    versions: {},
    glibcSymbols: [],
    oldest: { debian: '8', ubuntu: '14.04', rhel: '6' },
    musl: { loads: true, reasons: [] },
  },
  debug: { dwarf: false, compressed: 'none', symtab: false, split: false, others: [] },
  sizes: { file: 0, text: 0, rodata: 0, data: 0, bss: 0, debug: 0 },
};

/** A symbol with some of its fields. */
export function symbol(name: string, more: Partial<ElfSymbol> = {}): ElfSymbol {
  return {
    name,
    default: true,
    binding: 'global',
    type: 'func',
    visibility: 'default',
    size: 0,
    value: 0x1000,
    section: 1,
    ...more,
  };
}

export function imageWith(names: readonly string[], more: Partial<ElfImage> = {}): ElfImage {
  return { ...IMAGE, symbols: names.map((name) => symbol(name)), ...more };
}
