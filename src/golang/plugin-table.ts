import { goTypeText } from '../abi/go/type-text.ts';
import type { TypeGraph } from '../abi/model.ts';
import { KIND } from './kinds.ts';
import type { GoMemory } from './memory.ts';
import type { Moduledata } from './moduledata.ts';
import { GoGraphBuilder } from './type-graph.ts';
import { type GoMethod, GoTypes } from './types.ts';

/** A symbol that plugin.Lookup finds. */
export interface PluginSymbol {
  readonly name: string;
  /** Lookup gives a function itself, and a pointer to a variable. */
  readonly kind: 'func' | 'var';
  /** `func(string) (int, error)`, or the type of the variable; packages by their name. */
  readonly type: string;
  /** Of a variable: the exported methods of the pointer that Lookup gives, which a host can assert an interface with. */
  readonly methods: readonly string[];
  /** The type with packages by their import path; records of older programs do not have it. */
  readonly exactType?: string;
}

export interface PluginTable {
  /** In the order of the table. */
  readonly symbols: readonly PluginSymbol[];
  /** False when an entry could not be read or a limit was reached. */
  readonly complete: boolean;
  /** The types of these symbols and all that they lead to. */
  readonly types: TypeGraph;
  /** The types were told in words, which leave out the tags of fields. */
  readonly inWords?: boolean;
}

/**
 * Reads the table of a plugin's exported symbols (moduledata.ptab; runtime/plugin.go, plugin_lastmoduleinit). The types that
 * they lead to are read when they are first asked for.
 */
export function readPluginTable(memory: GoMemory, { table, types, typesEnd, pluginPath }: Moduledata): PluginTable {
  const reader = new GoTypes(memory, types, typesEnd);
  const found: Entry[] = [];
  let whole = true;
  for (let index = 0; index < table.count; index += 1) {
    const at = table.address + 8 * index;
    const name = reader.nameAt(memory.i32(at));
    const type = reader.typeAt(memory.i32(at + 4));
    const entry = name === undefined || type === undefined ? undefined : entryOf(reader, name, type);
    if (entry === undefined) whole = false;
    else found.push(entry);
  }
  let made: { readonly graph: TypeGraph; readonly ids: readonly number[]; readonly truncated: boolean } | undefined;
  const build = (): NonNullable<typeof made> => {
    made ??= graphOf(reader, pluginPath, found);
    return made;
  };
  return {
    symbols: found.map(({ value: _, list, ...symbol }, at) => ({
      ...symbol,
      methods: list.map((method) => methodText(reader, method)),
      get exactType() {
        return goTypeText(build().graph, build().ids[at] ?? -1, 'path');
      },
    })),
    get complete() {
      return whole && !build().truncated && !reader.exhausted;
    },
    get types() {
      return build().graph;
    },
  };
}

interface Entry extends Pick<PluginSymbol, 'name' | 'kind' | 'type'> {
  /** Address of the type of the function, or of what the variable holds. */
  readonly value: number;
  readonly list: readonly GoMethod[];
}

function entryOf(reader: GoTypes, name: string, type: number): Entry | undefined {
  const isFunction = reader.kind(type) === KIND.func;
  const value = isFunction ? type : reader.element(type);
  if (value === undefined || (!isFunction && reader.kind(type) !== KIND.pointer)) return undefined;
  const text = reader.text(value);
  if (text === undefined) return undefined;
  const list = isFunction ? [] : reader.methods(type);
  return { name, kind: isFunction ? 'func' : 'var', type: text, value, list };
}

function graphOf(reader: GoTypes, main: string, entries: readonly Entry[]) {
  const builder = new GoGraphBuilder(reader, main);
  const ids = entries.map(({ name, kind, value, list }) =>
    builder.symbol(name, kind === 'func' ? 'function' : 'variable', value, list),
  );
  // Go's plugins exist on 64-bit machines that are little endian, as far as they are read here.
  return { graph: builder.graph(8, true), ids, truncated: builder.truncated };
}

/** `Name(string) error`; a signature that the linker dropped is `(...)`. */
function methodText(reader: GoTypes, { name, type }: GoMethod): string {
  const text = type === undefined ? undefined : reader.text(type);
  return `${name}${text?.replace(/^func/, '') ?? '(...)'}`;
}
