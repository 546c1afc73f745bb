import * as AT from '../../dwarf/at.ts';
import type { Die } from '../../dwarf/file.ts';
import { withTags } from '../../dwarf/layout.ts';
import { declaredAt } from '../../dwarf/line.ts';
import * as TAG from '../../dwarf/tag.ts';
import { describedType, exactOf, nameOf, numberOf, typeOf } from './attributes.ts';

/** The children that tell two definitions apart. */
const isTelling = withTags(TAG.member, TAG.enumerator, TAG.inheritance);

/**
 * What tells two definitions of one name apart: size, place and the members too, since one header can be compiled with
 * different settings.
 */
export function definitionKey(die: Die): string {
  const size = numberOf([die], AT.byte_size) ?? -1;
  const place = declaredAt(die);
  const names = die.file.childrenWith(die, isTelling).map((child) => {
    const type = typeOf([child]);
    const typeName = typeof type === 'object' ? (nameOf([describedType(type)]) ?? type.tag) : type;
    return `${nameOf([child]) ?? ''}:${typeName}:${exactOf(child.attributes.get(AT.const_value), true) ?? ''}`;
  });
  return `${size}@${place === undefined ? '' : `${baseName(place.file)}:${place.line}`}/${names.join(',')}`;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
