import { MAIN } from '../abi/go/private.ts';
import type { AbiSymbol, Member, Method, TypeGraph, TypeId, TypeNode } from '../abi/model.ts';
import type { PluginSymbol } from './plugin-table.ts';
import { parseGoType, plainType, type TypeSink } from './type-parser.ts';

/**
 * A type told in words, as the probe host does by reflection, and as snapshots of older releases do: a type with a name,
 * or a struct or interface without one.
 */
export interface DescribedType {
  /** As reflect.Type.String gives it. */
  readonly name: string;
  /** Import path of the package that declares it. */
  readonly packagePath?: string;
  /** Bytes. */
  readonly size: number;
  /** Fields `8: (embedded) Name Type`, methods `Name(string) error`, or the type behind the name. One line a member. */
  readonly layout: readonly string[];
  /** Keys of the types that it directly leads to, as {@link typeKey} makes them; absent where they are not known. */
  readonly leads?: readonly string[];
}

/** What tells types apart within one description: the import path of the package, and the name. */
export function typeKey({ packagePath = '', name }: Pick<DescribedType, 'packagePath' | 'name'>): string {
  return `${packagePath} ${name}`;
}

export interface Description {
  readonly symbols: readonly (Pick<PluginSymbol, 'name' | 'kind' | 'type' | 'methods'> & {
    readonly leads?: readonly string[];
  })[];
  readonly types: readonly DescribedType[];
  /** The plugin path. */
  readonly main: string;
}

/** The type graph of a plugin whose types are told in words. What cannot be told from them is unknown, and so undecided. */
export function describedGraph({ symbols, types, main }: Description): TypeGraph {
  const nodes: TypeNode[] = [];
  const add = (node: TypeNode): TypeId => nodes.push(node) - 1;
  const byName = new Map<string, number[]>();
  types.forEach(({ name }, at) => {
    const list = byName.get(name);
    if (list === undefined) byName.set(name, [at]);
    else list.push(at);
  });
  // All nodes first, so that types can lead to themselves.
  const ids = types.map(() => add({ kind: 'unknown', reason: 'it was not described' }));
  const sinkOf = (leads: readonly string[] | undefined): TypeSink => ({
    add,
    named: (text) => {
      const all = byName.get(text) ?? [];
      const led =
        all.length < 2 || all.length > MOST_TWINS || leads === undefined
          ? all
          : all.filter((at) => leads.includes(typeKey(types[at] ?? NONE)));
      const [at] = led;
      if (at !== undefined && led.length === 1) return ids[at] ?? -1;
      if (text === 'interface {}') return add(record({ name: text, size: 16, layout: [] }, main, { goMethods: [] }));
      const reason = led.length > 1 ? `several packages have a ${text}` : `what ${text} is was not told`;
      return add({ kind: 'unknown', reason });
    },
  });
  types.forEach((type, at) => {
    nodes[ids[at] ?? -1] = nodeOf(type, main, sinkOf(type.leads));
  });
  const described = symbols.map(({ name, kind, type, methods, leads }): AbiSymbol => {
    const sink = sinkOf(leads);
    const id = parseGoType(type, sink);
    const node = nodes[id];
    if (methods.length > 0 && (node?.kind === 'struct' || node?.kind === 'typedef')) {
      nodes[id] = {
        ...node,
        methods: methods.map((line): Method => ({ ...methodOf(line, sink), virtual: 'no', static: false })),
      };
    }
    return { name, kind: kind === 'func' ? 'function' : 'variable', type: id, language: 'go' };
  });
  return {
    nodes,
    symbols: described,
    missing: [],
    odr: [],
    producers: [],
    pointerSize: 8,
    littleEndian: true,
    nominal: true,
  };
}

/** The scope of a type. Older records do not tell the package of maps with a name, only what sources call it. */
function homeOf({ name, packagePath }: DescribedType, main: string): string {
  const dot = name.indexOf('.');
  const path = packagePath ?? name.slice(0, Math.max(dot, 0));
  return dot < 0 ? '' : path === main ? MAIN : path;
}

/** More packages than this with a type of one name are none of a plugin. */
const MOST_TWINS = 64;

const NONE: DescribedType = { name: '', size: 0, layout: [] };

const FIELD = /^(\d{1,15}): (\(embedded\) )?(\S+) (.*)$/s;
const METHOD = /^([\p{L}_][\p{L}\p{N}_]*)(\(.*)$/su;

function nodeOf(type: DescribedType, main: string, sink: TypeSink): TypeNode {
  const { name, size, layout } = type;
  const [first = ''] = layout;
  const fields = layout.map((line) => FIELD.exec(line));
  if (name.startsWith('struct {') || (layout.length === 0 ? size === 0 : fields[0] !== null)) {
    if (fields.includes(null)) return { kind: 'unknown', reason: `the fields of ${name} were not told` };
    return record(type, main, { members: fields.flatMap((field) => (field === null ? [] : memberOf(field, sink))) });
  }
  if (name.startsWith('interface {') || name === 'error' || layout.length === 0 || isMethod(first)) {
    const methods = layout.map((line) => methodOf(line, sink));
    return record(type, main, { goMethods: methods });
  }
  const plain = plainType(first);
  const target = plain === undefined ? parseGoType(modern(first), sink) : sink.add(plain);
  return { kind: 'typedef', ...declared(type, main), language: 'go', target };
}

function isMethod(line: string): boolean {
  return METHOD.test(line) && !/^(?:func|chan)\(/.test(line);
}

/** Forms of older records: `chan(1) T` with abi.ChanDir; one result in parentheses, which reads the same. */
function modern(text: string): string {
  const [, direction, element] = /^chan\(([123])\) (.*)$/s.exec(text) ?? [];
  if (direction === undefined) return text.replace(/^(func\(.*\)) \(\)$/s, '$1');
  return `${direction === '1' ? '<-chan' : direction === '2' ? 'chan<-' : 'chan'} ${element}`;
}

function memberOf([, offset, embedded, name = '', type = '']: RegExpExecArray, sink: TypeSink): Member {
  return {
    name,
    type: parseGoType(type, sink),
    bitOffset: Number(offset) * 8,
    ...(embedded === undefined ? {} : { embedded: true }),
  };
}

function methodOf(line: string, sink: TypeSink): { readonly name: string; readonly type: TypeId } {
  const [, name = line, signature = ''] = METHOD.exec(line) ?? [];
  return { name, type: parseGoType(`func${signature}`, sink) };
}

function record(
  type: DescribedType,
  main: string,
  made: {
    readonly members?: readonly Member[];
    readonly goMethods?: readonly { readonly name: string; readonly type: TypeId }[];
  },
): TypeNode {
  const isNamed = !/^(?:struct|interface) \{/.test(type.name);
  return {
    kind: 'struct',
    ...(isNamed ? declared(type, main) : { scope: '' }),
    language: 'go',
    declaration: false,
    size: type.size,
    members: [],
    staticMembers: [],
    bases: [],
    methods: [],
    templateArguments: [],
    ...made,
  };
}

function declared(type: DescribedType, main: string): { readonly name: string; readonly scope: string } {
  const { name } = type;
  return { name: name.slice(name.indexOf('.') + 1), scope: homeOf(type, main) };
}
