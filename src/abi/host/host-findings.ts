import { severityOfEffect } from '../../rules/effects.ts';
import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import { consequencesOf } from '../compare/consequences.ts';
import type { PairGraph } from '../compare/explore.ts';
import { EXPOSURE, exposures } from '../compare/exposure.ts';
import { layoutSketch } from '../compare/layout-sketch.ts';
import { nodeName, pathOf, placeOfNode } from '../compare/paths.ts';
import { declaredOf, type FindingOptions, locationOf } from '../compare/place-of.ts';
import type { Graphs } from '../compare/relation.ts';
import { shortestWays, type Way } from '../compare/ways.ts';
import { shownSymbol } from '../demangle/demangle.ts';
import type { Declared } from '../model.ts';
import { typeName } from '../names.ts';
import { isRecord } from '../record-node.ts';
import { bindingChanges, isRustEnum } from './enumerators.ts';
import { withoutSelves } from './handed-back.ts';
import { type Disagreement, disagreements, entryDisagreements, type JudgedChange } from './judge.ts';
import type { SharedType } from './shared-types.ts';

/** Changes of one type that are told in its message. */
const MAX_TOLD = 6;
const MAX_AFFECTED = 200;
const ORDER: readonly Disagreement[] = ['risky', 'undecided', 'breaking'];

interface Context {
  readonly graphs: Graphs;
  readonly graph: PairGraph;
  readonly origins: readonly SharedType[];
  readonly host: string;
  /** The host's types of the entry points that were compared. */
  readonly takenFor: ReadonlyMap<string, string>;
  readonly options: Pick<FindingOptions, 'locate'>;
}

/**
 * One finding for each type or function about which the two disagree.
 * @param graphs the host's types as old, the plugin's as new
 * @param origins of the first roots of the graph, in their order; the others are functions that the plugin takes
 */
export function disagreementFindings(
  graphs: Graphs,
  graph: PairGraph,
  origins: readonly SharedType[],
  options: Pick<FindingOptions, 'locate'> & { readonly name: string; readonly takenFor?: ReadonlyMap<string, string> },
): readonly Finding[] {
  const { name: host, takenFor = new Map<string, string>() } = options;
  const context: Context = { graphs, graph, origins, host, takenFor, options };
  const flags = exposures(withoutSelves(graph), () => false);
  const wayTo = shortestWays(graph);
  const consequences = consequencesOf(graphs, graph);
  const found: Finding[] = [];
  graph.nodes.forEach((node, at) => {
    const way = wayTo(at);
    const [before, after] = [graphs.old.nodes[node.old], graphs.new.nodes[node.new]];
    const changes =
      before?.kind === 'enum' && isRustEnum(graphs.new, after)
        ? bindingChanges(before, after, node.changes)
        : node.changes;
    const own = changes.filter(({ consequence }) => consequence !== true || consequences.causeOf(at) === undefined);
    const isFunction = graphs.new.nodes[node.new]?.kind === 'function';
    const isSymbol = isFunction && way !== undefined && way.nodes.length === 1 && way.root >= origins.length;
    const isEntry = isSymbol && graph.roots[way.root]?.imported !== true;
    // A function that the plugin calls: what the host returns comes in.
    const exposed = isEntry ? EXPOSURE.out : isSymbol ? EXPOSURE.in : (flags[at] ?? 0);
    const judged = isEntry ? entryDisagreements(own) : disagreements(own, exposed, isFunction);
    if (judged.length > 0) found.push(nodeFinding(context, at, way, judged, isSymbol));
  });
  return [...found, ...rootFindings(context)];
}

function nodeFinding(
  context: Context,
  at: number,
  way: Way | undefined,
  changes: readonly JudgedChange[],
  isSymbol: boolean,
): Finding {
  const { graphs, graph } = context;
  const root = graph.roots[way?.root ?? -1];
  const name = isSymbol ? (root?.name ?? '') : nodeName(context, at, way);
  const worst = worstOf(changes);
  const pair = graph.nodes[at];
  const [before, after] = [graphs.old.nodes[pair?.old ?? -1], graphs.new.nodes[pair?.new ?? -1]];
  const records = before !== undefined && after !== undefined && isRecord(before) && isRecord(after);
  const origin = context.origins[way?.root ?? -1];
  const details = records
    ? { details: layoutSketch(graphs.old, before, graphs.new, after, [context.host, 'the plugin']) }
    : {};
  return made(context, {
    name,
    changes,
    worst,
    hostPlace: declaredOf(before),
    place: worst.declared ?? placeInPlugin(context, at, way),
    path: joined(origin, pathOf(context, way, worst.part)),
    affected: origin?.symbols ?? (root === undefined ? [] : [root.name]),
    more: { ...details, ...(isSymbol ? { symbol: name } : { type: name }) },
    ...(isSymbol && root?.imported !== true ? { rule: 'fit/entry-signature-differs' } : {}),
  });
}

/** Where the plugin declares a type, or the symbol that leads to it: rustc does not say where types are declared. */
function placeInPlugin(context: Context, at: number, way: Way | undefined): Declared | undefined {
  const { graphs, graph } = context;
  const pair = graph.nodes[at];
  const after = graphs.new.nodes[pair?.new ?? -1];
  const told = declaredOf(after) ?? pair?.alias?.declared;
  const symbol = graph.roots[way?.root ?? -1]?.declared;
  const named = after !== undefined && (isRecord(after) || after.kind === 'enum');
  return told === undefined && named && symbol !== undefined ? symbol : placeOfNode(context, at, way);
}

/** Types that are another kind of type in the host: a struct that is a union there. */
function rootFindings(context: Context): readonly Finding[] {
  return context.graph.roots.flatMap((root, number) => {
    const judged = disagreements(root.changes, root.exposure ?? EXPOSURE.in, false);
    const origin = context.origins[number];
    const name = origin === undefined ? root.name : typeName(context.graphs.new, origin.type);
    if (judged.length === 0) return [];
    return made(context, {
      name,
      changes: judged,
      worst: worstOf(judged),
      place: root.declared,
      path: origin?.path ?? [shownSymbol(name)],
      affected: origin?.symbols ?? [root.name],
      more: origin === undefined ? { symbol: name } : { type: name },
      ...(origin === undefined ? { rule: 'fit/entry-signature-differs' } : {}),
    });
  });
}

interface Parts {
  readonly name: string;
  readonly changes: readonly JudgedChange[];
  readonly worst: JudgedChange;
  readonly hostPlace?: Declared | undefined;
  readonly place: Declared | undefined;
  readonly path: readonly string[];
  readonly affected: readonly string[];
  readonly more: Partial<Finding>;
  readonly rule?: 'fit/entry-signature-differs';
}

function made({ host, takenFor, options }: Context, parts: Parts): Finding {
  const { name, changes, worst, hostPlace } = parts;
  const texts = [...new Set(changes.map(({ text }) => text))];
  const rest = texts.length > MAX_TOLD ? `; and ${texts.length - MAX_TOLD} more differences` : '';
  const place = locationOf(hostPlace, options).location;
  const type = parts.rule === undefined ? undefined : takenFor.get(name);
  const message = [
    `${shownSymbol(name)} is not what ${host} takes it for${type === undefined ? '' : ` (${type})`}.`,
    `From the host's definition to the plugin's: ${texts.slice(0, MAX_TOLD).join('; ')}${rest}.`,
    ...(place === undefined ? [] : [`The host declares it in ${place.file}:${place.line}.`]),
  ].join(' ');
  return finding(parts.rule ?? 'fit/host-type-differs', message, {
    severity: severityOfEffect(worst.effect),
    effect: worst.effect,
    subject: name,
    ...(worst.old === undefined ? {} : { old: worst.old }),
    ...(worst.new === undefined ? {} : { new: worst.new }),
    ...locationOf(parts.place, options),
    path: parts.path,
    affected: parts.affected.slice(0, MAX_AFFECTED),
    ...parts.more,
  });
}

/** The size first, which is the sum of the others; then the worst. */
function worstOf(changes: readonly JudgedChange[]): JudgedChange {
  const worst = changes.reduce((a, b) => (ORDER.indexOf(b.effect) > ORDER.indexOf(a.effect) ? b : a));
  return changes.find(({ rule, effect }) => rule === 'abi/struct-size-changed' && effect === worst.effect) ?? worst;
}

/** The way of the plugin's symbol to the type, then the way from the type to the place: its name stands in both. */
function joined(origin: SharedType | undefined, below: readonly string[]): readonly string[] {
  if (origin === undefined) return below;
  const rest = below.slice(1);
  const last = origin.path.at(-1);
  return [...origin.path, ...(rest[0] === last ? rest.slice(1) : rest)];
}
