import { AT, TAG } from '../../dwarf/constants.ts';
import type { Die, DwarfFile } from '../../dwarf/file.ts';
import { declaredAt } from '../../dwarf/line.ts';
import type { Language, OdrConflict, TemplateArgument, TypeId, TypeNode } from '../model.ts';
import { attributeOf, chainOf, exactOf, flagOf, nameOf, numberOf, typeOf } from './attributes.ts';
import { definitionsOf } from './definitions.ts';
import { baseOf, memberOf, methodOf, optional, type TypeSource, variantsOf } from './members.ts';
import { join, languageOf, scopeOf } from './scope.ts';
import { classNameOf } from './template-names.ts';

/** A graph larger than this is cut: what lies beyond is unknown, and the comparison says so. */
const MAX_NODES = 500_000;

/** Definitions of one name that are compared with each other. */
const MAX_COMPARED = 32;

const SECTION_STRIDE = 2 ** 40;

/**
 * Fills a type graph from debugging information, on demand: asking for an id queues the entry, {@link finish} reads
 * what was queued and whatever that reaches. No recursion, so that no nesting of types can overflow the stack.
 */
export class TypeBuilder implements TypeSource {
  readonly nodes: TypeNode[] = [];
  readonly #ids = new Map<DwarfFile, Map<number, TypeId>>();
  readonly #functions = new Map<DwarfFile, Map<number, TypeId>>();
  /** Definitions by kind and qualified name; several when they differ. */
  readonly #named = new Map<string, { readonly key: string; readonly id: TypeId }[]>();
  readonly #queue: { readonly id: TypeId; readonly die: Die; readonly asFunction: boolean }[] = [];
  readonly #languages = new Map<object, Language>();
  #void: TypeId | undefined;
  /** Stands for all types beyond {@link MAX_NODES}. */
  #beyond: TypeId | undefined;
  #tablePointer: TypeId | undefined;
  truncated = false;

  readonly idOf = (type: Die | 'none' | 'unreadable'): TypeId => {
    if (type === 'none') {
      this.#void ??= this.#add({ kind: 'void' });
      return this.#void;
    }
    if (type === 'unreadable') return this.#add({ kind: 'unknown', reason: 'a reference that leads nowhere' });
    const ids = mapOf(this.#ids, type.file);
    const place = placeOf(type);
    const known = ids.get(place);
    if (known !== undefined) return known;
    const id = this.#identify(type);
    ids.set(place, id);
    return id;
  };

  readonly tablePointer = (): TypeId => {
    this.#tablePointer ??= this.#add({
      kind: 'pointer',
      target: this.#add({ kind: 'unspecified', name: 'virtual table' }),
    });
    return this.#tablePointer;
  };

  readonly functionIdOf = (subprogram: Die): TypeId => {
    const ids = mapOf(this.#functions, subprogram.file);
    const place = placeOf(subprogram);
    let id = ids.get(place);
    if (id === undefined) {
      id = this.#reserve(subprogram, true);
      ids.set(place, id);
    }
    return id;
  };

  readonly sizeOf = (type: Die | 'none' | 'unreadable'): number | undefined => {
    let current = type;
    for (let step = 0; step < 64 && typeof current === 'object'; step += 1) {
      const size = numberOf([current], AT.byte_size);
      if (size !== undefined) return size;
      current = typeOf([current]);
    }
    return undefined;
  };

  /** Reads everything that was asked for. */
  finish(): void {
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) {
      this.nodes[next.id] = next.asFunction ? this.#functionNode(next.die) : this.#node(next.die);
    }
  }

  /** Names for which different definitions were met, in languages where one name means one type. */
  odrConflicts(): readonly OdrConflict[] {
    const conflicts: OdrConflict[] = [];
    for (const [key, definitions] of this.#named) {
      if (definitions.length < 2) continue;
      const nodes = definitions.map(({ id }) => id);
      const first = this.nodes[nodes[0] ?? -1];
      // C gives a struct no linkage: two files may each have their own.
      if (first !== undefined && 'language' in first && first.language === 'c') continue;
      conflicts.push({ name: key.slice(key.indexOf(' ') + 1), nodes });
    }
    return conflicts;
  }

  #add(node: TypeNode): TypeId {
    this.nodes.push(node);
    return this.nodes.length - 1;
  }

  #reserve(die: Die, asFunction: boolean): TypeId {
    if (this.nodes.length >= MAX_NODES) {
      this.truncated = true;
      this.#beyond ??= this.#add({ kind: 'unknown', reason: 'there are more types than are read' });
      return this.#beyond;
    }
    const id = this.#add({ kind: 'unknown', reason: 'not read yet' });
    this.#queue.push({ id, die, asFunction });
    return id;
  }

  /** One node for one named type, however many units repeat it; a declaration becomes its definition where one is found. */
  #identify(die: Die): TypeId {
    // A declaration that points to its type unit.
    const signature = die.attributes.get(AT.signature);
    if (signature !== undefined) {
      const definition = die.file.resolve(signature, die.unit);
      if (definition !== undefined && definition.offset !== die.offset) return this.idOf(definition);
    }
    const kind = namedKind(die.tag);
    const name = kind === undefined ? undefined : classNameOf(die);
    if (kind === undefined || name === undefined) return this.#reserve(die, false);
    if (flagOf([die], AT.declaration)) {
      const definition = this.#definitionOf(die);
      if (definition !== undefined) return this.idOf(definition);
    }
    const label = `${kind} ${join(scopeOf(die), name)}`;
    const key = this.#definitionKey(die);
    const before = this.#named.get(label);
    const same = before?.find((one) => one.key === key);
    if (same !== undefined) return same.id;
    const id = this.#reserve(die, false);
    if (before === undefined) this.#named.set(label, [{ key, id }]);
    else if (key !== '') before.push({ key, id });
    return id;
  }

  /**
   * The definition of a declared type. In C two files may each have their own struct of a name: where several differ,
   * none of them is known to be the one that is meant, and the type stays opaque.
   */
  #definitionOf(declaration: Die): Die | undefined {
    const definitions = definitionsOf(declaration);
    const [first] = definitions;
    if (first === undefined || this.#languageOf(declaration) !== 'c') return first;
    const key = this.#definitionKey(first);
    const agree = definitions.slice(1, MAX_COMPARED).every((one) => this.#definitionKey(one) === key);
    return agree ? first : undefined;
  }

  /**
   * What tells two definitions of one name apart: size, place and, in a C file, the members too, since one header can
   * be compiled with different settings. Empty for mere declarations, which equal each other.
   */
  #definitionKey(die: Die): string {
    if (flagOf([die], AT.declaration)) return '';
    const size = numberOf([die], AT.byte_size) ?? -1;
    const place = declaredAt(die);
    const names = die.file
      .children(die)
      .filter(({ tag }) => tag === TAG.member || tag === TAG.enumerator || tag === TAG.inheritance)
      .map((child) => {
        const type = typeOf([child]);
        const typeName = typeof type === 'object' ? (nameOf([type]) ?? type.tag) : type;
        return `${nameOf([child]) ?? ''}:${typeName}:${exactOf(child.attributes.get(AT.const_value), true) ?? ''}`;
      });
    return `${size}@${place === undefined ? '' : `${baseName(place.file)}:${place.line}`}/${names.join(',')}`;
  }

  #languageOf(die: Die): Language {
    let language = this.#languages.get(die.unit);
    if (language === undefined) {
      language = languageOf(die);
      this.#languages.set(die.unit, language);
    }
    return language;
  }

  #node(die: Die): TypeNode {
    const target = (): TypeId => this.idOf(typeOf([die]));
    const size = numberOf([die], AT.byte_size);
    switch (die.tag) {
      case TAG.base_type:
        return {
          kind: 'base',
          name: nameOf([die]) ?? '',
          size: size ?? Math.ceil((numberOf([die], AT.bit_size) ?? 0) / 8),
          encoding: encodingName(numberOf([die], AT.encoding) ?? 0),
          ...optional('bitSize', numberOf([die], AT.bit_size)),
        };
      case TAG.pointer_type:
        return { kind: 'pointer', target: target(), ...optional('size', size) };
      case TAG.reference_type:
        return { kind: 'reference', target: target(), ...optional('size', size) };
      case TAG.rvalue_reference_type:
        return { kind: 'rvalue-reference', target: target(), ...optional('size', size) };
      case TAG.const_type:
        return { kind: 'const', target: target() };
      case TAG.volatile_type:
        return { kind: 'volatile', target: target() };
      case TAG.restrict_type:
        return { kind: 'restrict', target: target() };
      case TAG.atomic_type:
        return { kind: 'atomic', target: target() };
      case TAG.shared_type:
        return { kind: 'shared', target: target() };
      case TAG.immutable_type:
        return { kind: 'immutable', target: target() };
      case TAG.typedef:
      case TAG.template_alias:
        return {
          kind: 'typedef',
          name: nameOf([die]) ?? '',
          scope: scopeOf(die),
          target: target(),
          ...optional('declared', declaredAt(die)),
        };
      case TAG.array_type:
        return {
          kind: 'array',
          element: target(),
          dimensions: die.file
            .children(die)
            .filter(
              ({ tag }) => tag === TAG.subrange_type || tag === TAG.generic_subrange || tag === TAG.enumeration_type,
            )
            .map(dimensionOf),
          ...(flagOf([die], AT.GNU_vector) ? { vector: true } : {}),
        };
      case TAG.ptr_to_member_type:
        return {
          kind: 'member-pointer',
          container: this.idOf(die.file.resolve(die.attributes.get(AT.containing_type), die.unit) ?? 'none'),
          target: target(),
        };
      case TAG.subroutine_type:
      case TAG.subprogram:
        return this.#functionNode(die);
      case TAG.enumeration_type:
        return this.#enumNode(die);
      case TAG.structure_type:
      case TAG.class_type:
      case TAG.interface_type:
      case TAG.union_type:
        return this.#recordNode(die);
      case TAG.unspecified_type:
        return { kind: 'unspecified', name: nameOf([die]) ?? '' };
      case TAG.subrange_type:
      case TAG.dynamic_type:
        return this.nodes[target()] ?? { kind: 'unknown', reason: 'a range without a type' };
      default:
        return { kind: 'unknown', reason: `an entry with tag 0x${die.tag.toString(16)} where a type is expected` };
    }
  }

  #functionNode(die: Die): TypeNode {
    const chain = chainOf(die);
    const parameters: { type: TypeId; name?: string; artificial?: boolean }[] = [];
    const results: TypeId[] = [];
    let variadic = false;
    // A definition without parameters of its own (an abstract instance elsewhere) takes those of its declaration.
    const owner = chain.find((one) => one.file.children(one).some(({ tag }) => tag === TAG.formal_parameter)) ?? die;
    for (const child of parametersOf(owner)) {
      if (child.tag === TAG.unspecified_parameters) variadic = true;
      if (child.tag !== TAG.formal_parameter) continue;
      const parameter = chainOf(child);
      const hidden = flagOf(parameter, AT.artificial);
      // gcc writes `S *const this`.
      const type = this.idOf(hidden ? withoutConst(typeOf(parameter)) : typeOf(parameter));
      // Go marks results so.
      if (flagOf(parameter, AT.variable_parameter)) results.push(type);
      // Of what compilers add, only `this` is told by all of them: gcc has flags and tables of constructors as well.
      else if (!hidden || parameters.length === 0) {
        parameters.push({
          type,
          ...optional('name', nameOf(parameter)),
          ...(hidden ? { artificial: true } : {}),
        });
      }
    }
    return {
      kind: 'function',
      result: this.idOf(typeOf(chain)),
      parameters,
      variadic,
      prototyped: flagOf(chain, AT.prototyped),
      ...optional('callingConvention', numberOf(chain, AT.calling_convention)),
      ...(results.length > 0 ? { results } : {}),
    };
  }

  #enumNode(die: Die): TypeNode {
    const underlying = attributeOf([die], AT.type);
    const size = numberOf([die], AT.byte_size) ?? this.sizeOf(typeOf([die])) ?? 0;
    return {
      kind: 'enum',
      ...optional('name', nameOf([die])),
      scope: scopeOf(die),
      size,
      ...(underlying === undefined ? {} : { underlying: this.idOf(typeOf([die])) }),
      scoped: flagOf([die], AT.enum_class),
      enumerators: die.file
        .children(die)
        .filter(({ tag }) => tag === TAG.enumerator)
        .map((child) => ({
          name: nameOf([child]) ?? '',
          value: exactOf(child.attributes.get(AT.const_value), false) ?? '',
        })),
      declaration: flagOf([die], AT.declaration),
      ...optional('declared', declaredAt(die)),
    };
  }

  #recordNode(die: Die): TypeNode {
    const children = die.file.children(die);
    const declaration = flagOf([die], AT.declaration);
    const members = children.filter((child) => child.tag === TAG.member && !isStatic(child));
    const statics = children.filter(
      (child) => child.tag === TAG.variable || (child.tag === TAG.member && isStatic(child)),
    );
    const part = children.find(({ tag }) => tag === TAG.variant_part);
    const passing = numberOf([die], AT.calling_convention);
    return {
      kind: die.tag === TAG.union_type ? 'union' : die.tag === TAG.structure_type ? 'struct' : 'class',
      ...optional('name', classNameOf(die)),
      scope: scopeOf(die),
      language: this.#languageOf(die),
      declaration,
      size: numberOf([die], AT.byte_size) ?? 0,
      ...optional('alignment', numberOf([die], AT.alignment)),
      members: members.map((member) => memberOf(member, this)),
      staticMembers: statics.map((member) => ({
        name: nameOf([member]) ?? '',
        type: this.idOf(typeOf([member])),
        ...optional('declared', declaredAt(member)),
      })),
      bases: children.filter(({ tag }) => tag === TAG.inheritance).map((base) => baseOf(base, this)),
      methods: children.filter(({ tag }) => tag === TAG.subprogram).map((method) => methodOf(method, this)),
      templateArguments: children.flatMap((child) => this.#templateArguments(child)),
      ...(part === undefined ? {} : { variants: variantsOf(part, this) }),
      ...optional(
        'passing',
        passing === 5 ? ('by-value' as const) : passing === 4 ? ('by-reference' as const) : undefined,
      ),
      ...optional('declared', declaredAt(die)),
    };
  }

  #templateArguments(die: Die): readonly TemplateArgument[] {
    switch (die.tag) {
      case TAG.template_type_parameter:
        return [{ ...optional('name', nameOf([die])), type: this.idOf(typeOf([die])) }];
      case TAG.template_value_parameter:
        return [
          {
            ...optional('name', nameOf([die])),
            type: this.idOf(typeOf([die])),
            ...optional('value', exactOf(die.attributes.get(AT.const_value), false)),
          },
        ];
      case TAG.GNU_template_template_param:
        return [
          {
            ...optional('name', nameOf([die])),
            ...optional('value', die.file.text(die.attributes.get(AT.GNU_template_name), die.unit)),
          },
        ];
      case TAG.GNU_template_parameter_pack:
        return die.file.children(die).flatMap((child) => this.#templateArguments(child));
      default:
        return [];
    }
  }
}

/** The children of a function, those of a pack of parameters among them: gcc puts each pack into an entry of its own. */
function parametersOf(die: Die): readonly Die[] {
  return die.file
    .children(die)
    .flatMap((child) => (child.tag === TAG.GNU_formal_parameter_pack ? die.file.children(child) : [child]));
}

/** DWARF 2 to 4 describe static members as members with external or declaration. */
function isStatic(die: Die): boolean {
  return flagOf([die], AT.external) || flagOf([die], AT.declaration);
}

function withoutConst(type: Die | 'none' | 'unreadable'): Die | 'none' | 'unreadable' {
  return typeof type === 'object' && type.tag === TAG.const_type ? typeOf([type]) : type;
}

/** Elements of a dimension; undefined for flexible and variable ones. */
function dimensionOf(die: Die): number | undefined {
  const count = die.attributes.get(AT.count);
  if (count?.kind === 'constant') return count.value;
  const upper = die.attributes.get(AT.upper_bound);
  if (upper?.kind !== 'constant') return undefined;
  const lower = numberOf([die], AT.lower_bound) ?? 0;
  // Old compilers write an upper bound of -1 for an array without elements or bound.
  const elements = upper.value - lower + 1;
  return elements > Number.MAX_SAFE_INTEGER || (upper.bytes === 4 && upper.value === 0xffffffff) ? undefined : elements;
}

function namedKind(tag: number): string | undefined {
  switch (tag) {
    case TAG.structure_type:
    case TAG.class_type:
    case TAG.interface_type:
      return 'record';
    case TAG.union_type:
      return 'union';
    case TAG.enumeration_type:
      return 'enum';
    default:
      return undefined;
  }
}

/** DW_ATE codes (DWARF 5 section 7.8). */
function encodingName(code: number): string {
  const names: Readonly<Record<number, string>> = {
    1: 'address',
    2: 'boolean',
    3: 'complex-float',
    4: 'float',
    5: 'signed',
    6: 'signed-char',
    7: 'unsigned',
    8: 'unsigned-char',
    9: 'imaginary-float',
    10: 'packed-decimal',
    13: 'signed-fixed',
    14: 'unsigned-fixed',
    15: 'decimal-float',
    16: 'utf',
    17: 'ucs',
    18: 'ascii',
  };
  return names[code] ?? `encoding-${code}`;
}

function placeOf(die: Die): number {
  return die.unit.section === 'types' ? die.offset + SECTION_STRIDE : die.offset;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function mapOf(maps: Map<DwarfFile, Map<number, TypeId>>, file: DwarfFile): Map<number, TypeId> {
  let map = maps.get(file);
  if (map === undefined) {
    map = new Map();
    maps.set(file, map);
  }
  return map;
}
