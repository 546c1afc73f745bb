import { execFileSync } from 'node:child_process';

/** An attribute as llvm-dwarfdump shows it. */
export interface DumpedAttribute {
  readonly name: string;
  readonly form: string;
  /** What stands in the parentheses, first line only. */
  readonly text: string;
}

/** An entry as llvm-dwarfdump shows it; `tag` is NULL for null entries. */
export interface DumpedEntry {
  readonly offset: number;
  readonly tag: string;
  readonly attributes: readonly DumpedAttribute[];
}

export interface DumpedUnit {
  readonly section: 'info' | 'types';
  readonly offset: number;
  readonly version: number;
  readonly entries: readonly DumpedEntry[];
}

const SECTION = /^\.debug_(info|types)(?:\.dwo)? contents:/;
const OTHER_SECTION = /^\.\S+ contents:/;
const UNIT = /^0x([0-9a-f]+): (?:Compile|Type) Unit: .*version = 0x([0-9a-f]+)/;
const ENTRY = /^0x([0-9a-f]+):\s+(DW_TAG_\w+|NULL)/;
const ATTRIBUTE = /^\s+(DW_AT_\w+) \[(DW_FORM_\w+)[^\]]*\]\s*\((.*)$/;

/** What llvm-dwarfdump says of a file's units. */
export function dumpWithLlvm(path: string): readonly DumpedUnit[] {
  const text = execFileSync('llvm-dwarfdump', ['-v', '--debug-info', '--debug-types', path], {
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'ignore'],
  }).toString('latin1');
  const units: { section: 'info' | 'types'; offset: number; version: number; entries: DumpedEntry[] }[] = [];
  let section: 'info' | 'types' | undefined;
  let attributes: DumpedAttribute[] = [];
  for (const line of text.split('\n')) {
    const attribute = ATTRIBUTE.exec(line);
    if (attribute !== null) {
      const [, name = '', form = '', rest = ''] = attribute;
      attributes.push({ name, form, text: rest.endsWith(')') ? rest.slice(0, -1) : rest });
      continue;
    }
    const entry = ENTRY.exec(line);
    if (entry !== null) {
      attributes = [];
      units.at(-1)?.entries.push({ offset: Number.parseInt(entry[1] ?? '', 16), tag: entry[2] ?? '', attributes });
      continue;
    }
    const unit = UNIT.exec(line);
    if (unit !== null && section !== undefined) {
      const [, offset = '', version = ''] = unit;
      units.push({ section, offset: Number.parseInt(offset, 16), version: Number.parseInt(version, 16), entries: [] });
      continue;
    }
    const heading = SECTION.exec(line);
    if (heading !== null) section = heading[1] === 'types' ? 'types' : 'info';
    else if (OTHER_SECTION.test(line)) section = undefined;
  }
  return units;
}
