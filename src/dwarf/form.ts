/**
 * Forms of attributes: DW_FORM_* of DWARF 2 to 5 (DWARF 5 section 7) and of the GNU, LLVM and Go extensions that the gate reads. Constants of a
 * module, not fields of an object: bundling puts the numbers where the names stand.
 */

export const addr = 0x01;
export const block2 = 0x03;
export const block4 = 0x04;
export const data2 = 0x05;
export const data4 = 0x06;
export const data8 = 0x07;
export const string = 0x08;
export const block = 0x09;
export const block1 = 0x0a;
export const data1 = 0x0b;
export const flag = 0x0c;
export const sdata = 0x0d;
export const strp = 0x0e;
export const udata = 0x0f;
export const ref_addr = 0x10;
export const ref1 = 0x11;
export const ref2 = 0x12;
export const ref4 = 0x13;
export const ref8 = 0x14;
export const ref_udata = 0x15;
export const indirect = 0x16;
export const sec_offset = 0x17;
export const exprloc = 0x18;
export const flag_present = 0x19;
export const strx = 0x1a;
export const addrx = 0x1b;
export const ref_sup4 = 0x1c;
export const strp_sup = 0x1d;
export const data16 = 0x1e;
export const line_strp = 0x1f;
export const ref_sig8 = 0x20;
export const implicit_const = 0x21;
export const loclistx = 0x22;
export const rnglistx = 0x23;
export const ref_sup8 = 0x24;
export const strx1 = 0x25;
export const strx2 = 0x26;
export const strx3 = 0x27;
export const strx4 = 0x28;
export const addrx1 = 0x29;
export const addrx2 = 0x2a;
export const addrx3 = 0x2b;
export const addrx4 = 0x2c;
export const GNU_addr_index = 0x1f01;
export const GNU_str_index = 0x1f02;
export const GNU_ref_alt = 0x1f20;
export const GNU_strp_alt = 0x1f21;
