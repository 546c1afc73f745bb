import { execFileSync } from 'node:child_process';

/** An attribute as eu-readelf shows it. */
export interface EuAttribute {
  /** Without DW_AT_. */
  readonly name: string;
  /** Without DW_FORM_. */
  readonly form: string;
  /** What follows on the first line. */
  readonly text: string;
}

export interface EuEntry {
  readonly offset: number;
  /** Without DW_TAG_. */
  readonly tag: string;
  readonly depth: number;
  readonly attributes: readonly EuAttribute[];
}

export interface EuUnit {
  readonly section: 'info' | 'types';
  readonly offset: number;
  readonly version: number;
  readonly entries: readonly EuEntry[];
}

const SECTION = /^DWARF section \[ *\d+\] '\.z?debug_(info|types)'/;
const UNIT = /^ (?:Compilation|Type) unit at offset (\d+):/;
const VERSION = /^ Version: (\d+),/;
const ENTRY = /^ \[ *([0-9a-f]+)\]( +)(\S+) +abbrev: \d+$/;
const ATTRIBUTE = /^ {11,}(\S+) +\((\w+)\) ?(.*)$/;

/** What eu-readelf of elfutils says of a file's units; it shows no null entries, but how deep each entry lies. */
export function dumpWithElfutils(path: string): readonly EuUnit[] {
  const text = execFileSync('eu-readelf', ['--debug-dump=info', path], {
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'ignore'],
  }).toString('latin1');
  const units: { section: 'info' | 'types'; offset: number; version: number; entries: EuEntry[] }[] = [];
  let section: 'info' | 'types' | undefined;
  let attributes: EuAttribute[] = [];
  for (const line of text.split('\n')) {
    const entry = ENTRY.exec(line);
    if (entry !== null) {
      const [, offset = '', blanks = '', tag = ''] = entry;
      attributes = [];
      units
        .at(-1)
        ?.entries.push({ offset: Number.parseInt(offset, 16), tag, depth: (blanks.length - 2) / 2, attributes });
      continue;
    }
    const attribute = ATTRIBUTE.exec(line);
    // Operations of expressions and ranges follow on lines of their own.
    if (attribute !== null && !line.trimStart().startsWith('[')) {
      const [, name = '', form = '', rest = ''] = attribute;
      attributes.push({ name, form, text: rest });
      continue;
    }
    const heading = SECTION.exec(line);
    if (heading !== null) section = heading[1] === 'types' ? 'types' : 'info';
    else if (line.startsWith('DWARF section')) section = undefined;
    const unit = UNIT.exec(line);
    if (unit !== null && section !== undefined)
      units.push({ section, offset: Number(unit[1]), version: 0, entries: [] });
    const version = VERSION.exec(line);
    const last = units.at(-1);
    if (version !== null && last !== undefined && last.version === 0) last.version = Number(version[1]);
  }
  return units;
}
