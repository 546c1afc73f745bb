import { KIND } from './kinds.ts';
import type { GoMemory } from './memory.ts';
import type { Moduledata } from './moduledata.ts';
import { type GoType, GoTypes, typeKey } from './types.ts';

/** A symbol that plugin.Lookup finds. */
export interface PluginSymbol {
  readonly name: string;
  /** Lookup gives a function itself, and a pointer to a variable. */
  readonly kind: 'func' | 'var';
  /** `func(string) (int, error)`, or the type of the variable. */
  readonly type: string;
  /** Of a variable: the exported methods of the pointer that Lookup gives, which a host can assert an interface with. */
  readonly methods: readonly string[];
  /** The types that its users meet, with their layouts. */
  readonly reached: readonly GoType[];
  /** Those of them that it directly leads to, by typeKey(); itself first where it is one. */
  readonly leads: readonly string[];
}

export interface PluginTable {
  /** In the order of the table. */
  readonly symbols: readonly PluginSymbol[];
  /** False when an entry could not be read or a limit was reached. */
  readonly complete: boolean;
}

/** Reads the table of a plugin's exported symbols (moduledata.ptab; runtime/plugin.go, plugin_lastmoduleinit). */
export function readPluginTable(memory: GoMemory, { table, types, typesEnd }: Moduledata): PluginTable {
  const reader = new GoTypes(memory, types, typesEnd);
  const symbols: PluginSymbol[] = [];
  let complete = true;
  for (let index = 0; index < table.count; index += 1) {
    const at = table.address + 8 * index;
    const name = reader.nameAt(memory.i32(at));
    const type = reader.typeAt(memory.i32(at + 4));
    const symbol = name === undefined || type === undefined ? undefined : symbolOf(reader, name, type);
    if (symbol === undefined) complete = false;
    else symbols.push(symbol);
  }
  return { symbols, complete: complete && !reader.exhausted };
}

function symbolOf(reader: GoTypes, name: string, type: number): PluginSymbol | undefined {
  const isFunction = reader.kind(type) === KIND.func;
  const value = isFunction ? type : reader.element(type);
  if (value === undefined || (!isFunction && reader.kind(type) !== KIND.pointer)) return undefined;
  const text = reader.text(value);
  if (text === undefined) return undefined;
  const methods = isFunction ? [] : reader.methodsOf(type);
  const reached = reader.reached(value);
  // A variable of a type with a layout leads to that type; a function, to those of its parameters and results.
  const own = reached.find((one) => one.name === text);
  const leads = own === undefined ? reader.leads(value) : [typeKey(own)];
  return { name, kind: isFunction ? 'func' : 'var', type: text, methods, reached, leads };
}
