import { shownSymbol } from '../demangle/demangle.ts';
import type { Declared, TypeNode } from '../model.ts';
import { qualifiedName } from '../names.ts';
import { isRecord } from '../record-node.ts';
import type { PairGraph } from './explore.ts';
import { declaredOf } from './place-of.ts';
import { recordName } from './records.ts';
import type { Graphs } from './relation.ts';
import type { Way } from './ways.ts';

interface Pairs {
  readonly graphs: Graphs;
  readonly graph: PairGraph;
}

/** From an exported symbol to the changed part: symbol, parameter, type, member, type, member. */
export function pathOf(pairs: Pairs, way: Way | undefined, part: string | undefined): readonly string[] {
  const path: string[] = [];
  if (way !== undefined) {
    path.push(shownSymbol(pairs.graph.roots[way.root]?.name ?? ''));
    if (way.skipped > 0) path.push(`… ${way.skipped} more types`);
    way.nodes.forEach((at, step) => {
      const text = way.labels[step] ?? '';
      if (text !== '') path.push(text);
      const node = nodeOf(pairs, at);
      if (node !== undefined && isShown(node)) path.push(nodeName(pairs, at, undefined));
    });
  }
  if (part !== undefined && part !== path.at(-1)) path.push(part);
  return path;
}

/** Functions on the way show by their parameters. */
function isShown(node: TypeNode): boolean {
  return isRecord(node) || node.kind === 'enum' || node.kind === 'typedef' || node.kind === 'base';
}

function nodeOf({ graphs, graph }: Pairs, at: number): TypeNode | undefined {
  return graphs.new.nodes[graph.nodes[at]?.new ?? -1];
}

/** What people call a node: `struct config`, `config_t`, `function type of member log in struct host`. */
export function nodeName(pairs: Pairs, at: number, way: Way | undefined): string {
  const node = nodeOf(pairs, at);
  const alias = pairs.graph.nodes[at]?.alias;
  if (node === undefined || node.kind === 'unknown') return 'a type that could not be read';
  if (isRecord(node)) return node.name === undefined && alias !== undefined ? alias.name : recordName(node);
  if (node.kind === 'enum') {
    if (node.name === undefined) return alias?.name ?? qualifiedName(node);
    return node.scope === '' ? `enum ${node.name}` : qualifiedName(node);
  }
  if (node.kind !== 'function') return qualifiedName(node);
  if (alias !== undefined) return alias.name;
  if (way === undefined) return 'function type';
  const label = way.labels.filter((text) => text !== '').at(-1);
  const holder = way.nodes.at(-2);
  const inside = holder === undefined ? way.nodes.length === 1 : false;
  if (label === undefined || inside)
    return `function type of ${shownSymbol(pairs.graph.roots[way.root]?.name ?? 'the symbol')}`;
  const outer = holder === undefined ? undefined : nodeOf(pairs, holder);
  const where =
    outer === undefined || outer.kind === 'function'
      ? shownSymbol(pairs.graph.roots[way.root]?.name ?? '')
      : nodeName(pairs, holder ?? -1, undefined);
  return `function type of ${label} in ${where}`;
}

/** Where a node is declared: itself, the typedef that names it, or what it stands in. */
export function placeOfNode(pairs: Pairs, at: number, way: Way | undefined): Declared | undefined {
  const pair = pairs.graph.nodes[at];
  const own =
    declaredOf(pairs.graphs.new.nodes[pair?.new ?? -1]) ??
    pair?.alias?.declared ??
    declaredOf(pairs.graphs.old.nodes[pair?.old ?? -1]);
  if (own !== undefined || way === undefined) return own;
  // A function type has no place of its own; the member or the symbol that has it does.
  for (let step = way.nodes.length - 2; step >= 0; step -= 1) {
    const outer = nodeOf(pairs, way.nodes[step] ?? -1);
    if (outer === undefined) continue;
    const label = way.labels[step + 1] ?? '';
    const member = isRecord(outer) ? outer.members.find(({ name }) => label === `member ${name}`) : undefined;
    const place = member?.declared ?? declaredOf(outer);
    if (place !== undefined) return place;
  }
  return pairs.graph.roots[way.root]?.declared;
}
