/**
 * Types of units: DW_UT_* of DWARF 2 to 5 (DWARF 5 section 7) and of the GNU, LLVM and Go extensions that the gate reads. Constants of a
 * module, not fields of an object: bundling puts the numbers where the names stand.
 */

export const compile = 1;
export const type = 2;
export const partial = 3;
export const skeleton = 4;
export const split_compile = 5;
export const split_type = 6;
