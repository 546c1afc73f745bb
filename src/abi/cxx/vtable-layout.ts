import { demangleMember } from '../demangle/itanium.ts';
import type { Method, TypeGraph, TypeId } from '../model.ts';
import { classIdentity, typeName } from '../names.ts';
import type { RecordNode } from '../record-node.ts';

/** One function pointer of a virtual table. */
export interface Slot {
  /** Name, parameters and qualifiers, without the class: what an override shares with what it overrides. */
  readonly key: string;
  /** As shown: `area(int) const`. */
  readonly name: string;
  /** The class whose declaration made the slot, and the one whose function stands in it. */
  readonly introducedBy: TypeId;
  readonly filledBy: TypeId;
  readonly pure: boolean;
  /** Absent for destructors, which all have the same. */
  readonly type?: TypeId;
  readonly linkageName?: string;
}

const MAX_DEPTH = 64;
/** Slots of one table; a hostile chain of bases could double it with each step. */
const MAX_SLOTS = 20_000;

const known = new WeakMap<TypeGraph, Map<TypeId, readonly Slot[]>>();

/**
 * The primary virtual table of a class, from its address point on: first the slots of the primary base, then one for
 * each virtual function that the class declares and that does not take over one of those. Source: Itanium C++ ABI
 * section 2.5.2. Tables of other bases have the layout of the base's own, with thunks in them.
 * Empty for classes without virtual functions.
 */
export function vtableOf(graph: TypeGraph, id: TypeId, depth = 0): readonly Slot[] {
  let cache = known.get(graph);
  if (cache === undefined) {
    cache = new Map();
    known.set(graph, cache);
  }
  const own = recordIdOf(graph, id);
  const record = recordAt(graph, own);
  const before = cache.get(own);
  if (before !== undefined) return before;
  cache.set(own, []); // against classes that are their own base in a broken file
  const slots = record === undefined || depth > MAX_DEPTH ? [] : layOut(graph, own, record, depth);
  cache.set(own, slots);
  return slots;
}

function recordAt(graph: TypeGraph, id: TypeId): RecordNode | undefined {
  const node = graph.nodes[recordIdOf(graph, id)];
  return node?.kind === 'struct' || node?.kind === 'class' || node?.kind === 'union' ? node : undefined;
}

/** Bases are written with typedefs at times. */
function recordIdOf(graph: TypeGraph, id: TypeId): TypeId {
  let at = id;
  for (let step = 0; step < MAX_DEPTH; step += 1) {
    const node = graph.nodes[at];
    if (node?.kind !== 'typedef' && node?.kind !== 'const' && node?.kind !== 'volatile') break;
    at = node.target;
  }
  return at;
}

function identityOf(graph: TypeGraph, id: TypeId): string {
  return classIdentity(graph, recordIdOf(graph, id));
}

function layOut(graph: TypeGraph, id: TypeId, record: RecordNode, depth: number): readonly Slot[] {
  const primary = primaryBase(graph, record, depth);
  const slots: Slot[] = primary === undefined ? [] : [...vtableOf(graph, primary, depth + 1)];
  const inherited = slots.length;
  let hasDestructor = false;
  for (const method of record.methods) {
    if (method.virtual === 'no') continue;
    const key = keyOf(graph, method);
    if (key === DESTRUCTOR) {
      hasDestructor = true;
      addDestructor(slots, id, method);
      continue;
    }
    const filled: Slot = {
      key,
      name: key,
      introducedBy: id,
      filledBy: id,
      pure: method.virtual === 'pure',
      type: method.type,
      ...(method.linkageName === undefined ? {} : { linkageName: method.linkageName }),
    };
    let takesOver = false;
    for (let at = 0; at < inherited; at += 1) {
      const slot = slots[at];
      if (slot === undefined || slot.key !== key) continue;
      slots[at] = { ...filled, introducedBy: slot.introducedBy };
      // A result that lies elsewhere in the object needs another entry: old callers get the old one, adjusted.
      if (!adjusts(graph, slot.type, method.type)) takesOver = true;
    }
    if (!takesOver && slots.length < MAX_SLOTS) slots.push(filled);
  }
  if (!hasDestructor && record.bases.some(({ type }) => vtableOf(graph, type, depth + 1).some(isDestructor))) {
    addDestructor(slots, id, undefined);
  }
  return slots;
}

const DESTRUCTOR = '~';

function isDestructor({ key }: Slot): boolean {
  return key === DESTRUCTOR;
}

/** Two entries: one destroys, one also frees. */
function addDestructor(slots: Slot[], id: TypeId, method: Method | undefined): void {
  let found = false;
  const filled = {
    filledBy: id,
    pure: method?.virtual === 'pure',
  };
  for (const [at, slot] of slots.entries()) {
    if (!isDestructor(slot)) continue;
    slots[at] = { ...filled, key: DESTRUCTOR, name: slot.name, introducedBy: slot.introducedBy };
    found = true;
  }
  if (found || slots.length >= MAX_SLOTS) return;
  for (const name of ['the destructor', 'the deleting destructor']) {
    slots.push({ ...filled, key: DESTRUCTOR, name, introducedBy: id });
  }
}

/**
 * The base whose virtual table pointer a class shares: the first that lies at its start and has one, else a virtual
 * base that is nothing but such a pointer (Itanium C++ ABI section 2.4).
 */
function primaryBase(graph: TypeGraph, record: RecordNode, depth: number): TypeId | undefined {
  const dynamic = record.bases.filter(({ type }) => isDynamic(graph, type, depth + 1));
  const direct = dynamic.find(({ virtual, offset }) => !virtual && offset === 0);
  if (direct !== undefined) return direct.type;
  return dynamic.find(({ virtual, type }) => virtual && isNearlyEmpty(graph, type))?.type;
}

/** Has virtual functions or virtual bases, itself or from a base. */
export function isDynamic(graph: TypeGraph, id: TypeId, depth = 0): boolean {
  const record = recordAt(graph, id);
  if (record === undefined || depth > MAX_DEPTH) return false;
  if (vtableOf(graph, id, depth).length > 0) return true;
  return record.bases.some(({ virtual, type }) => virtual || isDynamic(graph, type, depth + 1));
}

function isNearlyEmpty(graph: TypeGraph, id: TypeId): boolean {
  const record = recordAt(graph, id);
  return record !== undefined && record.members.length === 0 && record.size === graph.pointerSize;
}

function keyOf(graph: TypeGraph, { name, linkageName, type }: Method): string {
  if (name.startsWith('~')) return DESTRUCTOR;
  const member = linkageName === undefined ? undefined : demangleMember(linkageName);
  if (member !== undefined) return member;
  const node = graph.nodes[type];
  if (node?.kind !== 'function') return name;
  const list = node.parameters.filter(({ artificial }) => artificial !== true).map((one) => typeName(graph, one.type));
  return `${name}(${list.join(', ')})`;
}

/** Whether a pointer to what the override returns points elsewhere than one to what the overridden function returns. */
function adjusts(graph: TypeGraph, old: TypeId | undefined, now: TypeId): boolean {
  const [base, derived] = [returned(graph, old), returned(graph, now)];
  if (base === undefined || derived === undefined) return false;
  return offsetOf(graph, derived, identityOf(graph, base), 0) !== 0;
}

function returned(graph: TypeGraph, type: TypeId | undefined): TypeId | undefined {
  const node = graph.nodes[type ?? -1];
  return node?.kind === 'function' ? pointedTo(graph, node.result) : undefined;
}

function pointedTo(graph: TypeGraph, type: TypeId): TypeId | undefined {
  const result = graph.nodes[recordIdOf(graph, type)];
  if (result?.kind !== 'pointer' && result?.kind !== 'reference') return undefined;
  const at = recordIdOf(graph, result.target);
  return recordAt(graph, at) === undefined ? undefined : at;
}

/** Bytes from a class to one of its bases; -1 through a virtual one, 0 where it is no base at all. */
function offsetOf(graph: TypeGraph, id: TypeId, base: string, depth: number): number {
  if (depth > MAX_DEPTH || identityOf(graph, id) === base) return 0;
  const record = recordAt(graph, id);
  for (const one of record?.bases ?? []) {
    if (!isBase(graph, one.type, base, depth + 1)) continue;
    if (one.virtual || one.offset === undefined) return -1;
    const rest = offsetOf(graph, one.type, base, depth + 1);
    return rest < 0 ? -1 : one.offset + rest;
  }
  return 0;
}

function isBase(graph: TypeGraph, id: TypeId, base: string, depth: number): boolean {
  if (depth > MAX_DEPTH) return false;
  if (identityOf(graph, id) === base) return true;
  return recordAt(graph, id)?.bases.some(({ type }) => isBase(graph, type, base, depth + 1)) ?? false;
}

/**
 * Whether a function returns a pointer or reference to a class that begins with the one that it returned before: then
 * the same address serves old callers.
 */
export function returnsDerived(
  graphs: { readonly old: TypeGraph; readonly new: TypeGraph },
  old: TypeId,
  now: TypeId,
): boolean {
  const [base, derived] = [pointedTo(graphs.old, old), pointedTo(graphs.new, now)];
  if (base === undefined || derived === undefined) return false;
  const name = identityOf(graphs.old, base);
  if (identityOf(graphs.new, derived) === name || !isBase(graphs.new, derived, name, 0)) return false;
  return offsetOf(graphs.new, derived, name, 0) === 0;
}

/** Names of all virtual bases, in the order in which a class has offsets to them in its virtual table. */
export function virtualBases(graph: TypeGraph, id: TypeId): readonly string[] {
  const found = new Set<string>();
  const visit = (at: TypeId, depth: number): void => {
    if (depth > MAX_DEPTH || found.size > MAX_SLOTS) return;
    for (const base of recordAt(graph, at)?.bases ?? []) {
      const name = identityOf(graph, base.type);
      if (found.has(name)) continue;
      visit(base.type, depth + 1);
      if (base.virtual) found.add(name);
    }
  };
  visit(id, 0);
  return [...found];
}
