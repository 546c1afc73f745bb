import type { Die, DwarfFile } from '../../dwarf/file.ts';
import type { ElfImage } from '../../elf/model.ts';
import type { AbiSymbol, MissingEvidence, TypeGraph, TypeId } from '../model.ts';
import { chainOf, nameOf, placeOf } from './attributes.ts';
import { definitionsNamed } from './definitions.ts';
import { findTypedefs } from './host-typedefs.ts';
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
  /** Symbols by their squeezed name, where a typedef that is spelled after one of them is wanted too. */
  readonly spelled: ReadonlyMap<string, string>;
}

export interface HostTypes {
  readonly graph: TypeGraph;
  /** Definitions of each record and enum that was found; several where the host's own files disagree. */
  readonly records: ReadonlyMap<string, readonly TypeId[]>;
  readonly typedefs: ReadonlyMap<string, readonly TypeId[]>;
  /** By symbol: the typedefs that are spelled after it. */
  readonly spelled: ReadonlyMap<string, readonly { readonly name: string; readonly type: TypeId }[]>;
}

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
  const found = findTypedefs(all, { named: wanted.typedefs, spelled: wanted.spelled });
  const typedefs = collect(new Set(wanted.typedefs.keys()), (name) => found.named.get(name) ?? [], builder);
  const spelled = new Map(
    [...found.spelled].map(([symbol, all]) => [
      symbol,
      all.map(({ name, die }) => ({ name, type: builder.idOf(die) })),
    ]),
  );
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
  return { graph, records, typedefs, spelled };
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
