import type { Edge, PairOf } from './change.ts';
import type { RecordNode } from './records.ts';
import { type Graphs, relate } from './relate.ts';

/**
 * Ways to the described types in the arguments of a class template's instance that both releases only declare. The
 * template is known by its name alone, and it is the arguments that one release can have otherwise than the next.
 */
export function argumentEdges(graphs: Graphs, a: RecordNode, b: RecordNode, pairOf: PairOf): readonly Edge[] {
  if (a.templateArguments.length === 0 || b.templateArguments.length === 0) return [];
  const now = new Map(b.templateArguments.map(({ name, type }) => [name, type]));
  return a.templateArguments.flatMap(({ name = '', type }): readonly Edge[] => {
    const other = now.get(name);
    if (type === undefined || other === undefined) return [];
    // How the template holds it is not known: at least somewhere behind a pointer.
    return relate(graphs, type, other).pairs.map((pair) => ({
      to: pairOf(pair.old, pair.new, pair.alias),
      kind: 'pointer',
      label: `template argument ${/^\d/.test(name) ? Number(name) + 1 : name}`,
    }));
  });
}
