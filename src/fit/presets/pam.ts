import { listNames } from '../../compare/fold.ts';
import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import type { PresetCheck } from './check.ts';
import { hasEntry, noneOf, refusesGoPlugin, wrongKinds } from './entries.ts';

const NAME = 'PAM';

/**
 * What libpam looks up for each management group (Linux-PAM libpam/pam_handlers.c, _pam_add_handler): for auth and session
 * two functions, one for each half of the work.
 */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  auth: ['pam_sm_authenticate', 'pam_sm_setcred'],
  account: ['pam_sm_acct_mgmt'],
  session: ['pam_sm_open_session', 'pam_sm_close_session'],
  password: ['pam_sm_chauthtok'],
};
const ALL: readonly string[] = Object.values(GROUPS).flat();

/** Whether libpam finds what it calls. */
export const checkPam: PresetCheck = (plugin) => {
  const { image } = plugin;
  return [
    ...refusesGoPlugin(plugin, NAME),
    ...noneOf(image, ALL, NAME),
    ...Object.entries(GROUPS).flatMap(([group, names]): Finding[] => {
      const there = names.filter((name) => hasEntry(image, name));
      const missing = names.filter((name) => !there.includes(name));
      if (there.length === 0 || missing.length === 0) return [];
      const message = `For ${group}, PAM calls ${listNames(names)}; the module has ${listNames(there)} but not ${listNames(missing)}, and that call ends with "Module is unknown".`;
      return [finding('fit/entry-missing', message, { subject: missing[0] ?? group, symbol: missing[0] })];
    }),
    ...wrongKinds(image, ALL, 'function', NAME),
    ...misspelt(image.symbols.map(({ name }) => name)),
  ];
};

/** Functions with the prefix of the interface that libpam never calls. */
function misspelt(names: readonly string[]): Finding[] {
  const strange = [...new Set(names)].filter((name) => name.startsWith('pam_sm_') && !ALL.includes(name));
  return strange.slice(0, 10).map((name) =>
    finding('fit/entry-missing', `PAM never calls ${name}: no function of its interface has that name.`, {
      subject: name,
      symbol: name,
      severity: 'warning',
    }),
  );
}
