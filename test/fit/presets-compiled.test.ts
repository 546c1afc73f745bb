import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import type { PresetName } from '../../src/fit/presets/names.ts';
import { checkPreset } from '../../src/fit/presets/preset.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { loadFile, told } from './load-file.ts';

/** Sources for hosts that Debian does not ship, each beside ones that look like it. */

const functions = (names: readonly string[]): string =>
  names.map((name) => `int ${name}(void) { return 0; }`).join('\n');
const FALCO = [
  'plugin_get_version',
  'plugin_get_name',
  'plugin_get_description',
  'plugin_get_contact',
  'plugin_init',
  'plugin_destroy',
  'plugin_get_last_error',
];
const version = (text: string): string => `const char *plugin_get_required_api_version(void) { return "${text}"; }\n`;
const SOURCE = ['plugin_open', 'plugin_close', 'plugin_next_batch'];
const EXTRACT = ['plugin_get_fields', 'plugin_extract_fields'];

const CASES: readonly (readonly [
  preset: PresetName,
  title: string,
  source: string,
  expected: readonly string[],
  file?: string,
])[] = [
  [
    'falco',
    'a source plugin',
    version('3.6.0') + functions([...FALCO, ...SOURCE]),
    ['note fit/built-for plugin_get_required_api_version'],
  ],
  [
    'falco',
    'an extractor',
    version('2.0.0') + functions([...FALCO, ...EXTRACT]),
    ['note fit/built-for plugin_get_required_api_version'],
  ],
  [
    'falco',
    'fields without extraction beside a source, which is no fault',
    version('3.0.0') + functions([...FALCO, ...SOURCE, 'plugin_get_fields']),
    ['note fit/built-for plugin_get_required_api_version'],
  ],
  [
    'falco',
    'no capability',
    version('3.0.0') + functions(FALCO),
    ['error fit/entry-missing capabilities', 'note fit/built-for plugin_get_required_api_version'],
  ],
  [
    'falco',
    'half a source',
    version('3.0.0') + functions([...FALCO, 'plugin_open', 'plugin_close']),
    ['error fit/entry-missing plugin_next_batch', 'note fit/built-for plugin_get_required_api_version'],
  ],
  [
    'falco',
    'extraction without its fields',
    version('3.0.0') + functions([...FALCO, 'plugin_extract_fields']),
    ['error fit/entry-missing plugin_get_fields', 'note fit/built-for plugin_get_required_api_version'],
  ],
  [
    'falco',
    'a version that is none',
    version('three') + functions([...FALCO, ...SOURCE]),
    ['error fit/interface-version plugin_get_required_api_version'],
  ],
  [
    'falco',
    'a version that is computed',
    `char text[8]; const char *plugin_get_required_api_version(void) { text[0] = '3'; return text; }\n${functions([...FALCO, ...SOURCE])}`,
    ['undecided fit/interface-unread plugin_get_required_api_version'],
  ],
  [
    'falco',
    'functions that are missing, and one that is data',
    `int plugin_init;\n${functions(FALCO.filter((name) => !/init|contact/.test(name)))}\n${functions(SOURCE)}`,
    [
      'error fit/entry-missing plugin_get_contact',
      'error fit/entry-missing plugin_get_required_api_version',
      'error fit/entry-type plugin_init',
    ],
  ],
  [
    'fluent-bit',
    'a proxy plugin',
    functions(['FLBPluginRegister', 'FLBPluginInit', 'FLBPluginFlushCtx', 'FLBPluginExit']),
    [],
    'out_sink.so',
  ],
  [
    'fluent-bit',
    'a proxy plugin that is an input',
    functions(['FLBPluginRegister', 'FLBPluginInit', 'FLBPluginInputCallback']),
    [],
    'in_well.so',
  ],
  [
    'fluent-bit',
    'without init',
    functions(['FLBPluginRegister', 'FLBPluginFlush']),
    ['error fit/entry-missing FLBPluginInit'],
    'sink.so',
  ],
  [
    'fluent-bit',
    'nothing that does the work',
    functions(['FLBPluginRegister', 'FLBPluginInit']),
    ['warning fit/entry-missing FLBPluginFlush'],
    'sink2.so',
  ],
  ['fluent-bit', 'a C plugin', 'int out_sink_plugin[60] = { 1 };', [], 'flb-out_sink.so'],
  [
    'fluent-bit',
    'a C plugin with the name of another file',
    'int out_sink_plugin[60] = { 1 };',
    ['error fit/entry-missing out_drain_plugin'],
    'flb-out_drain.so',
  ],
  [
    'fluent-bit',
    'a C plugin without the prefix of the file name',
    'int out_sink_plugin[60] = { 1 };',
    ['error fit/entry-missing out_sink_plugin'],
    'out_other.so',
  ],
  [
    'fluent-bit',
    'a C plugin of no known kind',
    'int sink_plugin[60] = { 1 };',
    ['error fit/entry-missing flb-sink.so'],
    'flb-sink.so',
  ],
  [
    'fluent-bit',
    'a structure that is a function',
    'int out_sink_plugin(void) { return 0; }',
    ['error fit/entry-type out_sink_plugin'],
    'flb-out_sink.so',
  ],
  ['pam', 'auth', functions(['pam_sm_authenticate', 'pam_sm_setcred']), []],
  ['pam', 'account alone', functions(['pam_sm_acct_mgmt']), []],
  [
    'pam',
    'half of auth and half of session',
    functions(['pam_sm_authenticate', 'pam_sm_close_session', 'pam_sm_chauthtok']),
    ['error fit/entry-missing pam_sm_open_session', 'error fit/entry-missing pam_sm_setcred'],
  ],
  [
    'pam',
    'a name that is spelt in another way',
    functions(['pam_sm_acct_mgmt', 'pam_sm_chauthtoken']),
    ['warning fit/entry-missing pam_sm_chauthtoken'],
  ],
  ['pam', 'none of its functions', functions(['authenticate']), ['error fit/entry-missing pam_sm_authenticate']],
  [
    'pam',
    'hidden functions',
    `__attribute__((visibility("hidden"))) ${functions(['pam_sm_acct_mgmt'])}`,
    ['error fit/entry-missing pam_sm_authenticate'],
  ],
  ['ladspa', 'a library', 'const void *ladspa_descriptor(unsigned long i) { return (void *)i; }', []],
  ['ladspa', 'a C++ function', functions(['_Z17ladspa_descriptorm']), ['error fit/entry-missing ladspa_descriptor']],
  ['ladspa', 'data', 'int ladspa_descriptor = 3;', ['error fit/entry-type ladspa_descriptor']],
  [
    'nginx',
    'tables that are functions',
    functions(['ngx_modules', 'ngx_module_names']),
    ['error fit/entry-type ngx_module_names', 'error fit/entry-type ngx_modules'],
  ],
  [
    'nginx',
    'an empty table',
    '__attribute__((section(".data"))) void *ngx_modules[2] = { 0 }; __attribute__((section(".data"))) char *ngx_module_names[2] = { 0 };',
    ['error fit/entry-missing ngx_modules'],
  ],
  [
    'nginx',
    'a table without an end',
    'void *self = &self; void *ngx_modules[1] = { &self }; char *ngx_module_names[2];',
    ['undecided fit/interface-unread nginx version'],
  ],
  ['postgresql', 'no magic block', functions(['_PG_init']), ['error fit/entry-missing Pg_magic_func']],
  [
    'postgresql',
    'a magic block that is computed',
    'static int block[14]; int *Pg_magic_func(void) { block[0] = 56; return block; }',
    ['undecided fit/interface-unread Pg_magic_func'],
  ],
  [
    'postgresql',
    'a function that is announced and not there',
    `static const int block[14] = { 56, 1500, 100, 32, 64, 1 }; const int *Pg_magic_func(void) { return block; }
     ${functions(['pg_finfo_add', 'pg_finfo_gone', 'add'])}`,
    ['error fit/entry-missing gone', 'note fit/built-for Pg_magic_func'],
  ],
];

describeWith(['cc'], 'presets', () => {
  const directory = workspace();

  it.each(CASES.map((entry, index) => [`${entry[0]}: ${entry[1]}`, index, entry] as const))(
    '%s',
    (_, index, [preset, , source, expected, name]) => {
      const compiled = compileC(directory, `case${index}`, source, ['-O1']);
      const file = name === undefined ? compiled : join(directory, name);
      if (name !== undefined) renameSync(compiled, file);
      expect(told(checkPreset(preset, loadFile(file), undefined))).toEqual(expected);
    },
  );

  it('say what is there in place of what is missing', () => {
    const file = compileC(directory, 'near', functions(['_Z17ladspa_descriptorm']));
    expect(checkPreset('ladspa', loadFile(file), undefined)[0]?.message).toMatch(/a C\+\+ function without extern "C"/);
  });

  it('compare with nothing but a host of the kind', () => {
    const host = loadFile(compileC(directory, 'other', 'int run(void) { return 1; }'));
    const module = compileC(
      directory,
      'module',
      'static const int block[14] = { 56, 1500, 100, 32, 64, 1 }; const int *Pg_magic_func(void) { return block; }',
    );
    expect(told(checkPreset('postgresql', loadFile(module), host))).toEqual([
      'undecided fit/interface-unread Pg_magic_func',
    ]);
  });
});
