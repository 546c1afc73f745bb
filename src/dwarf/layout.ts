import { type Abbrev, positionOf } from './abbrev.ts';
import * as AT from './at.ts';
import * as FORM from './form.ts';

/** What decides how many bytes a form takes. */
export interface UnitFormat {
  readonly addressSize: number;
  readonly dwarf64: boolean;
  readonly version: number;
}

/**
 * How the values of an abbreviation lie in units of one format, worked out once: fixed sizes are joined, so that to pass over most
 * entries costs one addition, and most values are read at a known distance.
 */
export interface Layout {
  readonly abbrev: Abbrev;
  readonly tag: number;
  readonly children: boolean;
  /** Bytes of all values; -1 when that depends on the entry. */
  readonly size: number;
  /** Steps over all values: bytes, or a negative {@link STEP}. */
  readonly steps: readonly number[];
  /** By attribute: distance from the first value, -1 behind values of variable size. */
  readonly distance: readonly number[];
  /** By attribute: one step. */
  readonly step: readonly number[];
  /** Positions of attributes that are asked for of every entry, -1 for absent ones. */
  readonly sibling: number;
  readonly lowPc: number;
  readonly declaration: number;
  /** Of DW_AT_linkage_name, else of DW_AT_name. */
  readonly name: number;
  readonly plainName: number;
  /** Of DW_AT_specification, else of DW_AT_abstract_origin. */
  readonly link: number;
  /** The entry has code or a place. */
  readonly placed: boolean;
  readonly plainLowPc: boolean;
}

/** A test for entries with one of some tags. */
export function withTags(...tags: readonly number[]): (layout: Layout) => boolean {
  const wanted = new Uint8Array(Math.max(...tags) + 1);
  for (const tag of tags) wanted[tag] = 1;
  return ({ tag }) => wanted[tag] === 1;
}

/** Steps that depend on the entry. */
export const STEP = {
  leb: -1,
  string: -2,
  block1: -3,
  block2: -4,
  block4: -5,
  block: -6,
  indirect: -7,
  unknown: -8,
} as const;

/** Bytes of a form's value, or a negative step. DWARF 5 section 7.5.6. */
export function formStep(form: number, format: UnitFormat): number {
  const offset = format.dwarf64 ? 8 : 4;
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
      return format.addressSize;
    case FORM.ref_addr:
      // DWARF 2 gave it the size of an address (DWARF 3 section 7.5.4 note).
      return format.version <= 2 ? format.addressSize : offset;
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

/** Number of a format among those that a file can mix. */
export function formatKey(format: UnitFormat): number {
  return format.addressSize * 4 + (format.dwarf64 ? 2 : 0) + (format.version <= 2 ? 1 : 0);
}

/** The layout of an abbreviation in a unit's format. */
export function layoutOf(abbrev: Abbrev, format: UnitFormat): Layout {
  const key = formatKey(format);
  let layout = abbrev.layouts[key];
  if (layout === undefined) {
    layout = makeLayout(abbrev, format);
    abbrev.layouts[key] = layout;
  }
  return layout;
}

function makeLayout(abbrev: Abbrev, format: UnitFormat): Layout {
  const { forms } = abbrev;
  const step: number[] = [];
  const distance: number[] = [];
  const steps: number[] = [];
  let fixed = 0;
  let run = -1;
  let variable = false;
  for (let at = 0; at < forms.length; at += 1) {
    const bytes = formStep(forms[at] ?? 0, format);
    step.push(bytes);
    distance.push(variable ? -1 : fixed);
    if (bytes < 0) {
      steps.push(bytes);
      run = -1;
      variable = true;
    } else {
      fixed += bytes;
      if (run < 0) run = steps.push(bytes) - 1;
      else steps[run] = (steps[run] ?? 0) + bytes;
    }
  }
  const at = (attribute: number): number => positionOf(abbrev, attribute);
  const lowPc = at(AT.low_pc);
  const linkage = Math.max(at(AT.linkage_name), at(AT.MIPS_linkage_name));
  const specification = at(AT.specification);
  return {
    abbrev,
    tag: abbrev.tag,
    children: abbrev.children,
    size: variable ? -1 : fixed,
    steps,
    distance,
    step,
    sibling: abbrev.sibling,
    lowPc,
    declaration: at(AT.declaration),
    name: linkage >= 0 ? linkage : at(AT.name),
    plainName: at(AT.name),
    link: specification >= 0 ? specification : at(AT.abstract_origin),
    placed: lowPc >= 0 || at(AT.ranges) >= 0 || at(AT.location) >= 0,
    plainLowPc: forms[lowPc] === FORM.addr,
  };
}

/** Offset behind all values of an entry whose first value lies at `offset`; -1 when that is beyond `end` or cannot be told. */
export function behindValues(
  layout: Layout,
  bytes: Uint8Array,
  little: boolean,
  offset: number,
  end: number,
  format: UnitFormat,
): number {
  const { size, steps } = layout;
  let at = offset;
  if (size >= 0) at += size;
  else {
    for (let index = 0; index < steps.length; index += 1) {
      const step = steps[index] ?? STEP.unknown;
      at = step >= 0 ? at + step : variableStep(step, bytes, little, at, end, format);
      if (at < 0) return -1;
    }
  }
  return at <= end ? at : -1;
}

/** Offset of the value of the attribute at a position; -1 when it lies beyond `end`. */
export function valueOffset(
  layout: Layout,
  position: number,
  bytes: Uint8Array,
  little: boolean,
  offset: number,
  end: number,
  format: UnitFormat,
): number {
  const fixed = layout.distance[position] ?? -1;
  if (fixed >= 0) return offset + fixed;
  let at = offset;
  for (let index = 0; index < position; index += 1) {
    const step = layout.step[index] ?? STEP.unknown;
    at = step >= 0 ? at + step : variableStep(step, bytes, little, at, end, format);
    if (at < 0 || at > end) return -1;
  }
  return at;
}

function variableStep(
  step: number,
  bytes: Uint8Array,
  little: boolean,
  offset: number,
  end: number,
  format: UnitFormat,
): number {
  let at = offset;
  if (at >= end) return -1;
  switch (step) {
    case STEP.leb:
      while (at < end && (bytes[at] ?? 0) >= 0x80) at += 1;
      return at + 1;
    case STEP.string: {
      const near = Math.min(end, at + 64);
      while (at < near) if (bytes[at++] === 0) return at;
      const terminator = bytes.subarray(at, end).indexOf(0);
      return terminator < 0 ? -1 : at + terminator + 1;
    }
    case STEP.block1:
      return at + 1 + (bytes[at] ?? 0);
    case STEP.block2: {
      const first = bytes[at] ?? 0;
      const second = bytes[at + 1] ?? 0;
      return at + 2 + (little ? first + second * 256 : first * 256 + second);
    }
    case STEP.block4: {
      const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(at, at + 4);
      return at + 4 + (little ? a + b * 256 + c * 65_536 + d * 2 ** 24 : d + c * 256 + b * 65_536 + a * 2 ** 24);
    }
    case STEP.block: {
      let length = 0;
      let scale = 1;
      let byte: number;
      do {
        byte = bytes[at++] ?? 0;
        length += (byte & 0x7f) * scale;
        scale *= 128;
      } while (byte >= 0x80 && at < end);
      return at + length <= end ? at + length : -1;
    }
    case STEP.indirect: {
      let form = 0;
      let scale = 1;
      let byte: number;
      do {
        byte = bytes[at++] ?? 0;
        form += (byte & 0x7f) * scale;
        scale *= 128;
      } while (byte >= 0x80 && at < end);
      // indirect to indirect and to implicit_const have no meaning; treat them as broken instead of following them.
      if (form === FORM.indirect || form === FORM.implicit_const) return -1;
      const inner = formStep(form, format);
      return inner >= 0 ? at + inner : variableStep(inner, bytes, little, at, end, format);
    }
    default:
      return -1;
  }
}
