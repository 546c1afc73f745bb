import { posix } from 'node:path';
import { declaredOf } from '../compare/place-of.ts';
import type { HostTypes } from '../dwarf/read-host.ts';
import type { TypeGraph, TypeId, TypeNode } from '../model.ts';
import { isRecord } from '../record-node.ts';
import { plain } from '../rust/foreign.ts';
import { sameEnumerators } from './enumerators.ts';
import { type SharedType, spellingsOf } from './shared-types.ts';

/**
 * The host's definition of a type that the plugin has under the same name; undefined where the host has none, or where
 * it only happens to have something else of that name.
 */
export function hostDefinition(plugin: TypeGraph, shared: SharedType, host: HostTypes): TypeId | undefined {
  const node = throughTypedefs(plugin, shared.type);
  if (node === undefined) return undefined;
  const ids = shared.binding === true ? bound(shared, host) : namedIn(host, shared);
  const header = posix.basename(shared.declared.file);
  const candidates = ids.filter((id) => {
    const other = throughTypedefs(host.graph, id);
    if (other === undefined || !sameKind(node, other)) return false;
    if (shared.binding === true) return isBindingOf(node, other);
    if (shared.certain) return true;
    const place = declaredOf(host.graph.nodes[id])?.file;
    return place !== undefined && posix.basename(place) === header && resembles(node, other);
  });
  // The host's own files may disagree: then the plugin is right where it agrees with one of them.
  return candidates.find((id) => sizeOf(throughTypedefs(host.graph, id)) === sizeOf(node)) ?? candidates[0];
}

function namedIn(host: HostTypes, { by, name }: SharedType): readonly TypeId[] {
  return (by === 'record' ? host.records : host.typedefs).get(name) ?? [];
}

/** Definitions that a binding may stand for; a program has one or two under all spellings. */
const MOST_DEFINITIONS = 8;

function bound({ name }: SharedType, host: HostTypes): readonly TypeId[] {
  const all = spellingsOf(name).flatMap((one) => [...(host.records.get(one) ?? []), ...(host.typedefs.get(one) ?? [])]);
  return all.slice(0, MOST_DEFINITIONS);
}

const MAX_TYPEDEFS = 64;

function throughTypedefs({ nodes }: TypeGraph, id: TypeId): TypeNode | undefined {
  let node = nodes[id];
  for (let step = 0; step < MAX_TYPEDEFS && node !== undefined; step += 1) {
    // The typedef of a callback mostly names the pointer to it.
    if (node.kind !== 'typedef' && node.kind !== 'const' && node.kind !== 'pointer') break;
    node = nodes[node.target];
  }
  return node;
}

function sameKind(a: TypeNode, b: TypeNode): boolean {
  return isRecord(a) ? isRecord(b) : a.kind === b.kind;
}

function sizeOf(node: TypeNode | undefined): number | undefined {
  return node !== undefined && 'size' in node ? node.size : undefined;
}

/**
 * Whether two types of one name from headers of one name have at least half of their members in common: `struct node` of
 * a `types.h` is found in many programs, and versions of one type share most of it.
 */
function resembles(a: TypeNode, b: TypeNode): boolean {
  const [one, other] = [partsOf(a), partsOf(b)];
  if (one.length === 0 || other.length === 0) return true;
  const known = new Set(one);
  const common = other.filter((name) => known.has(name)).length;
  return common * 2 >= Math.min(one.length, other.length);
}

/** Whether a binding in another language shares half of its members or values with a type of the host. */
function isBindingOf(own: TypeNode, host: TypeNode): boolean {
  if (own.kind === 'enum' && host.kind === 'enum')
    return sameEnumerators(host, own).length * 2 >= own.enumerators.length;
  return partsOf(own).length > 0 && partsOf(host).length > 0 && resembles(own, host);
}

function partsOf(node: TypeNode): readonly string[] {
  if (node.kind === 'enum') return node.enumerators.map(({ name }) => name);
  return isRecord(node) ? node.members.flatMap(({ name }) => (name === undefined ? [] : plain(name))) : [];
}
