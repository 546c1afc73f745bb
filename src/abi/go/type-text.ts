import type { TypeGraph, TypeId, TypeNode } from '../model.ts';
import type { RecordNode } from '../record-node.ts';

const MAX_NODES = 400;
const MAX_DEPTH = 24;
/** Characters of one name, and of all names of a type: a name can be repeated in many places of one type. */
const MAX_NAME = 1000;
const MAX_TEXT = 8000;

interface Writing {
  readonly graph: TypeGraph;
  readonly packages: 'name' | 'path';
  /** Nodes that may still be written: functions that take functions fan out. */
  left: number;
  /** Characters of names that may still be written. */
  room: number;
}

/**
 * A type of Go as Go writes it: `func(string, *http.Request) error`. Cut where it is long or deep.
 * @param packages `name`: by the last element of the import path, as reflect.Type.String does; `path`: the whole path,
 *   so that types of packages with one name are told apart
 */
export function goTypeText(graph: TypeGraph, id: TypeId, packages: 'name' | 'path' = 'name'): string {
  return write({ graph, packages, left: MAX_NODES, room: MAX_TEXT }, id, 0);
}

function write(writing: Writing, id: TypeId, depth: number): string {
  const node = writing.graph.nodes[id];
  writing.left -= 1;
  if (node === undefined || depth > MAX_DEPTH || writing.left < 0 || writing.room < 0) return '…';
  const below = (target: TypeId): string => write(writing, target, depth + 1);
  switch (node.kind) {
    case 'base':
    case 'unspecified':
      return cut(writing, node.name);
    case 'typedef':
      return named(writing, node.scope, node.name);
    case 'struct':
      if (node.name !== undefined) return named(writing, node.scope, node.name);
      return node.goMethods === undefined ? fields(writing, node, below) : methods(writing, node.goMethods, below);
    case 'pointer':
      return `*${below(node.target)}`;
    case 'slice':
      return `[]${below(node.element)}`;
    case 'array':
      return `${node.dimensions.map((count) => `[${count ?? ''}]`).join('')}${below(node.element)}`;
    case 'map':
      return `map[${below(node.key)}]${below(node.value)}`;
    case 'channel': {
      const element = below(node.element);
      if (node.direction === 'send') return `chan<- ${element}`;
      return node.direction === 'receive' ? `<-chan ${element}` : `chan ${element}`;
    }
    case 'function':
      return `func${signature(node, below)}`;
    case 'unknown':
      return '?';
    default:
      return node.kind;
  }
}

function named(writing: Writing, scope: string, name: string): string {
  if (scope === '') return cut(writing, name);
  return cut(writing, `${writing.packages === 'path' ? scope : packageName(scope)}.${name}`);
}

function cut(writing: Writing, name: string): string {
  const text = name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name;
  writing.room -= text.length;
  return text;
}

/** What sources call a package, as far as its path tells: `yaml` for `gopkg.in/yaml.v3`, `mod` for `example.com/mod/v2`. */
export function packageName(path: string): string {
  const parts = path.split('/');
  const last = parts.at(-1) ?? path;
  const element = /^v\d+$/.test(last) && parts.length > 1 ? (parts.at(-2) ?? last) : last;
  return element.replace(/\.v\d+$/, '');
}

type FunctionNode = Extract<TypeNode, { kind: 'function' }>;

/** `(string, ...int) (int, error)` */
export function signature({ parameters, results = [], variadic }: FunctionNode, text: (id: TypeId) => string): string {
  const list = parameters.slice(0, MAX_NODES).map(({ type }, at) => {
    const one = text(type);
    return variadic && at === parameters.length - 1 ? `...${one.replace(/^\[\]/, '')}` : one;
  });
  const [first] = results;
  const out =
    first === undefined
      ? ''
      : results.length === 1
        ? ` ${text(first)}`
        : ` (${results
            .slice(0, MAX_NODES)
            .map((id) => text(id))
            .join(', ')})`;
  return `(${list.join(', ')})${out}`;
}

function fields(writing: Writing, { members }: RecordNode, text: (id: TypeId) => string): string {
  if (members.length === 0) return 'struct {}';
  const list = members.slice(0, MAX_NODES).map(({ name = '_', type, embedded, tag }) => {
    const quoted = tag === undefined ? '' : ` ${JSON.stringify(cut(writing, tag))}`;
    return `${embedded === true ? '' : `${cut(writing, name)} `}${text(type)}${quoted}`;
  });
  return `struct { ${list.join('; ')} }`;
}

function methods(
  writing: Writing,
  list: readonly { readonly name: string; readonly type: TypeId }[],
  text: (id: TypeId) => string,
): string {
  if (list.length === 0) return 'interface {}';
  return `interface { ${list
    .slice(0, MAX_NODES)
    .map(({ name, type }) => `${cut(writing, name)}${text(type).replace(/^func/, '')}`)
    .join('; ')} }`;
}
