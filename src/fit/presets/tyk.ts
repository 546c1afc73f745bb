import { listNames } from '../../compare/fold.ts';
import type { PluginSymbol } from '../../golang/plugin-table.ts';
import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import type { PresetCheck } from './check.ts';
import { goSymbols } from './krakend.ts';

/**
 * Types of functions that Tyk takes: for requests, for responses, for analytics. Source: TykTechnologies/tyk goplugin
 * (GetHandler, GetResponseHandler, GetAnalyticsHandler).
 */
const TYPES: readonly string[] = [
  'func(http.ResponseWriter, *http.Request)',
  'func(http.ResponseWriter, *http.Response, *http.Request)',
  'func(*analytics.AnalyticsRecord)',
];

/** The same with import paths: another package named http gives types that read the same. */
const EXACT: ReadonlySet<string | undefined> = new Set([
  'func(net/http.ResponseWriter, *net/http.Request)',
  'func(net/http.ResponseWriter, *net/http.Response, *net/http.Request)',
  'func(*github.com/TykTechnologies/tyk-pump/analytics.AnalyticsRecord)',
]);

const FIX = 'Export a function of package main such as: func AddHeader(rw http.ResponseWriter, r *http.Request).';

/** Functions that look as if they were meant for Tyk. */
const MEANT = /\b(?:http\.(?:ResponseWriter|Request|Response)|analytics\.AnalyticsRecord)\b/;

/** Whether the plugin has functions that an API definition of Tyk can name. */
export const checkTyk: PresetCheck = (plugin, _host, required) => {
  const symbols = goSymbols(plugin, 'Tyk');
  if ('finding' in symbols) return [symbols.finding];
  const fitting = symbols.table.filter(fits);
  const wrong = symbols.table.filter((symbol) => !fits(symbol));
  const named = wrong.filter(({ name }) => required.includes(name)).map((symbol) => mistyped(symbol, 'error'));
  if (fitting.length === 0) {
    const near = wrong.filter(({ type }) => MEANT.test(type)).map(label);
    const there = near.length === 0 ? '' : ` There is ${listNames(near, 3)}.`;
    const message = `Tyk finds no function that it can call: none has the type ${TYPES.join(' or ')}.${there}`;
    return [...named, finding('fit/entry-missing', message, { subject: 'functions', fix: FIX })];
  }
  const strange = wrong
    .filter(({ name, type, kind }) => kind === 'func' && MEANT.test(type) && !required.includes(name))
    .map((symbol) => mistyped(symbol, 'note'));
  return [...named, ...strange];
};

function fits({ kind, exactType }: PluginSymbol): boolean {
  return kind === 'func' && EXACT.has(exactType);
}

function mistyped(symbol: PluginSymbol, severity: 'error' | 'note'): Finding {
  const message = `${label(symbol)} is nothing that Tyk calls: the type must be ${TYPES.join(' or ')}, of the packages net/http and tyk-pump/analytics.`;
  return finding('fit/entry-type', message, { subject: symbol.name, symbol: symbol.name, severity, fix: FIX });
}

function label({ name, kind, type }: PluginSymbol): string {
  return kind === 'func' ? `func ${name}${type.replace(/^func/, '')}` : `var ${name} ${type}`;
}
