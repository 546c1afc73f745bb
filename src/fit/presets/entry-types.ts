import type { EntryPoint } from '../../abi/host/entry-points.ts';
import type { PresetName } from './names.ts';

/**
 * The types by which hosts of a kind call what they look up, as far as they have a name for them. Sources: postgresql
 * src/include/fmgr.h and src/backend/utils/fmgr/dfmgr.c; Linux-PAM libpam/pam_private.h; ladspa.h; falcosecurity/libs
 * userspace/plugin/plugin_api.h.
 * @param exported names that the plugin exports
 */
function presetEntries(preset: PresetName, exported: Iterable<string>): readonly EntryPoint[] {
  const typeOf = TYPES[preset];
  if (typeOf === undefined) return [];
  const names = new Set(exported);
  return [...names].flatMap((symbol): EntryPoint[] => {
    const type = typeOf(symbol, names);
    return type === undefined ? [] : [{ symbol, type, presumed: true }];
  });
}

/** What the project says of its entry points, and behind it what is known of that kind of hosts. */
export function withPreset(
  named: readonly EntryPoint[],
  preset: PresetName | undefined,
  exported: Iterable<string>,
): readonly EntryPoint[] {
  if (preset === undefined) return named;
  const told = new Set(named.map(({ symbol }) => symbol));
  return [...named, ...presetEntries(preset, exported).filter(({ symbol }) => !told.has(symbol))];
}

type TypeOf = (symbol: string, all: ReadonlySet<string>) => string | undefined;

const TYPES: Partial<Record<PresetName, TypeOf>> = {
  postgresql: (symbol, all) => {
    if (symbol === 'Pg_magic_func') return 'PGModuleMagicFunction';
    if (symbol === '_PG_init') return 'PG_init_t';
    if (symbol.startsWith('pg_finfo_')) return 'PGFInfoFunction';
    return all.has(`pg_finfo_${symbol}`) ? 'PGFunction' : undefined;
  },
  pam: (symbol) => (symbol.startsWith('pam_sm_') ? 'struct handler.func' : undefined),
  ladspa: (symbol) => (symbol === 'ladspa_descriptor' ? 'LADSPA_Descriptor_Function' : undefined),
  falco: (symbol) => (/^plugin_[a-z_]+$/.test(symbol) ? `plugin_api.${symbol.slice('plugin_'.length)}` : undefined),
};
