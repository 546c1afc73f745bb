import { posix } from 'node:path';
import type { Die } from '../../src/dwarf/entry.ts';
import type { DwarfFile } from '../../src/dwarf/file.ts';
import { fileName } from '../../src/dwarf/line.ts';
import type { UnitHeader } from '../../src/dwarf/unit.ts';
import type { Agreement, Names } from './agreement.ts';
import type { EuAttribute, EuUnit } from './eu-dump.ts';

const MOST_DIFFERENCES = 20;

/** Compares all entries of a file with what eu-readelf says of them: place, depth, tag, attributes, forms, values. */
export function compareWithElfutils(file: DwarfFile, dumped: readonly EuUnit[], names: Names): Agreement {
  const agreement: Agreement = { units: 0, entries: 0, attributes: 0, values: 0, fileNames: 0, differences: [] };
  for (const section of ['info', 'types'] as const) {
    const own = section === 'info' ? file.units : file.typeUnits;
    const theirs = dumped.filter((unit) => unit.section === section);
    if (own.length !== theirs.length)
      agreement.differences.push(`.debug_${section} has ${own.length} units, not ${theirs.length}`);
    own.forEach((unit, at) => {
      const other = theirs[at];
      if (other !== undefined) compareUnit(file, unit, other, names, agreement);
    });
  }
  return agreement;
}

function compareUnit(file: DwarfFile, unit: UnitHeader, dumped: EuUnit, names: Names, agreement: Agreement): void {
  const { differences } = agreement;
  agreement.units += 1;
  if (unit.version !== dumped.version) differences.push(`unit of version ${unit.version}, not ${dumped.version}`);
  const bytes = unit.section === 'info' ? file.sections.info : file.sections.types;
  let offset = unit.entries;
  let depth = 0;
  for (const entry of dumped.entries) {
    if (differences.length > MOST_DIFFERENCES) return;
    // Null entries, which end a list of children, are passed over by the dump.
    while (bytes[offset] === 0 && offset < unit.end) {
      offset += 1;
      depth -= 1;
    }
    agreement.entries += 1;
    const place = `${unit.section} 0x${offset.toString(16)}`;
    if (offset - unit.offset !== entry.offset - dumped.offset || depth !== entry.depth) {
      differences.push(
        `${place}: depth ${depth}, not an entry at 0x${entry.offset.toString(16)}, depth ${entry.depth}`,
      );
      return;
    }
    const die = file.entryAt(unit, offset);
    if (die === undefined) {
      differences.push(`${place}: not read, but a ${entry.tag}`);
      return;
    }
    if (!names.agree('TAG', die.tag, `DW_TAG_${entry.tag}`))
      differences.push(`${place}: ${die.tag} is no ${entry.tag}`);
    const { attributes, forms } = die.layout.abbrev;
    if (attributes.length !== entry.attributes.length) {
      differences.push(`${place}: ${attributes.length} attributes, not ${entry.attributes.length}`);
      return;
    }
    entry.attributes.forEach((attribute, at) => {
      agreement.attributes += 1;
      const where = `${place} ${attribute.name} (${attribute.form})`;
      if (!isAttribute(attributes[at] ?? 0, attribute.name, names))
        differences.push(`${where}: attribute ${attributes[at]}`);
      if (!names.agree('FORM', forms[at] ?? 0, `DW_FORM_${attribute.form}`))
        differences.push(`${where}: form ${forms[at]}`);
      const own = compareValue(die, at, attribute, agreement);
      if (own !== undefined) differences.push(`${where}: ${own}, but ${attribute.text}`);
    });
    offset = die.next;
    if (die.layout.abbrev.children) depth += 1;
  }
}

/** Attributes of Go have no names: `lo_user+0x905`, counted from DW_AT_lo_user. */
function isAttribute(number: number, shown: string, names: Names): boolean {
  const beyond = /^lo_user\+0x([0-9a-f]+)$/.exec(shown)?.[1];
  if (beyond !== undefined) return number === 0x2000 + Number.parseInt(beyond, 16);
  return names.agree('AT', number, `DW_AT_${shown}`);
}

/** Undefined when the values agree, or the dump shows none that can be compared. */
function compareValue(die: Die, at: number, { name, text }: EuAttribute, agreement: Agreement): string | undefined {
  const value = die.valueAt(at);
  if (value === undefined) return 'no value';
  const { file, unit } = die;
  const compared = (own: string, theirs: string | undefined): string | undefined => {
    if (theirs === undefined) return undefined;
    agreement.values += 1;
    return own === theirs ? undefined : own;
  };
  switch (value.kind) {
    case 'string':
    case 'string-index':
      // In the file that dwz made, which is not at hand here.
      if (value.kind === 'string' && value.section === 'alt') return undefined;
      return compared(file.text(value, unit) ?? '(unreadable)', /^"(.*)"$/s.exec(text)?.[1]);
    case 'constant': {
      if (name === 'decl_file' || name === 'call_file') {
        const path = /^(.*) \((\d+)\)$/.exec(text);
        if (path === null || path[1] === '???') return undefined;
        agreement.fileNames += 1;
        const own = posix.basename(fileName(file, unit, value.value) ?? '(none)');
        return own === posix.basename(path[1] ?? '') && value.value === Number(path[2]) ? undefined : own;
      }
      // `unsigned (7)` for what has a name, `11 (+0x110b)` for lengths.
      const shown = /^[^\s\d"-].*\((-?\d+)\)$/.exec(text)?.[1] ?? /^(-?\d+)(?: |$)/.exec(text)?.[1];
      if (shown === undefined) return undefined;
      const big = value.big ?? BigInt(value.value);
      const bits = (value.bytes ?? 8) * 8;
      const same = BigInt.asUintN(bits, big) === BigInt.asUintN(bits, BigInt(shown));
      return compared(same ? shown : big.toString(), shown);
    }
    case 'flag':
      return compared(value.value ? 'yes' : 'no', /^(yes|no)$/.exec(text)?.[1]);
    case 'address':
      return compared(value.value.toString(16), /^\+?0x0*([0-9a-f]+)/.exec(text)?.[1]);
    case 'reference':
    case 'info-reference':
      return compared(value.value.toString(16), /^\[ *([0-9a-f]+)\]/.exec(text)?.[1]);
    case 'section-offset':
      return compared(String(value.value), /^(\d+)$/.exec(text)?.[1]);
    default:
      return undefined;
  }
}
