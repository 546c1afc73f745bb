import { describe, expect, it } from '@jest/globals';
import { withPreset } from '../../src/fit/presets/entry-types.ts';

describe('what hosts of a kind take their entry points for', () => {
  const types = (...all: Parameters<typeof withPreset>) =>
    withPreset(...all).map(({ symbol, type, presumed }) => [symbol, type, presumed]);

  it.each([
    ['pam', ['pam_sm_authenticate', 'helper'], [['pam_sm_authenticate', 'struct handler.func', true]]],
    ['ladspa', ['ladspa_descriptor', 'run'], [['ladspa_descriptor', 'LADSPA_Descriptor_Function', true]]],
    ['falco', ['plugin_get_name', 'Plugin'], [['plugin_get_name', 'plugin_api.get_name', true]]],
    [
      'postgresql',
      ['Pg_magic_func', '_PG_init', 'pg_finfo_add', 'add', 'own'],
      [
        ['Pg_magic_func', 'PGModuleMagicFunction', true],
        ['_PG_init', 'PG_init_t', true],
        ['pg_finfo_add', 'PGFInfoFunction', true],
        ['add', 'PGFunction', true],
      ],
    ],
    ['nginx', ['ngx_modules'], []],
  ] as const)('%s', (preset, exported, expected) => {
    expect(types([], preset, exported)).toEqual(expected);
  });

  it('leaves what the project says as it is', () => {
    const named = [{ symbol: '_PG_init', type: 'my_init' }];
    expect(types(named, 'postgresql', ['_PG_init'])).toEqual([['_PG_init', 'my_init', undefined]]);
    expect(types(named, undefined, ['_PG_init'])).toEqual([['_PG_init', 'my_init', undefined]]);
  });
});
