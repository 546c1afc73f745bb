import { sizeOf } from '../compare/peel.ts';
import type { Member, TypeGraph, TypeId, TypeNode } from '../model.ts';
import type { RecordNode } from '../record-node.ts';

/**
 * Types of Rust beside those of C, C++ and others: a binding has names of its own, so that it stands for what lies at
 * the same place, and what only wraps a value is that value.
 */

/** Whether one of two records is of Rust and the other is not. */
export function isAcrossLanguages(a: RecordNode, b: RecordNode): boolean {
  return (a.language === 'rust') !== (b.language === 'rust');
}

/**
 * The value that a Rust type consists of: `NonNull<T>`, `UnsafeCell<T>`, `AtomicU32`, `MaybeUninit<T>`, `struct Handle(*mut c_void)`.
 * @returns undefined for all other types
 */
export function soleValue(graph: TypeGraph, node: TypeNode): TypeId | undefined {
  if ((node.kind !== 'struct' && node.kind !== 'union') || node.language !== 'rust') return undefined;
  if (node.variants !== undefined || node.declaration) return undefined;
  const [value, more] = valuesOf(graph, node);
  if (value === undefined || more !== undefined || value.bitOffset !== 0) return undefined;
  return sizeOf(graph, value.type) === node.size ? value.type : undefined;
}

/** A wrapper of the standard library: not a binding of a struct that has one member. */
export function isStandardWrapper(node: TypeNode): boolean {
  return 'scope' in node && /^(?:core|alloc|std)(?:::|$)/.test(node.scope);
}

/** `c_void` and `()` behind a pointer, as C has `void`. */
export function isRustVoid(node: TypeNode): boolean {
  if (node.kind === 'enum') return node.name === 'c_void' && /(?:^|::)ffi(?:::c_void)?$/.test(node.scope);
  return node.kind === 'base' && node.size === 0;
}

/** A type without content, by which bindings declare what is opaque to them: `struct Host { _private: [u8; 0] }`. */
export function isOpaqueBinding(node: RecordNode): boolean {
  return node.language === 'rust' && node.size === 0;
}

function valuesOf(graph: TypeGraph, { members }: RecordNode): readonly Member[] {
  return members.filter(({ type }) => !takesNoRoom(graph, type));
}

function takesNoRoom(graph: TypeGraph, type: TypeId): boolean {
  const node = graph.nodes[type];
  return node?.kind === 'void' || sizeOf(graph, type) === 0;
}

/** Names that bindgen makes: for anonymous members, for the room of bit-fields, for padding. */
const ANONYMOUS = /^__bindgen_anon_\d+$/;
const BIT_FIELDS = /^_bitfield_/;
const FILLING = /^(?:__bindgen_padding_\d+|_bitfield_align_\d+|_unused|_phantom_\d+)$/;

/** Two records across languages with their members under the same names, as far as they can be told to be the same. */
export function underOneName(
  graphs: { readonly old: TypeGraph; readonly new: TypeGraph },
  a: RecordNode,
  b: RecordNode,
): readonly [RecordNode, RecordNode] {
  if (a.language === 'rust') {
    const [one, other] = bound(graphs.old, a, b);
    return [one, other];
  }
  const [one, other] = bound(graphs.new, b, a);
  return [other, one];
}

function bound(graph: TypeGraph, rust: RecordNode, other: RecordNode): readonly [RecordNode, RecordNode] {
  const names = new Map(
    other.members.flatMap(({ name }) => (name === undefined ? [] : [[plain(name), name] as const])),
  );
  const hasBits = rust.members.some(({ name }) => name !== undefined && BIT_FIELDS.test(name));
  const members = valuesOf(graph, rust).flatMap((member): readonly Member[] => {
    const { name, ...rest } = member;
    if (name === undefined || ANONYMOUS.test(name)) return [rest];
    if (FILLING.test(name) || BIT_FIELDS.test(name)) return [];
    return [{ ...rest, name: names.get(plain(name)) ?? name }];
  });
  const others = hasBits ? other.members.filter(({ bitSize }) => bitSize === undefined) : other.members;
  return [
    { ...rust, members },
    { ...other, members: others },
  ];
}

/** A name without what bindings change in it: `type_` for `type`, `userData` for `user_data`. */
export function plain(name: string): string {
  return name.replace(/^r#/, '').replaceAll('_', '').toLowerCase();
}
