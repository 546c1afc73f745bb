import { listNames } from '../../compare/fold.ts';
import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import type { PluginTable } from '../plugin-table.ts';

/** Types of package main, as reflection writes them; no other package of that name can be imported. */
const OF_MAIN = /(?<![\p{L}\p{N}_./])main\.[\p{L}_][\p{L}\p{N}_]*/gu;

/** Functions whose signature holds a type that no host can name, and variables of such a type without methods. */
export function mainTypes({ symbols }: Pick<PluginTable, 'symbols'>): readonly Finding[] {
  return symbols.flatMap(({ name, kind, type, methods }) => {
    if (kind === 'var' && methods.length > 0) return [];
    const names = [...new Set(type.match(OF_MAIN))];
    if (names.length === 0) return [];
    const message = `${name} uses ${listNames(names)}, declared in package main of the plugin: a host cannot name that type, so no assertion to ${kind === 'func' ? 'the function type' : 'it'} succeeds.`;
    return [finding('go/type-in-main', message, { subject: name, symbol: name })];
  });
}
