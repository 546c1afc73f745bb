import { posix } from 'node:path';
import * as AT from '../../src/dwarf/at.ts';
import type { Die } from '../../src/dwarf/entry.ts';
import type { DwarfFile } from '../../src/dwarf/file.ts';
import * as FORM from '../../src/dwarf/form.ts';
import { fileName } from '../../src/dwarf/line.ts';
import * as TAG from '../../src/dwarf/tag.ts';
import type { UnitHeader } from '../../src/dwarf/unit.ts';
import type { DumpedAttribute, DumpedEntry, DumpedUnit } from './dump.ts';

/** How much was compared, and where the two readers differ. */
export interface Agreement {
  units: number;
  entries: number;
  attributes: number;
  /** Attributes whose decoded value was compared, not only name and form. */
  values: number;
  fileNames: number;
  readonly differences: string[];
}

/** Names by number: those that the reader knows, and those that were met, which must stay the same. */
export class Names {
  readonly #names: Readonly<Record<string, Map<number, string>>> = {
    TAG: known(TAG),
    AT: known(AT),
    FORM: known(FORM),
  };

  agree(kind: 'TAG' | 'AT' | 'FORM', number: number, dumped: string): boolean {
    const name = dumped.slice(`DW_${kind}_`.length).toLowerCase();
    // LLVM 14 has no name for the newest.
    if (name === `unknown_${number.toString(16)}`) return true;
    const names = this.#names[kind] ?? new Map();
    const before = names.get(number);
    if (before === undefined) names.set(number, name);
    return before === undefined || before === name;
  }
}

function known(constants: Readonly<Record<string, number>>): Map<number, string> {
  return new Map(Object.entries(constants).map(([name, number]) => [number, name.toLowerCase()]));
}

const MOST_DIFFERENCES = 20;

/** Compares all entries of a file with what llvm-dwarfdump says of them. */
export function compareWithDump(file: DwarfFile, dumped: readonly DumpedUnit[], names: Names): Agreement {
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

function compareUnit(file: DwarfFile, unit: UnitHeader, dumped: DumpedUnit, names: Names, agreement: Agreement): void {
  const { differences } = agreement;
  agreement.units += 1;
  if (unit.version !== dumped.version) differences.push(`unit of version ${unit.version}, not ${dumped.version}`);
  const bytes = unit.section === 'info' ? file.sections.info : file.sections.types;
  let offset = unit.entries;
  for (const entry of dumped.entries) {
    if (differences.length > MOST_DIFFERENCES) return;
    agreement.entries += 1;
    const place = `${unit.section} 0x${offset.toString(16)}`;
    // Object files have several sections of a name, which are joined here: places count from the unit.
    if (offset - unit.offset !== entry.offset - dumped.offset) {
      differences.push(`${place}: expected an entry at 0x${entry.offset.toString(16)}`);
      return;
    }
    if (entry.tag === 'NULL') {
      if (bytes[offset] !== 0) differences.push(`${place}: no null entry`);
      offset += 1;
      continue;
    }
    const die = file.entryAt(unit, offset);
    if (die === undefined) {
      differences.push(`${place}: not read, but a ${entry.tag}`);
      return;
    }
    if (!names.agree('TAG', die.tag, entry.tag)) differences.push(`${place}: tag ${die.tag} is not ${entry.tag}`);
    compareEntry(die, entry, place, names, agreement);
    offset = die.next;
  }
  if (bytes.subarray(offset, unit.end).some((byte) => byte !== 0))
    differences.push(`unit goes on behind 0x${offset.toString(16)}`);
}

function compareEntry(die: Die, entry: DumpedEntry, place: string, names: Names, agreement: Agreement): void {
  const { differences } = agreement;
  const { attributes, forms } = die.layout.abbrev;
  if (attributes.length !== entry.attributes.length) {
    differences.push(`${place}: ${attributes.length} attributes, not ${entry.attributes.length}`);
    return;
  }
  entry.attributes.forEach((dumped, at) => {
    agreement.attributes += 1;
    const where = `${place} ${dumped.name} [${dumped.form}]`;
    if (!names.agree('AT', attributes[at] ?? 0, dumped.name)) differences.push(`${where}: attribute ${attributes[at]}`);
    const indirect = forms[at] === FORM.indirect;
    if (!indirect && !names.agree('FORM', forms[at] ?? 0, dumped.form)) differences.push(`${where}: form ${forms[at]}`);
    const problem = compareValue(die, at, dumped, agreement);
    if (problem !== undefined) differences.push(`${where}: ${problem}, but ${dumped.text}`);
  });
}

/** Undefined when the values agree or the dump shows none that can be compared. */
function compareValue(die: Die, at: number, { name, text }: DumpedAttribute, agreement: Agreement): string | undefined {
  const value = die.valueAt(at);
  if (value === undefined) return 'no value';
  // A form that the dump does not decode.
  if (text.startsWith('DW_FORM(')) return undefined;
  const { file, unit } = die;
  const compared = (own: string, theirs: string | undefined): string | undefined => {
    if (theirs === undefined) return undefined;
    agreement.values += 1;
    return own === theirs ? undefined : own;
  };
  switch (value.kind) {
    case 'string':
    case 'string-index': {
      const quoted = /"(.*)"$/.exec(text)?.[1];
      if (value.kind === 'string' && value.section === 'alt')
        return compared(value.value.toString(16), /0x0*([0-9a-f]+)/.exec(text)?.[1] ?? '0');
      return compared(escaped(file.text(value, unit) ?? '(unreadable)'), quoted);
    }
    case 'constant': {
      if (name === 'DW_AT_decl_file' || name === 'DW_AT_call_file') {
        const path = /^"(.*)"$/.exec(text)?.[1];
        if (path === undefined) return undefined;
        agreement.fileNames += 1;
        const own = escaped(fileName(file, unit, value.value) ?? '(none)');
        const theirs = posix.normalize(path);
        // Type units do not name their directory; here it is known from the unit that shares their table. And where directory 0
        // of version 5 is relative, the dump puts the compilation directory before it though it is the same.
        return own === theirs || own.endsWith(`/${theirs}`) || theirs === twice(die, own) ? undefined : own;
      }
      const theirs = /^(?:0x([0-9a-f]+)|(-?\d+))$/.exec(text);
      if (theirs === null) return undefined;
      const big = value.big ?? BigInt(value.value);
      const own = theirs[1] === undefined ? big : BigInt.asUintN((value.bytes ?? 8) * 8, big);
      const other = theirs[1] === undefined ? BigInt(theirs[2] ?? 0) : BigInt(`0x${theirs[1]}`);
      // Data forms have no sign of their own: the dump takes some as signed.
      const same = own === other || (value.bytes !== undefined && BigInt.asIntN(value.bytes * 8, own) === other);
      return compared(same ? other.toString() : own.toString(), other.toString());
    }
    case 'flag':
      return compared(String(value.value), text === 'true' || text === 'false' ? text : undefined);
    case 'address':
      return compared(hex(value.value), /^0x0*([0-9a-f]+)/.exec(text)?.[1]);
    case 'address-index':
      // In object files with relocations and in .dwo files, the dump has no address.
      return compared(hex(file.address(value, unit) ?? -1), / address = 0x0*([0-9a-f]+)/.exec(text)?.[1]);
    case 'reference':
      return compared(hex(value.value - unit.offset), /^cu \+ 0x0*([0-9a-f]+)/.exec(text)?.[1]);
    case 'info-reference':
      return compared(hex(value.value), /^(?:\{)?0x0*([0-9a-f]+)/.exec(text)?.[1]);
    case 'alt-reference':
      return compared(hex(value.value), /0x0*([0-9a-f]+)/.exec(text)?.[1]);
    case 'signature':
      return compared(value.value.toString(16), /^0x0*([0-9a-f]+)/.exec(text)?.[1]);
    case 'section-offset':
      return compared(hex(value.value), /^0x0*([0-9a-f]+)/.exec(text)?.[1]);
    case 'list-index':
      return compared(hex(value.value), /^indexed \(0x0*([0-9a-f]+)\)/.exec(text)?.[1]);
    case 'block': {
      const shown = /^<0x[0-9a-f]+>((?: [0-9a-f]{2})+)/.exec(text)?.[1];
      const own = [...value.value].map((byte) => ` ${byte.toString(16).padStart(2, '0')}`).join('');
      return compared(own, shown);
    }
  }
}

function twice({ file, unit }: Die, name: string): string {
  const directory = file.text(file.root(unit)?.get(AT.comp_dir), unit) ?? '';
  return directory.startsWith('/') ? '' : posix.normalize(`${directory}/${name}`);
}

function hex(number: number): string {
  return number.toString(16);
}

/** As LLVM's raw_ostream::write_escaped. */
function escaped(text: string): string {
  return text.replace(/[^\x20-\x7e]|["\\]/g, (character) => {
    if (character === '\t') return '\\t';
    if (character === '\n') return '\\n';
    if (character === '"' || character === '\\') return `\\${character}`;
    const code = character.charCodeAt(0);
    return `\\${(code >> 6) & 7}${(code >> 3) & 7}${code & 7}`;
  });
}
