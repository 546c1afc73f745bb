import { spawnSync } from 'node:child_process';
import type { ElfImage, Relocations } from '../../src/elf/model.ts';

/** Facts of one file in a form that readelf's output and our image can both be brought to. */
export interface Facts {
  header: string;
  interpreter: string | undefined;
  segments: string[];
  dynamic: string[];
  symbols: string[];
  undefined: string[];
  definitions: string[];
  needs: string[];
  notes: string[];
}

/**
 * Runs GNU readelf once over many files. Files that it does not take as ELF are absent from the answer.
 * The text is what `readelf -W` of binutils 2.35 to 2.44 prints.
 */
export function readelfFacts(files: readonly string[]): Map<string, Facts> {
  const run = spawnSync('readelf', ['-W', '-h', '-l', '-d', '--dyn-syms', '-V', '-n', ...files], {
    encoding: 'latin1',
    maxBuffer: 1024 * 1024 * 1024,
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (run.error !== undefined) throw run.error;
  const facts = new Map<string, Facts>();
  const text = files.length === 1 ? `\nFile: ${files[0]}\n${run.stdout}` : run.stdout;
  for (const part of text.split(/^File: /m).slice(1)) {
    const end = part.indexOf('\n');
    const body = part.slice(end + 1);
    if (body.includes('ELF Header:')) facts.set(part.slice(0, end), parse(body));
  }
  return facts;
}

function parse(body: string): Facts {
  const facts: Facts = {
    header: '',
    interpreter: /\[Requesting program interpreter: (.*)\]/.exec(body)?.[1],
    segments: [],
    dynamic: [],
    symbols: [],
    undefined: [],
    definitions: [],
    needs: [],
    notes: [],
  };
  const field = (name: string): string => new RegExp(`^  ${name}: +(.*)$`, 'm').exec(body)?.[1] ?? '';
  facts.header = [
    field('Class').replace('ELF', ''),
    field('Data').includes('little') ? 'little' : 'big',
    field('Type').split(' ')[0]?.toLowerCase(),
    Number(field('Entry point address')),
  ].join(' ');
  let inDynsym = false;
  let versions: 'definitions' | 'needs' | undefined;
  for (const line of body.split('\n')) {
    if (line.startsWith('Symbol table ')) inDynsym = line.includes("'.dynsym'") || line.includes('for image');
    else if (/^Version (symbols|definition|needs)/.test(line)) {
      inDynsym = false;
      versions = line.startsWith('Version definition')
        ? 'definitions'
        : line.startsWith('Version needs')
          ? 'needs'
          : undefined;
    } else if (inDynsym) parseSymbol(line, facts);
    else if (versions === 'definitions') parseDefinition(line, facts);
    else if (versions === 'needs') parseNeed(line, facts);
    parseSegment(line, facts);
    parseDynamic(line, facts);
    parseNote(line, facts);
  }
  // An old tag and its bit in DT_FLAGS say the same.
  facts.dynamic = [...new Set(facts.dynamic)].sort();
  facts.notes = [...new Set(facts.notes)].sort();
  return facts;
}

const SEGMENT =
  /^ {2}(\S+) +0x([0-9a-f]+) 0x([0-9a-f]+) 0x[0-9a-f]+ 0x([0-9a-f]+) 0x([0-9a-f]+) ([R ])([W ])([E ]) (0x)?([0-9a-f]+)$/;

function parseSegment(line: string, facts: Facts): void {
  const match = SEGMENT.exec(line);
  if (match === null) return;
  const [, type = '', offset, vaddr, fileSize, memorySize, r, w, x, , align] = match;
  const hex = (text: string | undefined): number => Number.parseInt(text ?? '', 16);
  // binutils 2.40 does not know GNU_SFRAME yet; both then show the number.
  facts.segments.push(
    `${type} ${hex(offset)} ${hex(vaddr)} ${hex(fileSize)} ${hex(memorySize)} ${r}${w}${x} ${hex(align)}`,
  );
}

function parseDynamic(line: string, facts: Facts): void {
  const match = /^ 0x[0-9a-f]+ \((\w+)\) +(.*)$/.exec(line);
  if (match === null) return;
  const [, tag = '', value = ''] = match;
  const inBrackets = /\[(.*)\]$/.exec(value)?.[1] ?? '';
  switch (tag) {
    case 'NEEDED':
    case 'SONAME':
    case 'RPATH':
    case 'RUNPATH':
    case 'AUXILIARY':
    case 'FILTER':
      facts.dynamic.push(`${tag} ${inBrackets}`);
      return;
    case 'FLAGS':
      for (const flag of value.trim().split(/\s+/)) facts.dynamic.push(`FLAG ${flag}`);
      return;
    case 'SYMBOLIC':
    case 'TEXTREL':
    case 'BIND_NOW':
      facts.dynamic.push(`FLAG ${tag}`);
      return;
    case 'FLAGS_1':
      for (const flag of value.replace('Flags:', '').trim().split(/\s+/)) facts.dynamic.push(`FLAG_1 ${flag}`);
      return;
    case 'INIT_ARRAYSZ':
    case 'FINI_ARRAYSZ':
      facts.dynamic.push(`${tag} ${Number.parseInt(value, 10)}`);
      return;
  }
}

const SYMBOL = /^ +\d+: ([0-9a-f]+) +(\S+) (\S+) +(\S+) +(\S+) +(?:\[[^\]]*\] +)?(\S+)(?: (.*))?$/;

function parseSymbol(line: string, facts: Facts): void {
  // readelf names the GNU types and bindings only in files whose OS ABI says GNU; the loader takes them always.
  const named = line.replace(/(: [0-9a-f]+ +\S+ )<OS specific>: 10/, '$1IFUNC').replace('<OS specific>: 10', 'UNIQUE');
  const match = SYMBOL.exec(named);
  if (match === null || line.trimStart().startsWith('0: ')) return;
  const [, value = '', size = '', type = '', binding = '', visibility = '', section = '', rawName = ''] = match;
  const name = rawName.replace(/ \(\d+\)$/, '').replace(/ {2}\[.*\]$/, '');
  const fields = [Number(size), type.toLowerCase(), binding.toLowerCase(), visibility.toLowerCase()];
  if (section === 'UND') facts.undefined.push([name, ...fields].join(' '));
  else if (binding !== 'LOCAL' && visibility !== 'HIDDEN' && visibility !== 'INTERNAL') {
    // The loader passes over definitions without an address (rustc's metadata), as glibc's do_lookup_x does.
    if (/^0+$/.test(value) && section !== 'ABS' && type !== 'TLS') return;
    facts.symbols.push([name, Number.parseInt(value.slice(-13), 16), section, ...fields].join(' '));
  }
}

function parseDefinition(line: string, facts: Facts): void {
  const match = /Rev: 1 +Flags: (.*?) +Index: (\d+) +Cnt: \d+ +Name: (.*)$/.exec(line);
  if (match !== null) facts.definitions.push(`${match[2]} ${match[3]} ${match[1]}`);
  const parent = /: Parent \d+: (.*)$/.exec(line);
  if (parent !== null) facts.definitions.push(`  parent ${parent[1]}`);
}

function parseNeed(line: string, facts: Facts): void {
  const library = /Version: 1 +File: (.*?) +Cnt: \d+$/.exec(line);
  if (library !== null) facts.needs.push(`${library[1]}`);
  const version = /Name: (.*?) +Flags: (.*?) +Version: (\d+)$/.exec(line);
  if (version !== null) facts.needs.push(`  ${version[3]} ${version[1]} ${version[2]}`);
}

function parseNote(line: string, facts: Facts): void {
  const buildId = /Build ID: ([0-9a-f]+)/.exec(line);
  if (buildId !== null) facts.notes.push(`build-id ${buildId[1]}`);
  const kernel = /ABI: ([\d.]+)$/.exec(line);
  if (kernel !== null) facts.notes.push(`kernel ${kernel[1]}`);
  const features = /(?:x86|AArch64) feature: (.*)$/.exec(line);
  for (const name of features?.[1]?.split(', ') ?? []) facts.notes.push(`feature ${name}`);
  const levels = /x86 ISA needed: (.*)$/.exec(line);
  for (const name of levels?.[1]?.split(', ') ?? []) facts.notes.push(`feature ${name}`);
}

/** Names that readelf has for segments of one machine; our model keeps the number. */
const PROCESSOR_SEGMENTS: Readonly<Record<string, string>> = {
  'arm 0x70000001': 'EXIDX',
  'mips 0x70000000': 'REGINFO',
  'mips 0x70000002': 'OPTIONS',
  'mips 0x70000003': 'ABIFLAGS',
  'riscv 0x70000003': 'RISCV_ATTRIBUT',
};

/** Our image in the same form. */
export function imageFacts(image: ElfImage): Facts {
  const { header, dynamic, notes, versions } = image;
  const versioned = (name: string, version: string | undefined, at: string): string =>
    // readelf leaves the version out where the symbol is the version node itself.
    version === undefined || version === name ? name : `${name}${at}${version}`;
  const flags = (base: boolean, weak: boolean): string =>
    [base ? 'BASE' : '', weak ? 'WEAK' : ''].filter((flag) => flag !== '').join(' | ') || 'none';
  const facts: Facts = {
    header: [header.class, header.endian, header.type, header.entry].join(' '),
    interpreter: image.interpreter,
    segments: image.segments.map(
      ({ type, offset, vaddr, fileSize, memorySize, flags: { read, write, execute }, align }) =>
        `${PROCESSOR_SEGMENTS[`${header.machine} ${type}`] ?? type} ${offset} ${vaddr} ${fileSize} ${memorySize} ${read ? 'R' : ' '}${write ? 'W' : ' '}${execute ? 'E' : ' '} ${align}`,
    ),
    dynamic: [
      ...dynamic.needed.map((name) => `NEEDED ${name}`),
      ...(dynamic.soname === undefined ? [] : [`SONAME ${dynamic.soname}`]),
      ...(dynamic.rpath === undefined ? [] : [`RPATH ${dynamic.rpath}`]),
      ...(dynamic.runpath === undefined ? [] : [`RUNPATH ${dynamic.runpath}`]),
      ...dynamic.flags.map((flag) => `FLAG ${flag}`),
      ...dynamic.flags1.map((flag) => `FLAG_1 ${flag}`),
      ...dynamic.auxiliary.map((name) => `AUXILIARY ${name}`),
      ...dynamic.filter.map((name) => `FILTER ${name}`),
      ...(dynamic.initArray > 0 ? [`INIT_ARRAYSZ ${(dynamic.initArray * header.class) / 8}`] : []),
      ...(dynamic.finiArray > 0 ? [`FINI_ARRAYSZ ${(dynamic.finiArray * header.class) / 8}`] : []),
    ].sort(),
    symbols: image.symbols.map((symbol) =>
      [
        versioned(symbol.name, symbol.version, symbol.default ? '@@' : '@'),
        symbol.value,
        sectionName(symbol.section),
        symbol.size,
        symbol.type,
        symbol.binding,
        symbol.visibility,
      ].join(' '),
    ),
    undefined: image.undefined.map((symbol) =>
      [versioned(symbol.name, symbol.version, '@'), symbol.size, symbol.type, symbol.binding, symbol.visibility].join(
        ' ',
      ),
    ),
    definitions: versions.defined.flatMap(({ name, index, base, weak, parents }) => [
      `${index} ${name} ${flags(base, weak)}`,
      ...parents.map((parent) => `  parent ${parent}`),
    ]),
    needs: versions.needed.flatMap((need) => [
      need.library,
      ...need.versions.map(({ name, index, weak }) => `  ${index} ${name} ${flags(false, weak)}`),
    ]),
    notes: [
      ...(notes.buildId === undefined ? [] : [`build-id ${notes.buildId}`]),
      ...(notes.minimumKernel === undefined ? [] : [`kernel ${notes.minimumKernel}`]),
      ...notes.properties.map((name) => `feature ${name}`),
    ].sort(),
  };
  return facts;
}

function sectionName(section: number): string {
  return section === 0xfff1 ? 'ABS' : section === 0xfff2 ? 'COM' : `${section}`;
}

/** The first differences of two lists of facts, as short text; empty when they agree. */
export function differences(file: string, expected: Facts, actual: Facts): string[] {
  const found: string[] = [];
  for (const key of Object.keys(expected) as (keyof Facts)[]) {
    const left = expected[key];
    const right = actual[key];
    if (JSON.stringify(left) === JSON.stringify(right)) continue;
    if (!Array.isArray(left) || !Array.isArray(right)) {
      found.push(`${file} ${key}: readelf ${left}, we ${right}`);
      continue;
    }
    const at = left.findIndex((line, index) => line !== right[index]);
    const index = at < 0 ? left.length : at;
    found.push(
      `${file} ${key}[${index}] of ${left.length}/${right.length}: readelf ${left[index]}, we ${right[index]}`,
    );
  }
  return found;
}

/** What `readelf -r` counts, in the terms of our summary. IFUNC and text relocations are not told by it. */
export function readelfRelocations(file: string): Omit<Relocations, 'ifunc' | 'text'> {
  const run = spawnSync('readelf', ['-W', '-r', file], { encoding: 'latin1', maxBuffer: 1024 * 1024 * 1024 });
  const lines = [...run.stdout.matchAll(/^[0-9a-f]+ +[0-9a-f]+ (R_\w+)(.*)$/gm)];
  const types = lines.map((match) => match[1] ?? '').filter((type) => !type.endsWith('_NONE'));
  const count = (ending: RegExp): number => types.filter((type) => ending.test(type)).length;
  const module = lines.filter((match) => /DTPMOD/.test(match[1] ?? ''));
  // With a symbol the line goes on with its value and name.
  const named = module.filter((match) => /^ +[0-9a-f]{8,} +[A-Za-z_]/.test(match[2] ?? ''));
  const tls: Relocations['tls'][number][] = [];
  if (named.length > 0) tls.push('general-dynamic');
  if (module.length > named.length) tls.push('local-dynamic');
  if (count(/_(TLS_)?TP(OFF|REL)(32|64)?$/) > 0) tls.push('initial-exec');
  if (count(/_TLS_?DESC$/) > 0) tls.push('tlsdesc');
  // DT_RELR: readelf lists one address a line, under the count of them.
  const packed = [...run.stdout.matchAll(/^ +(\d+) offsets?$/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
  return {
    total: types.length + packed,
    relative: count(/_RELATIVE(64)?$/) + packed,
    copy: count(/_COPY$/),
    jumpSlot: count(/_(JUMP_SLOT|JUMP_SLO|JMP_SLOT)$/),
    tls,
  };
}
