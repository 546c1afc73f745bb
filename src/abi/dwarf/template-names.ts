import * as AT from '../../dwarf/at.ts';
import type { Die, DwarfFile } from '../../dwarf/file.ts';
import { withTags } from '../../dwarf/layout.ts';
import * as TAG from '../../dwarf/tag.ts';
import { describedType, exactOf, nameOf, numberOf, typeOf } from './attributes.ts';
import { join, scopeOf } from './scope.ts';

/** Templates in arguments of templates; deeper ones keep the compiler's spelling. */
const MAX_DEPTH = 24;
/** A name longer than this is kept as it is: each level of nesting may double it. */
const MAX_LENGTH = 16 * 1024;

const known = new WeakMap<DwarfFile, Map<number, string>>();
/** Distinguishes entries of .debug_types from those of .debug_info in one map. */
const TYPES = 2 ** 40;

/**
 * The name of a class, spelled the same for every compiler: arguments of templates are written anew from the entries
 * that describe them, since gcc writes `Box<long int, (E)1, 2u>` where clang writes `Box<long, E::b, 2>`, or only `Box`.
 */
export function classNameOf(declared: Die, depth = 0): string | undefined {
  const die = describedType(declared);
  const name = die.text(AT.name);
  if (name === undefined) return undefined;
  let names = known.get(die.file);
  if (names === undefined) {
    names = new Map();
    known.set(die.file, names);
  }
  const place = die.unit.section === 'types' ? die.offset + TYPES : die.offset;
  const before = names.get(place);
  if (before !== undefined) return before;
  names.set(place, name); // against arguments that lead back here in a broken file
  const spelled = spell(die, name, depth);
  names.set(place, spelled);
  return spelled;
}

function spell(die: Die, name: string, depth: number): string {
  if (depth > MAX_DEPTH) return name;
  const parameters = templateParameters(die);
  if (parameters.length === 0) return name.includes('<') ? respelled(name) : name;
  // gcc has no entries for parameters without a name.
  if (name.includes('<') && countArguments(name) !== parameters.length) {
    return withUnnamed(name, parameters, depth) ?? respelled(name);
  }
  const texts: string[] = [];
  let length = name.length;
  for (const parameter of parameters) {
    const text = argumentText(parameter, depth + 1);
    if (text === undefined || length > MAX_LENGTH) return respelled(name);
    length += text.length;
    texts.push(text);
  }
  const list = texts.join(', ');
  const plain = name.includes('<') ? name.slice(0, name.indexOf('<')) : name;
  return `${plain}<${list}${list.endsWith('>') ? ' ' : ''}>`;
}

function templateParameters(die: Die): readonly Die[] {
  const parameters = die.file.childrenWith(die, isParameter);
  if (!parameters.some(({ tag }) => tag === TAG.GNU_template_parameter_pack)) return parameters;
  return parameters.flatMap((child) =>
    child.tag === TAG.GNU_template_parameter_pack ? templateParameters(child) : [child],
  );
}

const isParameter = withTags(
  TAG.template_type_parameter,
  TAG.template_value_parameter,
  TAG.GNU_template_template_param,
  TAG.GNU_template_parameter_pack,
);

/** Undefined where the entry does not tell the argument: then only the compiler's own spelling tells it apart. */
function argumentText(parameter: Die, depth: number): string | undefined {
  switch (parameter.tag) {
    case TAG.template_type_parameter:
      return typeText(typeOf([parameter]), depth);
    case TAG.GNU_template_template_param:
      return parameter.file.text(parameter.get(AT.GNU_template_name), parameter.unit);
    default: {
      const value = parameter.get(AT.const_value);
      const type = unqualified(typeOf([parameter]));
      if (value === undefined || typeof type === 'string') return undefined;
      if (type.tag === TAG.enumeration_type) return `(${typeText(type, depth)})${exactOf(value, true)}`;
      const encoding = numberOf([type], AT.encoding);
      // DW_ATE_boolean; DW_ATE_signed and DW_ATE_signed_char
      if (encoding === 2) return exactOf(value, false) === '0' ? 'false' : 'true';
      return exactOf(value, encoding === 5 || encoding === 6);
    }
  }
}

type TypeDie = Die | 'none' | 'unreadable';

function unqualified(type: TypeDie): TypeDie {
  let at = type;
  for (let step = 0; step < MAX_DEPTH && typeof at === 'object'; step += 1) {
    if (at.tag !== TAG.const_type && at.tag !== TAG.volatile_type && at.tag !== TAG.typedef) break;
    at = typeOf([at]);
  }
  return at;
}

function typeText(type: TypeDie, depth: number): string | undefined {
  if (type === 'none') return 'void';
  if (type === 'unreadable' || depth > MAX_DEPTH) return undefined;
  const below = (suffix: string): string | undefined => {
    const text = typeText(typeOf([type]), depth + 1);
    return text === undefined || text.length > MAX_LENGTH ? undefined : `${text}${suffix}`;
  };
  switch (type.tag) {
    case TAG.typedef:
    case TAG.template_alias:
      return below('');
    case TAG.base_type:
      return numberName(nameOf([type]) ?? '');
    case TAG.unspecified_type:
      return nameOf([type]);
    case TAG.pointer_type:
      return below('*');
    case TAG.reference_type:
      return below('&');
    case TAG.rvalue_reference_type:
      return below('&&');
    case TAG.const_type:
      return below(' const');
    case TAG.volatile_type:
      return below(' volatile');
    case TAG.structure_type:
    case TAG.class_type:
    case TAG.union_type:
    case TAG.enumeration_type: {
      const described = describedType(type);
      const name = classNameOf(described, depth + 1);
      // The unit with its name is not there.
      if (name === undefined && described.has(AT.signature)) return undefined;
      return join(scopeOf(described), name ?? '(anonymous)');
    }
    case TAG.subroutine_type: {
      const result = below('');
      const parameters = type.file.children(type).map((child) => {
        if (child.tag === TAG.unspecified_parameters) return '...';
        return child.tag === TAG.formal_parameter ? typeText(typeOf([child]), depth + 1) : '';
      });
      if (result === undefined || parameters.includes(undefined)) return undefined;
      return `${result} (${parameters.filter((text) => text !== '').join(', ')})`;
    }
    default:
      return undefined;
  }
}

const NUMBER_WORDS =
  /\b(?:long|short|unsigned|signed|int|char|__int128)(?: (?:long|short|unsigned|signed|int|char|__int128))+\b/g;

/** `long unsigned int` to gcc, `unsigned long` to clang and to people. */
function numberName(name: string): string {
  if (!name.includes(' ')) return name;
  return name.replace(NUMBER_WORDS, (text) => {
    const words = text.split(' ');
    const count = (word: string): number => words.filter((one) => one === word).length;
    const sign = count('unsigned') > 0 ? ['unsigned'] : count('signed') > 0 && count('char') > 0 ? ['signed'] : [];
    const size = words.filter((word) => word !== 'unsigned' && word !== 'signed' && word !== 'int');
    return [...sign, ...(size.length > 0 ? size : ['int'])].join(' ');
  });
}

/** Arguments of the first list of a name, packs spread. */
function countArguments(name: string): number {
  let depth = 0;
  let count = 1;
  for (let at = name.indexOf('<'); at < name.length; at += 1) {
    switch (name.charCodeAt(at)) {
      case 0x3c: // <
      case 0x28: // (
      case 0x7b: // {
        depth += 1;
        break;
      case 0x3e: // >
      case 0x29: // )
      case 0x7d: // }
        depth -= 1;
        break;
      case 0x2c: // ,
        if (depth === 1) count += 1;
        break;
      default:
    }
  }
  return count;
}

/**
 * The name of an instance whose last parameters have no names, as those of `template <int, typename T, bool = true>` in
 * libstdc++: what is described is written anew, the others as the compiler has them. Undefined where that is not how
 * the two lists go together.
 */
function withUnnamed(name: string, parameters: readonly Die[], depth: number): string | undefined {
  if (name.length > MAX_LENGTH || !name.endsWith('>')) return undefined;
  const spelt = splitArguments(respelled(name));
  if (parameters.length === 0 || parameters.length >= spelt.length) return undefined;
  const texts: string[] = [];
  for (const [at, parameter] of parameters.entries()) {
    const text = argumentText(parameter, depth + 1);
    const other = spelt[at] ?? '';
    if (text === undefined || text.length > MAX_LENGTH) return undefined;
    if (text !== other && skeleton(text) !== skeleton(other)) return undefined;
    texts.push(text);
  }
  const list = [...texts, ...spelt.slice(parameters.length)].join(', ');
  return `${name.slice(0, name.indexOf('<'))}<${list}${list.endsWith('>') ? ' ' : ''}>`;
}

/** The arguments of a name that ends with them. */
function splitArguments(name: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = name.indexOf('<') + 1;
  for (let at = start - 1; at < name.length; at += 1) {
    const letter = name.charAt(at);
    if (letter === '<' || letter === '(' || letter === '{') depth += 1;
    else if (letter === '>' || letter === ')' || letter === '}') depth -= 1;
    if ((letter === ',' && depth === 1) || (letter === '>' && depth === 0)) {
      parts.push(name.slice(start, at).trim());
      start = at + 1;
    }
  }
  return parts;
}

/** A type without the arguments of its templates, of which gcc leaves out some that are defaults. */
function skeleton(text: string): string {
  if (!text.includes('<') && !text.includes('>')) return text.replaceAll(' ', '');
  let depth = 0;
  let kept = '';
  for (const letter of text) {
    if (letter === '>') depth -= 1;
    if (depth === 0 && letter !== ' ') kept += letter;
    if (letter === '<') depth += 1;
  }
  return kept;
}

/** What can be done without entries for the arguments. */
function respelled(name: string): string {
  if (name.length > MAX_LENGTH || !/ |>>|\d[ul]/.test(name)) return name;
  const spaced = numberName(name).replace(/>(?=>)/g, '> ');
  // The blank that stood between two brackets.
  const behind = constBehind(spaced).replace(/ const (?=>)/g, ' const');
  return behind.replace(/\b(\d+)u?l{0,2}\b(?=[,>])/g, '$1');
}

/** `const int` to clang, `int const` to gcc. */
function constBehind(name: string): string {
  if (!name.includes('const ')) return name;
  let text = name;
  let from = 0;
  for (;;) {
    const match = /(?<=^|[<(] ?|, )const /.exec(text.slice(from));
    if (match === null) return text;
    const start = from + match.index;
    const end = endOfType(text, start + 'const '.length);
    text = `${text.slice(0, start)}${text.slice(start + 'const '.length, end)} const${text.slice(end)}`;
    from = start;
  }
}

/** Behind a name with its template arguments; words of numbers belong together. */
function endOfType(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const letter = text.charAt(at);
    if (letter === '<') depth += 1;
    else if (letter === '>' && depth > 0) depth -= 1;
    else if (depth === 0 && /[,>*&()]/.test(letter)) return at;
    else if (depth === 0 && letter === ' ' && !/(?:unsigned|signed|long|short)$/.test(text.slice(start, at))) return at;
  }
  return text.length;
}
