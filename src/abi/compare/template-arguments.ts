import type { TemplateArgument, TypeGraph, TypeId } from '../model.ts';
import { qualifiedName } from '../names.ts';
import type { RecordNode } from '../record-node.ts';
import { isRecord } from '../record-node.ts';
import type { Edge, PairOf } from './change.ts';
import { relate } from './relate.ts';
import type { Graphs } from './relation.ts';

/**
 * Ways to the described types in the arguments of a class template's instance that a release only declares. The template
 * is known by its name alone there, and it is the arguments that one release can have otherwise than the next.
 */
export function argumentEdges(graphs: Graphs, a: RecordNode, b: RecordNode, pairOf: PairOf): readonly Edge[] {
  if (a.templateArguments.length === 0 && b.templateArguments.length === 0) return [];
  return pairsOf(graphs, a, b).flatMap(({ name, old, now }) =>
    // How the template holds it is not known: at least somewhere behind a pointer.
    relate(graphs, old, now).pairs.map((pair) => ({
      to: pairOf(pair.old, pair.new, pair.alias),
      kind: 'pointer',
      label: `template argument ${/^\d/.test(name) ? Number(name) + 1 : name}`,
    })),
  );
}

interface ArgumentPair {
  readonly name: string;
  readonly old: TypeId;
  readonly now: TypeId;
}

function pairsOf(graphs: Graphs, a: RecordNode, b: RecordNode): readonly ArgumentPair[] {
  if (a.declaration && b.declaration) {
    const types = new Map(b.templateArguments.map(({ name, type }) => [name, type]));
    return paired(a.templateArguments, ({ name }) => types.get(name), false);
  }
  // Described by one of the two compilers: the types in its arguments are among all those that it describes.
  const [one, graph, other] = a.declaration
    ? [a.templateArguments, graphs.old, graphs.new]
    : [b.templateArguments, graphs.new, graphs.old];
  const described = recordsOf(other);
  const twin = ({ type }: TemplateArgument): TypeId | undefined => {
    const node = graph.nodes[type ?? -1];
    return node === undefined ? undefined : described.get(qualifiedName(node));
  };
  return paired(one, twin, b.declaration);
}

function paired(
  list: readonly TemplateArgument[],
  twin: (argument: TemplateArgument) => TypeId | undefined,
  swapped: boolean,
): readonly ArgumentPair[] {
  return list.flatMap((argument) => {
    const { name = '', type } = argument;
    const other = twin(argument);
    if (type === undefined || other === undefined) return [];
    return [swapped ? { name, old: other, now: type } : { name, old: type, now: other }];
  });
}

const known = new WeakMap<TypeGraph, ReadonlyMap<string, TypeId>>();

/** Described records by name; needed only where two compilers describe other classes. */
function recordsOf(graph: TypeGraph): ReadonlyMap<string, TypeId> {
  let records = known.get(graph);
  if (records === undefined) {
    const made = new Map<string, TypeId>();
    graph.nodes.forEach((node, id) => {
      if (isRecord(node) && !node.declaration && node.name !== undefined) made.set(qualifiedName(node), id);
    });
    records = made;
    known.set(graph, records);
  }
  return records;
}
