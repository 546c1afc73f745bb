import { posix } from 'node:path';
import * as AT from '../../dwarf/at.ts';
import type { Die, DwarfFile } from '../../dwarf/file.ts';
import { withTags } from '../../dwarf/layout.ts';
import { declaredAt } from '../../dwarf/line.ts';
import * as TAG from '../../dwarf/tag.ts';
import type { ElfImage } from '../../elf/model.ts';
import type { AbiSymbol, MissingEvidence, TypeGraph, TypeId } from '../model.ts';
import { chainOf, nameOf, placeOf } from './attributes.ts';
import { definitionsNamed } from './definitions.ts';
import { optional } from './members.ts';
import { problemsOf, producersOf } from './read-graph.ts';
import { join, scopeOf } from './scope.ts';
import { typeOfSymbol } from './symbol-type.ts';
import { attachSymbols } from './symbols.ts';
import { classNameOf } from './template-names.ts';
import { TypeBuilder } from './types.ts';

/** What is looked for in a host, by the names that the plugin has for it; C++ names are qualified. */
export interface WantedOfHost {
  readonly records: ReadonlySet<string>;
  /** Typedefs that name what has no name of its own, each with the name of the header that the plugin has it from. */
  readonly typedefs: ReadonlyMap<string, string>;
  readonly functions: ReadonlySet<string>;
}

export interface HostTypes {
  readonly graph: TypeGraph;
  /** Definitions of each record and enum that was found; several where the host's own files disagree. */
  readonly records: ReadonlyMap<string, readonly TypeId[]>;
  readonly typedefs: ReadonlyMap<string, readonly TypeId[]>;
}

const isTypedef = withTags(TAG.typedef);

/** Typedefs at the top of units that are looked at; no index lists them. */
const MOST_ENTRIES = 2_000_000;

/**
 * The host's definitions of the types and functions that a plugin knows; of a large host only these are read.
 * @param files the host's debugging information
 */
export function readHostTypes(
  image: ElfImage,
  files: readonly DwarfFile[],
  missing: readonly MissingEvidence[],
  wanted: WantedOfHost,
): HostTypes {
  const builder = new TypeBuilder();
  // With the parts that dwz moved elsewhere.
  const all = files[0]?.program.files ?? files;
  const records = collect(wanted.records, (name) => recordsNamed(all, name), builder);
  const typedefDies = typedefsNamed(all, wanted.typedefs);
  const typedefs = collect(new Set(wanted.typedefs.keys()), (name) => typedefDies.get(name) ?? [], builder);
  const symbols = functionsOf(image, files, wanted.functions, builder);
  builder.finish();
  const graph: TypeGraph = {
    nodes: builder.nodes,
    symbols,
    missing: [...missing, ...problemsOf(files)],
    odr: [],
    producers: producersOf(files),
    pointerSize: image.header.class / 8,
    littleEndian: image.header.endian === 'little',
  };
  return { graph, records, typedefs };
}

function collect(
  names: ReadonlySet<string>,
  find: (name: string) => readonly Die[],
  builder: TypeBuilder,
): ReadonlyMap<string, readonly TypeId[]> {
  const found = new Map<string, readonly TypeId[]>();
  for (const name of names) {
    const ids = [...new Set(find(name).map((die) => builder.idOf(die)))];
    if (ids.length > 0) found.set(name, ids);
  }
  return found;
}

function recordsNamed(files: readonly DwarfFile[], name: string): readonly Die[] {
  return definitionsNamed(files, lastPart(name)).filter((die) => join(scopeOf(die), classNameOf(die) ?? '') === name);
}

/** `Box<geo::Shape>` of `ui::Box<geo::Shape>`: the separators inside of template arguments do not count. */
function lastPart(name: string): string {
  let depth = 0;
  for (let at = name.length - 1; at > 0; at -= 1) {
    const letter = name[at];
    if (letter === '>') depth += 1;
    else if (letter === '<') depth -= 1;
    else if (letter === ':' && depth === 0 && name[at - 1] === ':') return name.slice(at + 1);
  }
  return name;
}

function typedefsNamed(
  files: readonly DwarfFile[],
  wanted: ReadonlyMap<string, string>,
): ReadonlyMap<string, readonly Die[]> {
  const found = new Map<string, readonly Die[]>();
  const sure = new Set<string>();
  let left = wanted.size === 0 ? 0 : MOST_ENTRIES;
  for (const file of files) {
    for (const unit of file.units) {
      // Every unit that includes the header repeats them: one of each is enough.
      const root = left <= 0 || sure.size === wanted.size ? undefined : file.root(unit);
      if (root === undefined) continue;
      for (const die of file.childrenWith(root, isTypedef)) {
        left -= 1;
        if (!die.has(AT.type)) continue;
        const name = file.name(die);
        const header = name === undefined ? undefined : wanted.get(name);
        if (name === undefined || header === undefined || sure.has(name)) continue;
        const same = posix.basename(declaredAt(die)?.file ?? '') === header;
        if (same) sure.add(name);
        if (same || !found.has(name)) found.set(name, [die]);
      }
    }
  }
  return found;
}

function functionsOf(
  image: ElfImage,
  files: readonly DwarfFile[],
  names: ReadonlySet<string>,
  builder: TypeBuilder,
): readonly AbiSymbol[] {
  const exported = image.symbols.filter(({ name, type }) => names.has(name) && (type === 'func' || type === 'ifunc'));
  if (exported.length === 0) return [];
  const dies = attachSymbols(files, exported, image.header);
  return exported.flatMap((symbol): readonly AbiSymbol[] => {
    const die = dies.get(symbol);
    if (die === undefined) return [];
    const chain = chainOf(die);
    return [
      {
        name: symbol.name,
        kind: 'function',
        ...optional('type', typeOfSymbol(symbol, die, builder)),
        ...optional('qualifiedName', nameOf(chain)),
        ...optional('declared', placeOf(chain)),
      },
    ];
  });
}
