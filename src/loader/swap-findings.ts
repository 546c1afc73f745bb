import type { RuleId } from '../rules/catalogue.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { Swap, SwapAct } from './model.ts';

/** Acts of a rehearsal, in words that follow "when". */
const ACTS: Readonly<Record<string, string>> = {
  'open-old': 'the previous release was opened',
  'probe-old': 'the previous release was probed',
  'start-caller': 'a caller began to call the previous release',
  'open-new': 'the new release was opened beside the previous one',
  'probe-new': 'the new release was probed beside the previous one',
  'refuse-new': 'the new release was closed again, as a host does when it is not healthy',
  'old-serves': 'the previous release went on serving after the new one had been refused',
  'reopen-new': 'the new release was opened again',
  'reprobe-new': 'the new release was probed again',
  switch: 'calls were switched to the new release',
  'roll-back': 'calls were switched back to the previous release',
  'stop-caller': 'the caller was stopped',
  'close-new': 'the new release was closed',
  'reprobe-old': 'the previous release was probed after the new one had gone',
  'close-old': 'the previous release was closed',
};
const ORDER = Object.keys(ACTS);

const RULES: Readonly<Record<string, RuleId>> = {
  'open-new': 'swap/new-unhealthy',
  'probe-new': 'swap/new-unhealthy',
  'reopen-new': 'swap/new-unhealthy',
  'reprobe-new': 'swap/new-unhealthy',
  'refuse-new': 'swap/refusal-failed',
  'old-serves': 'swap/refusal-failed',
  switch: 'swap/calls-failed',
  'roll-back': 'swap/rollback-failed',
  'reprobe-old': 'swap/rollback-failed',
};

/** What a rehearsal says. Nothing to complain of gives no finding. */
export function swapFindings({ acts, failed, served, ended, how, signal }: Swap): readonly Finding[] {
  const findings: Finding[] = [];
  const [first] = acts.filter(({ succeeded }) => !succeeded);
  if (first !== undefined) findings.push(failure(first));
  if (!ended) {
    const last = acts.at(-1)?.name;
    const next = last === undefined ? ORDER[0] : nextOf(last, acts);
    const cause = signal ?? (how === 'timeout' ? 'no answer in time' : (how ?? 'an unknown cause'));
    findings.push(
      finding('swap/broke', `The rehearsal broke off with ${cause} when ${ACTS[next ?? ''] ?? 'the process ended'}.`, {
        subject: next ?? 'end',
      }),
    );
  }
  if (failed > 0) {
    const message = `${failed} of ${failed + served.old + served.new} calls failed while the releases were swapped.`;
    findings.push(finding('swap/calls-failed', message, { subject: 'calls' }));
  }
  const foreign = acts.find((act) => act.foreign !== undefined);
  if (foreign !== undefined) {
    const message = `The probe that answered when ${ACTS[foreign.name] ?? foreign.name} is code of ${foreign.foreign ?? 'another file'}.`;
    findings.push(finding('swap/wrong-code', message, { subject: foreign.name }));
  }
  const kept = acts.filter(({ name, mapped }) => name.startsWith('close-') && mapped === true);
  if (kept.length > 0) {
    const which = kept
      .map(({ name }) => (name === 'close-old' ? 'the previous release' : 'the new release'))
      .join(' and ');
    findings.push(finding('swap/memory-kept', `After dlclose, ${which} stays in memory.`, { subject: 'dlclose' }));
  }
  return findings;
}

function failure({ name, text, number }: SwapAct): Finding {
  const rule = RULES[name] ?? 'swap/not-rehearsed';
  const result = number === undefined ? '' : ` (it returned ${number})`;
  return finding(rule, `The rehearsal failed when ${ACTS[name] ?? name}${result}.`, { subject: name, details: text });
}

/** The act that was under way when the process ended: after an unhealthy probe the switch is left out. */
function nextOf(last: string, acts: readonly SwapAct[]): string | undefined {
  const unhealthy = acts.some(({ succeeded }) => !succeeded);
  if (last === 'old-serves' && unhealthy) return 'stop-caller';
  return ORDER[ORDER.indexOf(last) + 1];
}
