import type { LocalChange } from '../compare/change.ts';
import type { Enumerator, TypeGraph, TypeNode } from '../model.ts';
import { plain } from '../rust/foreign.ts';

type EnumNode = Extract<TypeNode, { kind: 'enum' }>;

/** Enumerators that are compared with each other; each of a binding with all of the host. */
const MOST = 256;

/**
 * The enumerators of a binding, each with the host's own: C has the name of the enumeration in front, as in
 * `HOST_NOT_FOUND` for `NotFound`. What could be several is left out.
 */
export function sameEnumerators(
  host: EnumNode,
  binding: EnumNode,
): readonly { readonly host: Enumerator; readonly own: Enumerator }[] {
  const theirs = host.enumerators.slice(0, MOST).map((one) => ({ one, name: plain(one.name) }));
  return binding.enumerators.slice(0, MOST).flatMap((own) => {
    const name = plain(own.name);
    const ends = theirs.filter((other) => other.name.endsWith(name));
    const shortest = Math.min(...ends.map((other) => other.name.length));
    const [found, more] = ends.filter((other) => other.name.length === shortest);
    return found === undefined || more !== undefined || name === '' ? [] : [{ host: found.one, own }];
  });
}

/** Differences of an enumeration and its binding: other values, another size. */
export function bindingChanges(
  host: EnumNode,
  binding: EnumNode,
  changes: readonly LocalChange[],
): readonly LocalChange[] {
  const moved = sameEnumerators(host, binding).flatMap(({ host: one, own }): LocalChange[] => {
    if (one.value === own.value) return [];
    const text = `${own.name} is ${own.value}, and ${one.name} is ${one.value}`;
    const values = { part: own.name, old: one.value, new: own.value };
    return [{ rule: 'abi/enumerator-value-changed', effect: 'breaking', text, ...values, matters: 'layout' }];
  });
  return [...changes.filter(({ rule }) => rule === 'abi/enum-size-changed'), ...moved];
}

/** Whether an enumeration is one of Rust, which has the crate in front of its name. */
export function isRustEnum(graph: TypeGraph, node: TypeNode | undefined): node is EnumNode {
  return node?.kind === 'enum' && node.scope !== '' && graph.producers.some((text) => text.includes('rustc'));
}
