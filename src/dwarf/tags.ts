import * as TAG from './tag.ts';

/** Whether an entry opens a scope whose name is part of its children's names. */
export function isNamedScope(tag: number): boolean {
  switch (tag) {
    case TAG.namespace:
    case TAG.structure_type:
    case TAG.class_type:
    case TAG.union_type:
    case TAG.interface_type:
    case TAG.enumeration_type:
      return true;
    default:
      return false;
  }
}
