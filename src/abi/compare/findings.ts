import { severityOfEffect } from '../../rules/effects.ts';
import type { Effect, Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import { shownSymbol } from '../demangle/demangle.ts';
import type { TypeNode } from '../model.ts';
import { isRecord } from '../record-node.ts';
import type { LocalChange, PairNode } from './change.ts';
import { type Consequences, consequencesOf } from './consequences.ts';
import type { PairGraph, SymbolTypes } from './explore.ts';
import { EXPOSURE, exposures, isHidden } from './exposure.ts';
import { layoutSketch } from './layout-sketch.ts';
import { mostFindings } from './most-findings.ts';
import { isNominal } from './nominal/relate.ts';
import { nodeName, pathOf, placeOfNode } from './paths.ts';
import { type FindingOptions, hasOwnHeaders, isPrivateType, locationOf, mayBePrivate } from './place-of.ts';
import type { Graphs } from './relation.ts';
import { type Reach, reachedFrom, shortestWays, type Way } from './ways.ts';

/** Names listed in `affected`; the message counts all. */
const MAX_AFFECTED = 200;
/** Changes of one type that are told in its message. */
const MAX_TOLD = 6;
const ORDER: readonly Effect[] = ['compatible', 'risky', 'source-breaking', 'undecided', 'breaking'];

interface Context {
  readonly ownHeaders: boolean;
  readonly graphs: Graphs;
  readonly graph: PairGraph;
  readonly options: FindingOptions;
  readonly flags: Uint8Array;
  readonly isPrivate: (node: number) => boolean;
  readonly wayTo: (node: number) => Way | undefined;
  readonly reach: (node: number) => Reach;
  readonly consequences: Consequences;
}

/** One finding for each changed type or function. */
export function typeFindings(graphs: Graphs, graph: PairGraph, options: FindingOptions): readonly Finding[] {
  const ownHeaders = hasOwnHeaders(graphs.old) || hasOwnHeaders(graphs.new);
  const isPrivate = (at: number): boolean => {
    const { before, after } = nodesOf(graphs, graph.nodes[at]);
    // Headers move between releases: public in one of them is public.
    return [before, after].every((node) => node !== undefined && isPrivateType(node, options, ownHeaders));
  };
  const context: Context = {
    ownHeaders,
    graphs,
    graph,
    options,
    flags: exposures(graph, isPrivate),
    isPrivate,
    wayTo: shortestWays(graph),
    reach: reachedFrom(graph),
    consequences: consequencesOf(graphs, graph),
  };
  const judged = graph.nodes.flatMap((node, at) => judgedNode(at, node, context) ?? []);
  const { kept, more } = mostFindings(withoutTwins(judged));
  return [...kept.map((one) => nodeFinding(one, context)), ...more];
}

function nodesOf(graphs: Graphs, pair: PairNode | undefined) {
  return { before: graphs.old.nodes[pair?.old ?? -1], after: graphs.new.nodes[pair?.new ?? -1] };
}

/** An id without a node: its finding is made as for any other. */
const ABSENT: TypeNode = { kind: 'unknown', reason: 'a type that is not there' };

/** A changed type or function and how bad that is; who is affected costs more, and is found out for what is told. */
interface Judged {
  readonly at: number;
  readonly node: PairNode;
  readonly changes: readonly JudgedChange[];
  readonly worst: JudgedChange;
  readonly effect: Effect;
  readonly hidden: boolean;
  readonly exposed: number;
  readonly isSymbol: boolean;
  readonly way: Way | undefined;
  readonly subject: string;
  readonly name: string;
  /** Other nodes of which the same is to be told. */
  readonly twins?: readonly number[];
}

/** Each source file that includes the typedef of a function has a type of its own: the same change is told once. */
function withoutTwins(judged: readonly Judged[]): readonly Judged[] {
  const first = new Map<string, number[]>();
  return judged.flatMap((one): readonly Judged[] => {
    const { alias } = one.node;
    if (alias?.declared === undefined || one.isSymbol) return [one];
    const { file, line } = alias.declared;
    const key = JSON.stringify([alias.name, file, line, one.effect, one.hidden, textOf(one.changes)]);
    const twins = first.get(key);
    if (twins === undefined) {
      const own: number[] = [];
      first.set(key, own);
      return [{ ...one, twins: own }];
    }
    twins.push(one.at);
    return [];
  });
}

type JudgedChange = LocalChange & { readonly effect: Effect };

function judgedNode(at: number, node: PairNode, context: Context): Judged | undefined {
  if (node.changes.length === 0) return undefined;
  const { graphs, flags, graph } = context;
  const { after = ABSENT } = nodesOf(graphs, node);
  const told =
    context.consequences.causeOf(at) === undefined
      ? node.changes
      : node.changes.filter(({ consequence }) => consequence !== true);
  if (told.length === 0) return undefined;
  const exposed = flags[at] ?? 0;
  const hidden = exposed === 0 || isHidden(exposed, () => context.isPrivate(at));
  const way = context.wayTo(at);
  const isSymbol = way !== undefined && way.nodes.length === 1 && way.skipped === 0 && after.kind === 'function';
  // However hosts come by a type of Go: they ask for exactly the one that they were built with.
  const nominal = isNominal(graphs);
  const changes = told.map((change) => ({
    ...change,
    effect: hidden ? 'compatible' : nominal ? change.effect : effectOf(change, exposed, told, !isSymbol),
  }));
  const worst = changes.reduce((a, b) => (ORDER.indexOf(b.effect) > ORDER.indexOf(a.effect) ? b : a));
  const name = nodeName(context, at, way);
  const subject = isSymbol ? (graph.roots[way.root]?.name ?? name) : name;
  return { at, node, changes, worst, effect: worst.effect, hidden, exposed, isSymbol, way, subject, name };
}

function nodeFinding(judged: Judged, context: Context): Finding {
  const { at, node, changes, worst, hidden, exposed, isSymbol, way, subject, name } = judged;
  const { graphs, graph, options } = context;
  const { before = ABSENT, after = ABSENT } = nodesOf(graphs, node);
  // A record that grew or shrank is told as such, at the member that is the cause.
  const head =
    changes.find(({ rule, effect }) => rule === 'abi/struct-size-changed' && effect === worst.effect) ?? worst;
  const { roots, complete } = reachOf([at, ...(judged.twins ?? [])], context);
  const taken = (exposed & EXPOSURE.exported) === 0 && !hidden;
  const shown = roots.filter((number) => taken || graph.roots[number]?.imported !== true);
  const symbols = shown.map((number) => graph.roots[number]?.name ?? '');
  const byPointer = (exposed & (EXPOSURE.value | EXPOSURE.embedded)) === 0;
  const isUnsure = byPointer && worst.effect !== 'compatible' && mayBePrivate(after, options, context.ownHeaders);
  const sentences = [
    `${shownSymbol(subject)}: ${textOf(changes)}.`,
    ...(hidden ? ['Consumers can only hold it by pointer and do not see it.'] : []),
    ...embeddings(at, context),
    ...(isUnsure ? ['It is declared in a source file: name the public headers if consumers do not see it.'] : []),
    ...(taken && worst.effect !== 'compatible'
      ? ['The plugin takes it from its host: hosts that provide the old one do not fit.']
      : []),
    ...(isSymbol && symbols.length === 1 ? [] : [reachText(symbols.length, complete, taken)]),
  ];
  const place = worst.declared ?? placeOfNode(context, at, way);
  return finding(hidden ? 'abi/private-type-changed' : head.rule, sentences.join(' '), {
    effect: worst.effect,
    severity: severityOfEffect(worst.effect),
    subject,
    ...(isSymbol ? { symbol: subject } : { type: name }),
    ...(head.old === undefined ? {} : { old: head.old }),
    ...(head.new === undefined ? {} : { new: head.new }),
    ...locationOf(place, options),
    path: pathOf(context, way, worst.part),
    affected: symbols.slice(0, MAX_AFFECTED),
    ...(isRecord(before) && isRecord(after) ? { details: layoutSketch(graphs.old, before, graphs.new, after) } : {}),
  });
}

function reachOf(nodes: readonly number[], { reach }: Context): Reach {
  const found = nodes.map(reach);
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  const roots = [...new Set(found.flatMap((one) => one.roots))].sort((a, b) => a - b);
  return { roots, complete: found.every(({ complete }) => complete) };
}

function textOf(changes: readonly LocalChange[]): string {
  const texts = [...new Set(changes.map(({ text }) => text))];
  const more = texts.length > MAX_TOLD ? `; and ${texts.length - MAX_TOLD} more changes` : '';
  return `${texts.slice(0, MAX_TOLD).join('; ')}${more}`;
}

function reachText(count: number, complete: boolean, taken: boolean): string {
  const number = complete ? String(count) : `At least ${count}`;
  const [one, many] = taken
    ? ['function of the host', 'functions of the host']
    : ['exported symbol', 'exported symbols'];
  return `${number} ${count === 1 ? `${one} reaches` : `${many} reach`} it.`;
}

/** `It is part of struct outer (24 to 32 bytes), which changes with it.` */
function embeddings(at: number, context: Context): readonly string[] {
  const around = context.consequences.of.get(at) ?? [];
  if (around.length === 0) return [];
  // The innermost first: they were noted on the way in.
  const names = around
    .slice(-3)
    .reverse()
    .map((one) => {
      const { before, after } = nodesOf(context.graphs, context.graph.nodes[one]);
      const name = nodeName(context, one, undefined);
      if (before === undefined || after === undefined || !isRecord(before) || !isRecord(after)) return name;
      return before.size === after.size ? name : `${name} (${before.size} to ${after.size} bytes)`;
    });
  const more = around.length > 3 ? ` and ${around.length - 3} more` : '';
  return [`It is part of ${names.join(', ')}${more}, which change${around.length === 1 ? 's' : ''} with it.`];
}

/** What a change comes to for those who come by the type in these ways. */
function effectOf(change: LocalChange, exposed: number, all: readonly LocalChange[], called: boolean): Effect {
  const effect = softened(change, exposed, all, called);
  if ((exposed & EXPOSURE.exported) !== 0) return effect;
  // Of what the host provides the plugin only has a declaration: whether the host changed with it is not known here.
  if (change.rule === 'abi/qualifier-changed' || change.rule === 'abi/type-equivalent') return 'compatible';
  return effect === 'breaking' || effect === 'source-breaking' ? 'risky' : effect;
}

/** What the way in which consumers come by a type leaves of a change's effect. */
function softened(change: LocalChange, exposed: number, all: readonly LocalChange[], called: boolean): Effect {
  const passed = (exposed & EXPOSURE.value) !== 0;
  const input = (exposed & EXPOSURE.in) !== 0;
  switch (change.matters) {
    case 'always':
      return called ? (change.asCallback ?? change.effect) : change.effect;
    case 'pass':
      return passed ? change.effect : 'compatible';
    case 'input':
      return input || passed ? change.effect : 'compatible';
    case 'output':
      return passed || (exposed & EXPOSURE.out) !== 0 ? change.effect : 'compatible';
    case 'layout': {
      // Grown at its end, and consumers only ever get pointers to what the plugin made: their old fields are in place.
      const grown = all.every(
        ({ rule, old, new: now, effect }) =>
          effect === 'compatible' ||
          rule === 'abi/member-added' ||
          (rule === 'abi/struct-size-changed' && Number(now) > Number(old)),
      );
      const embedded = (exposed & EXPOSURE.embedded) !== 0;
      return grown && !passed && !input && !embedded && change.effect === 'breaking' ? 'risky' : change.effect;
    }
  }
}

/** Differences of exported variables themselves, and of what functions promise. One finding for all aliases. */
export function symbolFindings(
  { roots }: PairGraph,
  pairs: readonly SymbolTypes[],
  options: FindingOptions,
): readonly Finding[] {
  const groups = new Map<
    string,
    { readonly change: LocalChange; readonly names: string[]; readonly pair: SymbolTypes }
  >();
  roots.forEach((root, number) => {
    const pair = pairs[number];
    if (pair === undefined) return;
    for (const change of root.changes) {
      const place = pair.declared === undefined ? '' : `${pair.declared.file}:${pair.declared.line}`;
      const key = `${pair.old} ${pair.new} ${place} ${change.text}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { change, names: [root.name], pair });
      else group.names.push(root.name);
    }
  });
  return [...groups.values()].map(({ change, names, pair }) => {
    const [name = ''] = names;
    const others = names.length > 1 ? ` The same holds for ${names.length - 1} more symbols of this type.` : '';
    return finding(change.rule, `${shownSymbol(name)}: ${change.text}.${others}`, {
      effect: change.effect,
      severity: severityOfEffect(change.effect),
      subject: name,
      symbol: name,
      ...(change.old === undefined ? {} : { old: change.old }),
      ...(change.new === undefined ? {} : { new: change.new }),
      ...locationOf(pair.declared, options),
      path: [shownSymbol(name)],
      affected: names.slice(0, MAX_AFFECTED),
    });
  });
}
