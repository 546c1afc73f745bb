import * as AT from '../../dwarf/at.ts';
import type { Die, DwarfFile } from '../../dwarf/file.ts';
import * as TAG from '../../dwarf/tag.ts';
import type { UnitHeader } from '../../dwarf/unit.ts';
import type { Language, OdrConflict, TypeId, TypeNode } from '../model.ts';
import { chainOf, describedType, flagOf, numberOf, typeOf } from './attributes.ts';
import { definitionKey } from './definition-key.ts';
import { definitionsOf } from './definitions.ts';
import { Fingerprints } from './fingerprint.ts';
import { functionNode } from './function-node.ts';
import { nodeOf } from './nodes.ts';
import { MOST_PARTS, partsOf } from './parts.ts';
import { join, languageOf, scopeOf } from './scope.ts';
import { classNameOf } from './template-names.ts';
import type { TypeSource } from './type-source.ts';

/** A graph larger than this is cut: what lies beyond is unknown, and the comparison says so. */
const MAX_NODES = 500_000;

const BEYOND: TypeNode = { kind: 'unknown', reason: 'there are more types than are read' };

/** Definitions of one name that are compared with each other. */
const MAX_COMPARED = 32;

/** Pointers to pointers, typedefs of typedefs: deeper ones are read one by one. */
const MAX_DERIVED = 64;
/** Bytes of the largest address. */
const MAX_ADDRESS = 64;

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
  readonly #fingerprints = new Fingerprints();
  /** By fingerprint, which holds for one file. */
  readonly #seen = new Map<DwarfFile, Map<number, TypeId>>();
  /** Pointers, references and qualified types, by what they are made of. */
  readonly #derived = new Map<number, TypeId>();
  #depth = 0;
  readonly #languages = new Map<UnitHeader, Language>();
  #lastUnit: UnitHeader | undefined;
  #lastFile: DwarfFile | undefined;
  #lastIds = new Map<number, TypeId>();
  #lastLanguage: Language = 'other';
  #parts = 0;
  #void: TypeId | undefined;
  /** Stands for all types beyond {@link MAX_NODES}. */
  #beyond: TypeId | undefined;
  #tablePointer: TypeId | undefined;
  truncated = false;

  idOf(type: Die | 'none' | 'unreadable'): TypeId {
    if (type === 'none') {
      this.#void ??= this.#add({ kind: 'void' });
      return this.#void;
    }
    if (type === 'unreadable') return this.#add({ kind: 'unknown', reason: 'a reference that leads nowhere' });
    const ids = this.#idsOf(type.file);
    const place = placeOf(type);
    const known = ids.get(place);
    if (known !== undefined) return known;
    const id = this.#identify(type);
    ids.set(place, id);
    return id;
  }

  idOfTypeOf(die: Die): TypeId {
    const offset = die.reference(AT.type);
    if (offset >= 0) {
      // Most types were met before: then not even their entry is read.
      const place = die.unit.section === 'types' ? offset + SECTION_STRIDE : offset;
      const known = this.#idsOf(die.file).get(place);
      if (known !== undefined) return known;
    }
    return this.idOf(typeOf([die]));
  }

  #idsOf(file: DwarfFile): Map<number, TypeId> {
    if (this.#lastFile === file) return this.#lastIds;
    this.#lastFile = file;
    this.#lastIds = mapOf(this.#ids, file);
    return this.#lastIds;
  }

  tablePointer(): TypeId {
    this.#tablePointer ??= this.#add({
      kind: 'pointer',
      target: this.#add({ kind: 'unspecified', name: 'virtual table' }),
    });
    return this.#tablePointer;
  }

  functionIdOf(subprogram: Die): TypeId {
    // The copies of a constructor or destructor are described once, and so are functions that were put into others.
    const described = subprogram.has(AT.abstract_origin) ? (chainOf(subprogram)[1] ?? subprogram) : subprogram;
    const ids = mapOf(this.#functions, described.file);
    const place = placeOf(described);
    let id = ids.get(place);
    if (id === undefined) {
      id = this.#reserve(subprogram, true);
      ids.set(place, id);
    }
    return id;
  }

  sizeOf(type: Die | 'none' | 'unreadable'): number | undefined {
    let current = type;
    for (let step = 0; step < 64 && typeof current === 'object'; step += 1) {
      const described = describedType(current);
      const size = numberOf([described], AT.byte_size);
      if (size !== undefined) return size;
      current = typeOf([described]);
    }
    return undefined;
  }

  languageOf(die: Die): Language {
    // Entries come in runs of one unit.
    if (this.#lastUnit === die.unit) return this.#lastLanguage;
    let language = this.#languages.get(die.unit);
    if (language === undefined) {
      language = languageOf(die);
      this.#languages.set(die.unit, language);
    }
    this.#lastUnit = die.unit;
    this.#lastLanguage = language;
    return language;
  }

  nodeAt(id: TypeId): TypeNode | undefined {
    return this.nodes[id];
  }

  /** Reads everything that was asked for. */
  finish(): void {
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) {
      if (this.#parts > MOST_PARTS) {
        this.truncated = true;
        this.nodes[next.id] = BEYOND;
        continue;
      }
      const node = next.asFunction ? functionNode(next.die, this) : nodeOf(next.die, this);
      this.nodes[next.id] = node;
      this.#parts += partsOf(node);
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
      this.#beyond ??= this.#add(BEYOND);
      return this.#beyond;
    }
    const id = this.#add({ kind: 'unknown', reason: 'not read yet' });
    this.#queue.push({ id, die, asFunction });
    return id;
  }

  /** One node for one named type, however many units repeat it; a declaration becomes its definition where one is found. */
  #identify(die: Die): TypeId {
    // A declaration that points to its type unit.
    const definition = describedType(die);
    if (definition !== die) return this.idOf(definition);
    switch (die.tag) {
      case TAG.structure_type:
      case TAG.class_type:
      case TAG.interface_type:
      case TAG.union_type:
      case TAG.enumeration_type: {
        if (!die.has(AT.name)) return this.#reserve(die, false);
        const fingerprint = this.#fingerprints.of(die, this.languageOf(die));
        return this.#once(die, fingerprint, () => this.#idOfNamed(die));
      }
      case TAG.base_type:
      case TAG.unspecified_type:
        return this.#once(die, this.#fingerprints.ofBase(die), () => this.#reserve(die, false));
      case TAG.typedef: {
        const target = this.#targetOf(die);
        const fingerprint = target === undefined ? undefined : this.#fingerprints.ofTypedef(die, target);
        return this.#once(die, fingerprint, () => this.#reserve(die, false));
      }
      case TAG.pointer_type:
      case TAG.reference_type:
      case TAG.rvalue_reference_type:
      case TAG.const_type:
      case TAG.volatile_type:
      case TAG.restrict_type:
      case TAG.atomic_type: {
        const target = this.#targetOf(die);
        const size = die.number(AT.byte_size) ?? -1;
        if (target === undefined || size > MAX_ADDRESS) return this.#reserve(die, false);
        const key = (target * 0x100 + die.tag) * 0x100 + size + 1;
        return this.#once(undefined, key, () => this.#reserve(die, false));
      }
      default:
        return this.#reserve(die, false);
    }
  }

  /** Units repeat what they use: the id of what was met before with the same key, in one file or, without an entry, in all. */
  #once(die: Die | undefined, key: number | undefined, make: () => TypeId): TypeId {
    if (key === undefined) return make();
    const seen = die === undefined ? this.#derived : mapOf(this.#seen, die.file);
    const known = seen.get(key);
    if (known !== undefined) return known;
    const id = make();
    seen.set(key, id);
    return id;
  }

  /** The id of what a derived type is made of; undefined where they nest deeper than sources do. */
  #targetOf(die: Die): TypeId | undefined {
    if (this.#depth >= MAX_DERIVED) return undefined;
    this.#depth += 1;
    const id = this.idOfTypeOf(die);
    this.#depth -= 1;
    return id;
  }

  #idOfNamed(die: Die): TypeId {
    const name = classNameOf(die);
    if (name === undefined) return this.#reserve(die, false);
    if (flagOf([die], AT.declaration)) {
      const definition = this.#definitionOf(die);
      if (definition !== undefined) return this.idOf(definition);
    }
    const label = `${namedKind(die.tag)} ${join(scopeOf(die), name)}`;
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
    if (this.languageOf(declaration) !== 'c') return definitionsOf(declaration, 1)[0];
    const definitions = definitionsOf(declaration);
    const [first] = definitions;
    if (first === undefined) return undefined;
    const key = this.#definitionKey(first);
    const agree = definitions.slice(1, MAX_COMPARED).every((one) => this.#definitionKey(one) === key);
    return agree ? first : undefined;
  }

  /** Empty for mere declarations, which equal each other. */
  #definitionKey(die: Die): string {
    return die.flag(AT.declaration) ? '' : definitionKey(die);
  }
}

/** What names of one kind stand for: `struct` and `class` may name the same. */
function namedKind(tag: number): string {
  return tag === TAG.enumeration_type ? 'enum' : tag === TAG.union_type ? 'union' : 'record';
}

function placeOf(die: Die): number {
  return die.unit.section === 'types' ? die.offset + SECTION_STRIDE : die.offset;
}

function mapOf(maps: Map<DwarfFile, Map<number, TypeId>>, file: DwarfFile): Map<number, TypeId> {
  let map = maps.get(file);
  if (map === undefined) {
    map = new Map();
    maps.set(file, map);
  }
  return map;
}
