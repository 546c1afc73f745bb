import { goTypeText } from './go/type-text.ts';
import type { TypeGraph, TypeId, TypeNode } from './model.ts';

/** Names longer than this are cut: template instances can fill pages. */
const MAX_NAME = 400;
const MAX_DEPTH = 24;
const MAX_NODES = 200;

/** Joined scope and name of a named node; `(anonymous struct)` and the like for others. */
export function qualifiedName(node: TypeNode): string {
  switch (node.kind) {
    case 'struct':
    case 'class':
    case 'union':
    case 'enum':
      if (node.name === undefined) return `(anonymous ${node.kind})`;
      if ('language' in node && node.language === 'go') return inGo(node.scope, node.name);
      return scoped(node.scope, node.name);
    case 'typedef':
      return node.language === 'go' ? inGo(node.scope, node.name) : scoped(node.scope, node.name);
    case 'base':
    case 'unspecified':
      return node.name;
    default:
      return '';
  }
}

/**
 * What tells a class from others: its whole name, where {@link typeName} cuts. Instances of templates inside of templates
 * differ at the end of names of any length.
 */
export function classIdentity(graph: TypeGraph, id: TypeId): string {
  const node = graph.nodes[id];
  return node === undefined ? '' : qualifiedName(node);
}

function scoped(scope: string, name: string): string {
  return scope === '' ? name : `${scope}::${name}`;
}

function inGo(packagePath: string, name: string): string {
  return packagePath === '' ? name : `${packagePath}.${name}`;
}

/**
 * A type as a person would write it in C or C++, in Go for Go's graphs: `const struct config *`, `int (*)(void *, ...)`.
 * For display only; two types with one name need not be the same. Cut where it is long or deep.
 */
export function typeName(graph: TypeGraph, id: TypeId): string {
  const text = graph.nominal === true ? goTypeText(graph, id) : declare({ graph, left: MAX_NODES }, id, '', 0);
  return text.length > MAX_NAME ? `${text.slice(0, MAX_NAME - 1)}…` : text;
}

interface Writing {
  readonly graph: TypeGraph;
  /** Nodes that may still be written: functions that take functions fan out. */
  left: number;
}

/** Builds a declarator from the inside out, as C declarations read. */
function declare(writing: Writing, id: TypeId, inner: string, depth: number): string {
  const { graph } = writing;
  const node = graph.nodes[id];
  writing.left -= 1;
  if (node === undefined || depth > MAX_DEPTH || writing.left < 0) return spaced('…', inner);
  const below = (target: TypeId, declarator: string): string => declare(writing, target, declarator, depth + 1);
  switch (node.kind) {
    case 'void':
      return spaced('void', inner);
    case 'base':
      return spaced(numberName(node.name, node.size), inner);
    case 'unspecified':
    case 'typedef':
      return spaced(qualifiedName(node), inner);
    case 'struct':
    case 'union':
    case 'enum':
      return spaced(isC(node) && node.name !== undefined ? `${node.kind} ${node.name}` : qualifiedName(node), inner);
    case 'class':
      return spaced(qualifiedName(node), inner);
    case 'pointer':
      return below(node.target, wrap(graph, node.target, `*${inner}`));
    case 'reference':
      return below(node.target, wrap(graph, node.target, `&${inner}`));
    case 'rvalue-reference':
      return below(node.target, wrap(graph, node.target, `&&${inner}`));
    case 'const':
    case 'volatile':
    case 'restrict':
    case 'atomic':
    case 'shared':
    case 'immutable': {
      const word = node.kind === 'atomic' ? '_Atomic' : node.kind;
      const target = graph.nodes[node.target];
      // `*const p` qualifies the pointer, `const T` what stands left of it.
      const isPointer = target?.kind === 'pointer' || target?.kind === 'reference';
      if (isPointer) return below(node.target, spaced(word, inner));
      // gcc says of a constant array that it is one of constants, and constant.
      const text = below(node.target, inner);
      return text.startsWith(`${word} `) ? text : `${word} ${text}`;
    }
    case 'array':
      if (node.vector === true)
        return spaced(`vector of ${node.dimensions[0] ?? ''} ${below(node.element, '')}`, inner);
      return below(node.element, `${inner}${node.dimensions.map((count) => `[${count ?? ''}]`).join('') || '[]'}`);
    case 'member-pointer':
      return below(node.target, wrap(graph, node.target, `${below(node.container, '')}::*${inner}`));
    case 'function': {
      const parameters = node.parameters.filter(({ artificial }) => artificial !== true);
      const list = parameters.slice(0, MAX_NODES).map(({ type }) => below(type, ''));
      if (node.variadic) list.push('...');
      return below(node.result, `${inner}(${list.length === 0 && node.prototyped ? 'void' : list.join(', ')})`);
    }
    case 'slice':
    case 'map':
    case 'channel':
      return spaced(goTypeText(graph, id), inner);
    case 'unknown':
      return spaced(`(unknown: ${node.reason})`, inner);
  }
}

const NUMBER_WORDS = new Set(['signed', 'unsigned', 'short', 'long', 'int', 'char', '__int128']);

/** One spelling for what compilers spell in several ways: `unsigned long` for `long unsigned int`. */
function numberName(name: string, size: number): string {
  const words = name.split(' ');
  if (name === '_Float128') return '__float128';
  // clang calls every complex type `complex`.
  if (name === 'complex') return size === 8 ? 'complex float' : size === 16 ? 'complex double' : 'complex long double';
  if (!words.every((word) => NUMBER_WORDS.has(word)) || words.length < 2) return name;
  if (words.includes('char')) return name;
  const sign = words.includes('unsigned') ? ['unsigned'] : [];
  const length = words.filter((word) => word === 'short' || word === 'long' || word === '__int128');
  return [...sign, ...(length.length === 0 ? ['int'] : length)].join(' ');
}

function isC(node: Extract<TypeNode, { kind: 'struct' | 'union' | 'enum' | 'class' }>): boolean {
  return !('language' in node) || node.language === 'c';
}

function wrap(graph: TypeGraph, target: TypeId, declarator: string): string {
  const kind = graph.nodes[target]?.kind;
  return kind === 'function' || kind === 'array' ? `(${declarator})` : declarator;
}

function spaced(left: string, right: string): string {
  return right === '' ? left : `${left} ${right}`;
}
