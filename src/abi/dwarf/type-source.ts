import type { Die } from '../../dwarf/file.ts';
import type { Language, TypeId, TypeNode } from '../model.ts';

/** What those who read nodes need from the builder of the graph. */
export interface TypeSource {
  /** The id of a type's entry. */
  idOf(type: Die | 'none' | 'unreadable'): TypeId;
  /** The id of the type that an entry's DW_AT_type names; void where it has none. */
  idOfTypeOf(die: Die): TypeId;
  /** The id of the type of pointers to virtual tables, one for all compilers. */
  tablePointer(): TypeId;
  /** The id of the function type that a subprogram entry describes. */
  functionIdOf(subprogram: Die): TypeId;
  /** Bytes of a type, following qualifiers and typedefs; for bit-fields of DWARF 2 to 4. */
  sizeOf(type: Die | 'none' | 'unreadable'): number | undefined;
  languageOf(die: Die): Language;
  /** What was read for an id so far. */
  nodeAt(id: TypeId): TypeNode | undefined;
}

/** A node, member or the like while it is made: absent fields stay absent, and no object is made in vain. */
export type Making<T> = { -readonly [Key in keyof T]: T[Key] };
