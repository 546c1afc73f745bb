/** A type of a host as people name it, in its parts. */
export interface TypeText {
  /** Qualified name of the record or typedef. */
  readonly name: string;
  /** Members that lead from it to what is meant. */
  readonly members: readonly string[];
}

/** `plugin_init_fn`, `struct plugin_info`, `host::InitFn`, `plugin_api.open`. */
export const HOST_TYPE =
  /^(?:(?:struct|union|enum|class) )?[A-Za-z_][A-Za-z0-9_]{0,199}(?:::[A-Za-z_][A-Za-z0-9_]{0,199}){0,15}(?:\.[A-Za-z_][A-Za-z0-9_]{0,199}){0,15}$/;

/** The parts of a text that {@link HOST_TYPE} matches. */
export function parseTypeText(text: string): TypeText {
  const [name = '', ...members] = text.replace(/^(?:struct|union|enum|class) /, '').split('.');
  return { name, members };
}
