import type { Abbrev } from './abbrev.ts';
import { AT, FORM } from './constants.ts';
import type { Cursor } from './cursor.ts';

/**
 * How to move over the attributes of an entry without decoding them, compiled once for an abbreviation: runs of
 * fixed sizes become one number, so that most entries cost one or two additions.
 */
export interface SkipPlan {
  /** Pairs: (bytes to skip or a negative {@link STEP}, slot to note the offset in first, or -1). */
  readonly steps: Int32Array;
}

/** Attributes whose place the index pass notes. */
export const SLOT = {
  sibling: 0,
  name: 1,
  linkageName: 2,
  lowPc: 3,
  location: 4,
  declaration: 5,
  specification: 6,
  signature: 7,
  import: 8,
  ranges: 9,
} as const;
export const SLOTS = 10;

const STEP = { leb: -1, string: -2, block1: -3, block2: -4, block4: -5, block: -6, indirect: -7, unknown: -8 } as const;

export interface FormSizes {
  readonly addressSize: number;
  readonly dwarf64: boolean;
  readonly version: number;
}

/** Bytes of a form's value, or a negative step. DWARF 5 section 7.5.6. */
export function formStep(form: number, sizes: FormSizes): number {
  const offset = sizes.dwarf64 ? 8 : 4;
  switch (form) {
    case FORM.flag_present:
    case FORM.implicit_const:
      return 0;
    case FORM.data1:
    case FORM.ref1:
    case FORM.flag:
    case FORM.strx1:
    case FORM.addrx1:
      return 1;
    case FORM.data2:
    case FORM.ref2:
    case FORM.strx2:
    case FORM.addrx2:
      return 2;
    case FORM.strx3:
    case FORM.addrx3:
      return 3;
    case FORM.data4:
    case FORM.ref4:
    case FORM.ref_sup4:
    case FORM.strx4:
    case FORM.addrx4:
      return 4;
    case FORM.data8:
    case FORM.ref8:
    case FORM.ref_sig8:
    case FORM.ref_sup8:
      return 8;
    case FORM.data16:
      return 16;
    case FORM.addr:
      return sizes.addressSize;
    case FORM.ref_addr:
      // DWARF 2 gave it the size of an address (DWARF 3 section 7.5.4 note).
      return sizes.version <= 2 ? sizes.addressSize : offset;
    case FORM.strp:
    case FORM.line_strp:
    case FORM.strp_sup:
    case FORM.sec_offset:
    case FORM.GNU_ref_alt:
    case FORM.GNU_strp_alt:
      return offset;
    case FORM.sdata:
    case FORM.udata:
    case FORM.ref_udata:
    case FORM.strx:
    case FORM.addrx:
    case FORM.loclistx:
    case FORM.rnglistx:
    case FORM.GNU_addr_index:
    case FORM.GNU_str_index:
      return STEP.leb;
    case FORM.string:
      return STEP.string;
    case FORM.block1:
      return STEP.block1;
    case FORM.block2:
      return STEP.block2;
    case FORM.block4:
      return STEP.block4;
    case FORM.block:
    case FORM.exprloc:
      return STEP.block;
    case FORM.indirect:
      return STEP.indirect;
    default:
      return STEP.unknown;
  }
}

function slotOf(attribute: number): number {
  switch (attribute) {
    case AT.sibling:
      return SLOT.sibling;
    case AT.name:
      return SLOT.name;
    case AT.linkage_name:
    case AT.MIPS_linkage_name:
      return SLOT.linkageName;
    case AT.low_pc:
      return SLOT.lowPc;
    case AT.location:
      return SLOT.location;
    case AT.declaration:
      return SLOT.declaration;
    case AT.specification:
    case AT.abstract_origin:
      return SLOT.specification;
    case AT.signature:
      return SLOT.signature;
    case AT.import:
      return SLOT.import;
    case AT.ranges:
      return SLOT.ranges;
    default:
      return -1;
  }
}

/** @param noting whether the places of attributes are wanted; without, all runs can be joined */
export function skipPlan(abbrev: Abbrev, sizes: FormSizes, noting: boolean): SkipPlan {
  const steps: number[] = [];
  let open = false;
  abbrev.forms.forEach((form, position) => {
    const attribute = abbrev.attributes[position] ?? 0;
    const slot = noting || attribute === AT.sibling ? slotOf(attribute) : -1;
    const step = formStep(form, sizes);
    if (step >= 0 && slot < 0 && open) {
      steps[steps.length - 2] = (steps[steps.length - 2] ?? 0) + step;
      return;
    }
    steps.push(step, slot);
    open = step >= 0;
  });
  return { steps: Int32Array.from(steps) };
}

/**
 * Moves over one entry's attributes.
 * @param slots receives the offset of each noted attribute's value
 */
export function applySkipPlan(plan: SkipPlan, cursor: Cursor, sizes: FormSizes, slots: Float64Array): void {
  const { steps } = plan;
  for (let at = 0; at < steps.length; at += 2) {
    const step = steps[at] ?? 0;
    const slot = steps[at + 1] ?? -1;
    if (slot >= 0) slots[slot] = cursor.offset;
    if (step >= 0) cursor.skip(step);
    else skipVariable(step, cursor, sizes);
  }
}

function skipVariable(step: number, cursor: Cursor, sizes: FormSizes): void {
  switch (step) {
    case STEP.leb:
      cursor.skipLeb();
      return;
    case STEP.string:
      cursor.skipString();
      return;
    case STEP.block1:
      cursor.skip(cursor.u8());
      return;
    case STEP.block2:
      cursor.skip(cursor.u16());
      return;
    case STEP.block4:
      cursor.skip(cursor.u32());
      return;
    case STEP.block:
      cursor.skip(cursor.uleb());
      return;
    case STEP.indirect: {
      const inner = formStep(cursor.uleb(), sizes);
      // indirect to indirect is legal nowhere; treat it as broken instead of following it.
      if (inner === STEP.indirect || inner === STEP.unknown) cursor.fail();
      else if (inner >= 0) cursor.skip(inner);
      else skipVariable(inner, cursor, sizes);
      return;
    }
    default:
      cursor.fail();
  }
}
