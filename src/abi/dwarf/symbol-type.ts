import * as AT from '../../dwarf/at.ts';
import type { Die } from '../../dwarf/file.ts';
import * as TAG from '../../dwarf/tag.ts';
import type { UnitHeader } from '../../dwarf/unit.ts';
import type { ElfSymbol } from '../../elf/model.ts';
import type { TypeId } from '../model.ts';
import { attributeOf, chainOf, typeOf } from './attributes.ts';
import type { TypeBuilder } from './types.ts';

/** DW_LANG_Mips_Assembler, which assemblers give their units (DWARF 5 section 7.12), and DW_LANG_Assembly. */
const ASSEMBLERS = new Set([0x8001, 0x31]);

/** The type of a symbol as its entry tells it; undefined where the entry is there and tells no type. */
export function typeOfSymbol(symbol: ElfSymbol, die: Die, builder: TypeBuilder): TypeId | undefined {
  if (!tellsTypes(die)) return undefined;
  if (symbol.type === 'ifunc') return chosenFunction(die, builder);
  if (symbol.type === 'func') return builder.functionIdOf(die);
  const typed = attributeOf(chainOf(die), AT.type);
  return builder.idOf(
    typed === undefined ? 'none' : (typed.die.file.resolve(typed.value, typed.die.unit) ?? 'unreadable'),
  );
}

const telling = new WeakMap<UnitHeader, boolean>();

function tellsTypes(die: Die): boolean {
  let tells = telling.get(die.unit);
  if (tells === undefined) {
    tells = unitTellsTypes(die);
    telling.set(die.unit, tells);
  }
  return tells;
}

/** Assembled code and units compiled with -g1 have entries for functions, without parameters and results. */
function unitTellsTypes(die: Die): boolean {
  const root = die.file.root(die.unit);
  if (root === undefined) return true;
  const language = attributeOf([root], AT.language)?.value;
  if (language?.kind === 'constant' && ASSEMBLERS.has(language.value)) return false;
  const producer = die.file.text(root.attributes.get(AT.producer), die.unit) ?? '';
  // gcc records its options; the last one counts, and -gdwarf-5 and the like leave the level as it is.
  return (
    producer
      .split(' ')
      .filter((option) => /^-g(?:gdb)?[0-3]?$/.test(option))
      .at(-1) !== '-g1'
  );
}

const MAX_STEPS = 32;

/**
 * An IFUNC symbol stands at its resolver; callers call what that returns a pointer to (gABI supplement for
 * STT_GNU_IFUNC). A resolver that is declared to return `void *` does not tell.
 */
function chosenFunction(resolver: Die, builder: TypeBuilder): TypeId | undefined {
  let type = typeOf(chainOf(resolver));
  for (let step = 0; step < MAX_STEPS && typeof type === 'object'; step += 1) {
    if (type.tag === TAG.subroutine_type) return builder.idOf(type);
    const passes = type.tag === TAG.typedef || type.tag === TAG.pointer_type || type.tag === TAG.const_type;
    if (!passes) return undefined;
    type = typeOf([type]);
  }
  return undefined;
}
