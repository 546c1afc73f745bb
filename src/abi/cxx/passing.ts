import type { LocalChange } from '../compare/change.ts';
import type { Method, TypeGraph, TypeId } from '../model.ts';
import type { RecordNode } from '../record-node.ts';

/**
 * How values of a class are passed and returned (Itanium C++ ABI section 3.1.1): in registers or on the stack, or by the
 * address of a temporary when copying, moving or destroying it runs code. `unknown`: the debug information does not tell
 * whether a special member that the source declares is defaulted, and then runs no code.
 */
export type Passing = 'by-value' | 'by-reference' | 'unknown';

const MAX_DEPTH = 64;

const cache = new WeakMap<TypeGraph, Map<RecordNode, Passing>>();

export function passingOf(graph: TypeGraph, record: RecordNode, depth = 0): Passing {
  // clang says it: DW_AT_calling_convention is DW_CC_pass_by_value or DW_CC_pass_by_reference.
  if (record.passing !== undefined) return record.passing;
  let known = cache.get(graph);
  if (known === undefined) {
    known = new Map();
    cache.set(graph, known);
  }
  const before = known.get(record);
  if (before !== undefined) return before;
  known.set(record, 'by-value'); // against classes that hold themselves in a broken file
  const passing = depth > MAX_DEPTH ? 'unknown' : compute(graph, record, depth);
  known.set(record, passing);
  return passing;
}

function compute(graph: TypeGraph, record: RecordNode, depth: number): Passing {
  // Copying sets the pointers to virtual tables.
  if (record.bases.some(({ virtual }) => virtual)) return 'by-reference';
  if (record.methods.some(({ virtual }) => virtual !== 'no')) return 'by-reference';
  let worst: Passing = 'by-value';
  for (const type of [...record.bases, ...record.members].map((part) => part.type)) {
    const part = recordIn(graph, type);
    const passing = part === undefined || part.declaration ? 'by-value' : passingOf(graph, part, depth + 1);
    if (passing === 'by-reference') return passing;
    if (passing === 'unknown') worst = passing;
  }
  const special = specialMembers(graph, record);
  const moving = special.filter(({ kind }) => kind !== 'destructor');
  // Nothing can copy it: it stays where it was made.
  if (moving.length > 0 && moving.every(({ method }) => method.deleted === true)) return 'by-reference';
  const runs = special.filter(({ method }) => method.deleted !== true && method.defaulted !== true);
  if (runs.length === 0) return worst;
  // gcc marks those that are defaulted where they are declared, but not in the strict form of DWARF 4.
  return graph.producers.some((text) => text.includes('-gstrict-dwarf')) ? 'unknown' : 'by-reference';
}

function recordIn(graph: TypeGraph, type: TypeId): RecordNode | undefined {
  let at = type;
  for (let step = 0; step < MAX_DEPTH; step += 1) {
    const node = graph.nodes[at];
    switch (node?.kind) {
      case 'typedef':
      case 'const':
      case 'volatile':
        at = node.target;
        continue;
      case 'array':
        at = node.element;
        continue;
      case 'struct':
      case 'class':
      case 'union':
        return node;
      default:
        return undefined;
    }
  }
  return undefined;
}

interface SpecialMember {
  readonly kind: 'destructor' | 'copy' | 'move';
  readonly method: Method;
}

/** The destructor, copy and move constructors that the source declares; those that the compiler adds follow from the parts. */
function specialMembers(graph: TypeGraph, record: RecordNode): readonly SpecialMember[] {
  return record.methods.flatMap((method) => {
    const kind = method.artificial === true ? undefined : kindOf(graph, method, record);
    return kind === undefined ? [] : [{ kind, method }];
  });
}

function kindOf(graph: TypeGraph, method: Method, record: RecordNode): SpecialMember['kind'] | undefined {
  if (method.name.startsWith('~')) return 'destructor';
  if (record.name === undefined || plainName(method.name) !== plainName(record.name)) return undefined;
  // Templates are never copy constructors.
  if (/C[1-5]I/.test(method.linkageName ?? '')) return undefined;
  const type = graph.nodes[method.type];
  const [parameter, more] = (type?.kind === 'function' ? type.parameters : []).filter(
    ({ artificial }) => artificial !== true,
  );
  const reference = graph.nodes[parameter?.type ?? -1];
  if (more !== undefined || (reference?.kind !== 'reference' && reference?.kind !== 'rvalue-reference'))
    return undefined;
  if (recordIn(graph, reference.target) !== record) return undefined;
  return reference.kind === 'reference' ? 'copy' : 'move';
}

function plainName(name: string): string {
  const at = name.indexOf('<');
  return at < 0 ? name : name.slice(0, at);
}

/** Whether values are passed in another way, as far as both sides tell. */
export function comparePassing(
  graphs: { readonly old: TypeGraph; readonly new: TypeGraph },
  a: RecordNode,
  b: RecordNode,
): readonly LocalChange[] {
  if (a.language !== 'c++' || b.language !== 'c++') return [];
  const [before, after] = [passingOf(graphs.old, a), passingOf(graphs.new, b)];
  const change = { rule: 'abi/passing-changed', part: 'passing', matters: 'pass' } as const;
  if (before !== 'unknown' && after !== 'unknown') {
    if (before === after) return [];
    const text = `values were passed ${words(before)} and are now passed ${words(after)}`;
    return [{ ...change, effect: 'breaking', text, old: before, new: after }];
  }
  const [one, other] = [declaredOf(graphs.old, a), declaredOf(graphs.new, b)];
  if (one === other) return [];
  const text = `whether values are still passed alike cannot be told: the special members changed from ${one} to ${other}, and the debug information does not say which of them run code`;
  return [{ ...change, effect: 'undecided', text }];
}

function declaredOf(graph: TypeGraph, record: RecordNode): string {
  const kinds = new Set(specialMembers(graph, record).map(({ kind }) => kind));
  return [...kinds].sort().join(', ') || 'none';
}

function words(passing: 'by-value' | 'by-reference'): string {
  return passing === 'by-value' ? 'in registers or on the stack' : 'by a hidden pointer';
}
