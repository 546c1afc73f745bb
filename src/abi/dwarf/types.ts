import { AT, TAG } from '../../dwarf/constants.ts';
import type { Die, DwarfFile } from '../../dwarf/file.ts';
import type { Language, OdrConflict, TypeId, TypeNode } from '../model.ts';
import { flagOf, numberOf, typeOf } from './attributes.ts';
import { definitionKey } from './definition-key.ts';
import { definitionsOf } from './definitions.ts';
import { functionNode } from './function-node.ts';
import { nodeOf } from './nodes.ts';
import { join, languageOf, scopeOf } from './scope.ts';
import { classNameOf } from './template-names.ts';
import type { TypeSource } from './type-source.ts';

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

  readonly idOfTypeOf = (die: Die): TypeId => {
    const offset = die.reference(AT.type);
    if (offset >= 0) {
      // Most types were met before: then not even their entry is read.
      const place = die.unit.section === 'types' ? offset + SECTION_STRIDE : offset;
      const known = mapOf(this.#ids, die.file).get(place);
      if (known !== undefined) return known;
    }
    return this.idOf(typeOf([die]));
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

  readonly languageOf = (die: Die): Language => {
    let language = this.#languages.get(die.unit);
    if (language === undefined) {
      language = languageOf(die);
      this.#languages.set(die.unit, language);
    }
    return language;
  };

  readonly nodeAt = (id: TypeId): TypeNode | undefined => this.nodes[id];

  /** Reads everything that was asked for. */
  finish(): void {
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) {
      this.nodes[next.id] = next.asFunction ? functionNode(next.die, this) : nodeOf(next.die, this);
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
    if (first === undefined || this.languageOf(declaration) !== 'c') return first;
    const key = this.#definitionKey(first);
    const agree = definitions.slice(1, MAX_COMPARED).every((one) => this.#definitionKey(one) === key);
    return agree ? first : undefined;
  }

  /** Empty for mere declarations, which equal each other. */
  #definitionKey(die: Die): string {
    return die.flag(AT.declaration) ? '' : definitionKey(die);
  }
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
