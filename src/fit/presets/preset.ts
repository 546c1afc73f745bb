import type { Finding } from '../../rules/finding.ts';
import type { LoadableFile } from '../model.ts';
import type { PresetCheck } from './check.ts';
import { checkFalco } from './falco.ts';
import { checkFluentBit } from './fluent-bit.ts';
import { checkKrakend } from './krakend.ts';
import { checkLadspa } from './ladspa.ts';
import type { PresetName } from './names.ts';
import { checkNginx } from './nginx.ts';
import { checkPam } from './pam.ts';
import { checkPostgresql } from './postgresql.ts';
import { checkTyk } from './tyk.ts';

const CHECKS: Readonly<Record<PresetName, PresetCheck>> = {
  krakend: checkKrakend,
  tyk: checkTyk,
  falco: checkFalco,
  'fluent-bit': checkFluentBit,
  nginx: checkNginx,
  postgresql: checkPostgresql,
  pam: checkPam,
  ladspa: checkLadspa,
};

/** Whether a plugin has what hosts of a kind look for. See docs/presets.md for what each checks and where that comes from. */
export function checkPreset(
  name: PresetName,
  plugin: LoadableFile,
  host: LoadableFile | undefined,
  required: readonly string[] = [],
): readonly Finding[] {
  return CHECKS[name](plugin, host, required);
}
