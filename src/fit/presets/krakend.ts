import { refusedKind } from '../../compare/identity.ts';
import { isGoPlugin } from '../../compare/interface.ts';
import type { PluginSymbol } from '../../golang/plugin-table.ts';
import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import type { LoadableFile } from '../model.ts';
import type { PresetCheck } from './check.ts';

const HANDLER = 'func(context.Context, map[string]interface {}, http.Handler) (http.Handler, error)';
const CLIENT = 'func(context.Context, map[string]interface {}) (http.Handler, error)';
const MODIFIER = 'func(map[string]interface {}) func(interface {}) (interface {}, error)';
const PROXY = 'func(context.Context, interface {}) (interface {}, error)';

/**
 * Variables that KrakenD looks up, with the method that it asserts. Source: luraproject/lura transport/http/server/plugin,
 * transport/http/client/plugin, proxy/plugin (Registerer). A variable that is missing is passed over, since one plugin
 * can be several things.
 */
const VARIABLES: Readonly<Record<string, readonly [method: string, argument: string]>> = {
  HandlerRegisterer: ['RegisterHandlers', `func(string, ${HANDLER})`],
  ClientRegisterer: ['RegisterClients', `func(string, ${CLIENT})`],
  ModifierRegisterer: ['RegisterModifiers', `func(string, ${MODIFIER}, bool, bool)`],
  MiddlewareRegisterer: ['RegisterMiddlewares', `func(string, func(map[string]interface {}, ${PROXY}) ${PROXY})`],
};

/** Whether KrakenD finds one of its variables in the plugin, and can use each that is there. */
export const checkKrakend: PresetCheck = (plugin) => {
  const symbols = goSymbols(plugin, 'KrakenD');
  if ('finding' in symbols) return [symbols.finding];
  const known = symbols.table.filter(({ name }) => VARIABLES[name] !== undefined);
  if (known.length === 0) {
    const near = symbols.table.find(({ name }) => /registerer/i.test(name));
    const names = Object.keys(VARIABLES).join(', ');
    const message = `KrakenD finds nothing to register: the plugin has none of the variables ${names}.${near === undefined ? '' : ` There is ${near.name}.`}`;
    const fix =
      'Declare one in package main, by exactly that name: var HandlerRegisterer = registerer("name"), where the type registerer has the method RegisterHandlers.';
    return [finding('fit/entry-missing', message, { subject: 'HandlerRegisterer', fix })];
  }
  return known.flatMap(checked);
};

function checked(symbol: PluginSymbol): readonly Finding[] {
  const { name, kind, methods, type } = symbol;
  const [method = '', argument = ''] = VARIABLES[name] ?? [];
  const fix = `Give the type of ${name} the method func (registerer) ${method}(${argument}).`;
  const about = { subject: name, symbol: name, old: `${method}(${argument})`, fix };
  if (kind === 'func') {
    const message = `${name} is a function; KrakenD wants a variable with the method ${method}.`;
    return [finding('fit/entry-type', message, about)];
  }
  const own = methods.find((text) => text.startsWith(`${method}(`));
  if (own === undefined) {
    const near = methods.find((text) => text.toLowerCase().startsWith(`${method.slice(0, -1)}`.toLowerCase()));
    const why =
      near === undefined
        ? `${name} (${type}) has no method ${method}. A variable of an interface type or a pointer has none either: Lookup gives a pointer to it.`
        : `${name} has ${near} in place of ${method}.`;
    return [finding('fit/entry-type', `${why} KrakenD answers "unknown type".`, { ...about, new: near ?? type })];
  }
  const parameters = own.slice(method.length);
  if (parameters === '(...)') {
    const message = `The linker dropped the signature of ${method} of ${name}, so it could not be compared.`;
    return [finding('fit/interface-unread', message, about)];
  }
  if (parameters === `(${argument})`) return [];
  const message = `${method} of ${name} has another signature than KrakenD asserts, which answers "unknown type".`;
  return [finding('fit/entry-type', message, { ...about, new: own })];
}

/** The symbols that plugin.Lookup finds, or why there are none. */
export function goSymbols(
  { file, image, go }: LoadableFile,
  host: string,
): { readonly table: readonly PluginSymbol[] } | { readonly finding: Finding } {
  // A host exports the tables of the linker too.
  if (!isGoPlugin(image) || refusedKind(image) !== undefined) {
    const message = `${host} loads Go plugins of -buildmode=plugin; ${file} is none.`;
    return { finding: finding('go/not-plugin', message, { subject: 'file' }) };
  }
  if (go?.plugin?.table.complete === true) return { table: go.plugin.table.symbols };
  const message = `What ${host} can look up is not known: the table of the plugin was not understood. ${go?.tried ?? ''}`;
  return { finding: finding('fit/interface-unread', message.trim(), { subject: 'plugin table' }) };
}
