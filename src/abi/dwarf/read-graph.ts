import * as AT from '../../dwarf/at.ts';
import type { Die, DwarfFile } from '../../dwarf/file.ts';
import * as TAG from '../../dwarf/tag.ts';
import type { ElfImage, ElfSymbol } from '../../elf/model.ts';
import { isCompilerMade } from '../compiler-made.ts';
import { isToldByName } from '../demangle/itanium.ts';
import type { AbiSymbol, Access, MissingEvidence, TypeGraph } from '../model.ts';
import { chainOf, flagOf, numberOf, placeOf } from './attributes.ts';
import { Imports } from './imports.ts';
import { LocalStatics } from './local-statics.ts';
import { accessOf } from './members.ts';
import { enclosingTag } from './scope.ts';
import { attachStaticMembers } from './static-members.ts';
import { typeOfSymbol } from './symbol-type.ts';
import { attachSymbols } from './symbols.ts';
import type { Making } from './type-source.ts';
import { TypeBuilder } from './types.ts';

/**
 * The types that a file's exported symbols reach, from its debugging information.
 * @param image the plugin itself: its symbols are the interface
 * @param files its debugging information, in itself or apart; empty when there is none
 * @param missing what could not be had when the files were opened
 */
export function readTypeGraph(
  image: ElfImage,
  files: readonly DwarfFile[],
  missing: readonly MissingEvidence[] = [],
): TypeGraph {
  const builder = new TypeBuilder();
  const exported = image.symbols.filter(isTyped);
  const imports = new Imports(image);
  const locals = new LocalStatics(exported);
  const dies = attachSymbols(files, exported, image.header, [imports, locals]);
  const inside = locals.finish(files, dies);
  const open = exported.filter((symbol) => !dies.has(symbol) && !inside.has(symbol));
  const constants = attachStaticMembers(files, open);
  const own = exported.map((symbol) =>
    abiSymbol(symbol, dies.get(symbol) ?? inside.get(symbol) ?? constants.get(symbol), builder),
  );
  const taken = [...imports.found].map(([symbol, die]): AbiSymbol => {
    return { ...abiSymbol({ ...symbol, type: 'func' }, die, builder), imported: true };
  });
  const symbols = [...own, ...taken];
  builder.finish();
  const untyped = own
    .filter(({ type, name, kind }) => type === undefined && !isCompilerMade(name, kind) && !isToldByName(name, kind))
    .map(({ name }) => name);
  const gaps: MissingEvidence[] = [...missing, ...problemsOf(files)];
  if (files.length > 0 && untyped.length > 0) {
    gaps.push({
      code: 'symbol-without-type',
      message: `No debug information describes ${untyped.length} of ${own.length} exported symbols.`,
      fix: 'Compile every source file with -g; functions written in assembly have no types, accept them by name.',
      symbols: untyped,
    });
  }
  if (builder.truncated) {
    gaps.push({
      code: 'limit',
      message: 'The exported symbols reach more types than are read.',
      fix: 'Export fewer symbols, or name the public headers.',
    });
  }
  return {
    nodes: builder.nodes,
    symbols,
    missing: gaps,
    odr: builder.odrConflicts(),
    producers: producersOf(files),
    pointerSize: image.header.class / 8,
    littleEndian: image.header.endian === 'little',
  };
}

const SHN_ABS = 0xfff1;

/** Symbols that can have a type: not the version nodes themselves, which are absolute and have size 0. */
function isTyped(symbol: ElfSymbol): boolean {
  return (
    symbol.section !== SHN_ABS &&
    (symbol.type === 'func' || symbol.type === 'ifunc' || symbol.type === 'object' || symbol.type === 'tls')
  );
}

function abiSymbol(symbol: ElfSymbol, die: Die | undefined, builder: TypeBuilder): AbiSymbol {
  const code = symbol.type === 'func' || symbol.type === 'ifunc';
  const made: Making<AbiSymbol> = { name: symbol.name, kind: code ? 'function' : 'variable' };
  if (symbol.version !== undefined) made.version = symbol.version;
  // clang gives thunks entries without types.
  if (die === undefined || isCompilerMade(symbol.name, code ? undefined : 'variable')) return made;
  const chain = chainOf(die);
  const type = typeOfSymbol(symbol, die, builder);
  if (type !== undefined) made.type = type;
  made.language = builder.languageOf(die);
  const declared = placeOf(chain);
  if (declared !== undefined) made.declared = declared;
  if (flagOf(chain, AT.noreturn)) made.noreturn = true;
  const alignment = code ? undefined : numberOf(chain, AT.alignment);
  if (alignment !== undefined) made.alignment = alignment;
  const access = symbol.name.startsWith('_ZN') ? accessOfMember(chain) : undefined;
  if (access !== undefined) made.access = access;
  return made;
}

/** Undefined for what is no member of a class. Compilers leave out what a class or struct has anyway. */
function accessOfMember(chain: readonly Die[]): Access | undefined {
  const own = accessOf(chain);
  const declared = own === undefined ? chain.at(-1) : undefined;
  if (declared === undefined) return own;
  switch (enclosingTag(declared)) {
    case TAG.class_type:
      return 'private';
    case TAG.structure_type:
    case TAG.union_type:
      return 'public';
    default:
      return undefined;
  }
}

export function problemsOf(files: readonly DwarfFile[]): readonly MissingEvidence[] {
  return files.flatMap((file) =>
    file.problems.slice(0, 20).map(({ section, offset, message, unsupported, limit }) => ({
      code:
        limit === true ? ('limit' as const) : unsupported === true ? ('unsupported' as const) : ('malformed' as const),
      message: `.debug_${section} at 0x${offset.toString(16)}: ${message}.`,
      fix: "Build the file again; if it comes from a working compiler, report it with the compiler's version.",
    })),
  );
}

/** Distinct DW_AT_producer texts, sorted. */
export function producersOf(files: readonly DwarfFile[]): readonly string[] {
  const producers = new Set<string>();
  for (const file of files) {
    for (const unit of file.units) {
      const root = file.root(unit);
      const text = root === undefined ? undefined : file.text(root.attributes.get(AT.producer), unit);
      if (text !== undefined) producers.add(text);
    }
  }
  return [...producers].sort();
}
