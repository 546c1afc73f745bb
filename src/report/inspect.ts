import { describeMachine, platformOf } from '../elf/machine.ts';
import type { ElfImage, Floors } from '../elf/model.ts';
import { nameText } from '../elf/name.ts';
import type { Finding } from '../rules/finding.ts';
import { padColumns, wrapIndented } from '../text/columns.ts';
import type { Style } from '../text/style.ts';
import { escapeTerminal } from '../text/terminal.ts';
import { truncate } from '../text/truncate.ts';
import { formatBytes, formatCount, plural } from '../text/units.ts';
import { textWidth } from '../text/width.ts';
import { renderFindings } from './finding-text.ts';
import { hardeningRows } from './inspect-hardening.ts';
import type { Inspection } from './inspect-json.ts';

export interface InspectTextOptions {
  readonly style: Style;
  /** Columns of the terminal. */
  readonly width?: number;
}

/** Symbols and libraries that are listed; JSON has all. */
const MOST_SYMBOLS = 25;
const MOST_LIBRARIES = 40;
const LONGEST_NAME = 200;
const LABEL = 14;
/** SHN_ABS */
const ABSOLUTE = 0xfff1;

const TYPES: Readonly<Record<ElfImage['header']['type'], string>> = {
  none: 'ELF file without a type',
  rel: 'object file',
  exec: 'program',
  dyn: 'shared object',
  core: 'core dump',
  other: 'ELF file of an unknown type',
};

/** What a file is, for a person: first what it is for and where it runs, then needs, hardening, interface, findings. */
export function renderInspection(inspection: Inspection, options: InspectTextOptions): string {
  const { image, findings } = inspection;
  const blocks =
    image === undefined
      ? [heading(inspection, options)]
      : [
          heading(inspection, options),
          identity(image, options),
          inspection.go === undefined ? '' : table('Go', inspection.go.rows, options),
          needs(image, options),
          hardening(image, options),
          contents(image, options),
          symbols(inspection, image, options),
        ];
  const found = renderFindings(findings, { style: options.style, width: options.width });
  return [...blocks, found].filter((block) => block !== '').join('\n');
}

/** Raw text from the file, safe to print and short enough to read. */
function shown(raw: string): string {
  return escapeTerminal(truncate(nameText(raw), LONGEST_NAME));
}

function heading({ file, size, image, findings }: Inspection, { style }: InspectTextOptions): string {
  const name = style.bold(escapeTerminal(file));
  if (image === undefined) return `${name}  ${style.red('not an ELF file')}, ${formatBytes(size)}\n`;
  const platform = platformOf(image.header);
  const type = image.dynamic.flags1.includes('PIE') ? 'position-independent program' : TYPES[image.header.type];
  const damaged = findings.some(({ rule }) => rule === 'elf/truncated' || rule === 'elf/malformed');
  const what = damaged ? style.red(`damaged ${type}`) : style.green(type);
  return `${name}  ${what} for ${platform ?? escapeTerminal(describeMachine(image.header))}, ${formatBytes(size)}\n`;
}

type Row = readonly [label: string, text: string];

function table(title: string, rows: readonly Row[], { style, width }: InspectTextOptions): string {
  if (rows.length === 0) return '';
  const lines = rows.map(([label, text]) =>
    wrapIndented(text, textWidth(width), ' '.repeat(LABEL + 2), `  ${style.dim(padColumns(label, LABEL))}`),
  );
  return `${style.bold(title)}\n${lines.join('\n')}\n`;
}

function identity(image: ElfImage, options: InspectTextOptions): string {
  const { header, dynamic, notes, floors } = image;
  const rows: Row[] = [['machine', escapeTerminal(describeMachine(header))]];
  if (dynamic.soname !== undefined) rows.push(['soname', shown(dynamic.soname)]);
  if (notes.buildId !== undefined) rows.push(['build id', notes.buildId]);
  rows.push(['runs on', runsOn(floors, options.style)], ['musl', musl(floors, options.style)]);
  return table('What it is', rows, options);
}

const SYSTEM_NAMES = { debian: 'Debian', ubuntu: 'Ubuntu', rhel: 'RHEL' } as const;

function runsOn({ oldest, versions }: Floors, style: Style): string {
  const systems = (['debian', 'ubuntu', 'rhel'] as const).flatMap((name) => {
    const release = oldest[name];
    return release === null ? [] : [`${SYSTEM_NAMES[name]} ${release}`];
  });
  const glibc = versions.GLIBC === undefined ? '' : ` (glibc ${escapeTerminal(versions.GLIBC)})`;
  if (systems.length === 0) return style.red(`no known release of Debian, Ubuntu or RHEL${glibc}`);
  return `${style.bold(systems.join(', '))} and later${glibc}`;
}

function musl({ musl: { loads, reasons } }: Floors, style: Style): string {
  const why = reasons.map(escapeTerminal).join(' ');
  if (loads === true) return `${style.green('yes')}${why === '' ? '' : `. ${why}`}`;
  return `${loads === false ? 'no' : style.magenta('not known')}. ${why}`;
}

function needs(image: ElfImage, options: InspectTextOptions): string {
  const { dynamic, versions, floors } = image;
  const rows: Row[] = dynamic.needed.slice(0, MOST_LIBRARIES).map((library, index) => {
    const wanted = versions.needed.find((need) => need.library === library)?.versions ?? [];
    const names = wanted.map(({ name }) => shown(name)).join(' ');
    return [index === 0 ? 'libraries' : '', `${shown(library)}${names === '' ? '' : `  ${options.style.dim(names)}`}`];
  });
  if (dynamic.needed.length > MOST_LIBRARIES) {
    rows.push(['', `… and ${formatCount(dynamic.needed.length - MOST_LIBRARIES)} more`]);
  }
  if (dynamic.rpath !== undefined) rows.push(['RPATH', shown(dynamic.rpath)]);
  if (dynamic.runpath !== undefined) rows.push(['RUNPATH', shown(dynamic.runpath)]);
  for (const [family, version] of Object.entries(floors.versions)) {
    const by = family === 'GLIBC' ? floors.glibcSymbols.slice(0, 6).map(shown).join(', ') : '';
    const more = family === 'GLIBC' && floors.glibcSymbols.length > 6 ? ', …' : '';
    rows.push([family, `${version}${by === '' ? '' : `  ${options.style.dim(`${by}${more}`)}`}`]);
  }
  return table('What it needs', rows, options);
}

function hardening(image: ElfImage, options: InspectTextOptions): string {
  return table('Hardening', hardeningRows(image, options.style), options);
}

function contents({ sizes, debug, relocations, dynamic, versions }: ElfImage, options: InspectTextOptions): string {
  const kinds = (['text', 'rodata', 'data', 'bss', 'debug'] as const)
    .filter((kind) => sizes[kind] > 0)
    .map((kind) => `${kind} ${formatBytes(sizes[kind])}`);
  const rows: Row[] = [['sizes', kinds.join(', ')]];
  const information = [
    debug.dwarf ? `DWARF${debug.compressed === 'none' ? '' : ` (${debug.compressed})`}` : '',
    debug.split ? 'rest in .dwo files' : '',
    debug.symtab ? '.symtab' : '',
    debug.debugLink === undefined ? '' : `link to ${shown(debug.debugLink.file)}`,
    ...debug.others,
  ].filter((part) => part !== '');
  rows.push(['debug', information.length === 0 ? 'none' : information.join(', ')]);
  const kindsOfRelocation = [
    relocations.ifunc > 0 ? plural(relocations.ifunc, 'IFUNC') : '',
    relocations.copy > 0 ? plural(relocations.copy, 'copy', 'copies') : '',
    relocations.tls.length > 0 ? `TLS ${relocations.tls.join(', ')}` : '',
  ].filter((part) => part !== '');
  rows.push(['relocations', [formatCount(relocations.total), ...kindsOfRelocation].join(', ')]);
  const initializers = dynamic.initArray + (dynamic.hasInit ? 1 : 0);
  const finalizers = dynamic.finiArray + (dynamic.hasFini ? 1 : 0);
  if (initializers + finalizers > 0) {
    rows.push(['run on load', `${plural(initializers, 'initializer')}, ${plural(finalizers, 'finalizer')}`]);
  }
  const flags = [...dynamic.flags, ...dynamic.flags1];
  if (flags.length > 0) rows.push(['flags', flags.join(' ')]);
  const nodes = versions.defined.filter(({ base }) => !base).map(({ name }) => shown(name));
  if (nodes.length > 0) {
    const more = nodes.length > MOST_SYMBOLS ? ` and ${formatCount(nodes.length - MOST_SYMBOLS)} more` : '';
    rows.push(['versions', `${nodes.slice(0, MOST_SYMBOLS).join(' ')}${more}`]);
  }
  return table('Contents', rows, options);
}

function symbols({ go }: Inspection, image: ElfImage, { style }: InspectTextOptions): string {
  const own = go?.pluginPath === undefined ? '' : `${go.pluginPath}.`;
  const offered = image.symbols.filter(
    ({ name, version, section }) =>
      // A version node is a symbol too; it offers nothing to call. A Go plugin exports the whole runtime beside its own.
      !(section === ABSOLUTE && name === version) && name.startsWith(own),
  );
  const counts = `${plural(offered.length, 'symbol')}${own === '' ? '' : ` of ${shown(own)}*`}, needs ${formatCount(image.undefined.length)}`;
  const lines = [...offered]
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .slice(0, MOST_SYMBOLS)
    .map(({ name, version, default: isDefault, type, binding, size }) => {
      const at = version === undefined ? '' : style.dim(`${isDefault ? '@@' : '@'}${shown(version)}`);
      const weak = binding === 'global' ? '' : ` ${binding}`;
      return `  ${style.dim(padColumns(`${type}${weak}`, LABEL))}${shown(name)}${at}${size > 0 ? style.dim(`  ${formatCount(size)} B`) : ''}`;
    });
  if (offered.length > MOST_SYMBOLS) {
    lines.push(style.dim(`  … and ${formatCount(offered.length - MOST_SYMBOLS)} more; --format json lists all`));
  }
  return `${style.bold('Exports')} ${style.dim(`(${counts})`)}\n${lines.map((line) => `${line}\n`).join('')}`;
}

/** Findings that say that the file is not what it should be; hardening and needs are told, not judged, by `inspect`. */
export function isAboutTheFile({ rule }: Finding): boolean {
  return rule === 'elf/not-elf' || rule === 'elf/truncated' || rule === 'elf/malformed' || rule === 'elf/unsupported';
}
