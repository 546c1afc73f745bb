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
/** native/gohost/swap.go: nothing is closed. */
const GO_ORDER = [
  'open-old',
  'probe-old',
  'start-caller',
  'open-new',
  'probe-new',
  'old-serves',
  'switch',
  'roll-back',
  'stop-caller',
  'reprobe-old',
];

/** Acts in which the new release is not in the process yet. */
const ONLY_OLD: ReadonlySet<string> = new Set(['open-old', 'probe-old', 'start-caller']);

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
export function swapFindings({ acts, failed, served, ended, how, signal, rules }: Swap): readonly Finding[] {
  const findings: Finding[] = [];
  const [first] = acts.filter(({ succeeded }) => !succeeded);
  if (first !== undefined) findings.push(failure(first, rules));
  if (!ended) {
    const last = acts.at(-1)?.name;
    const order = rules === 'go' ? GO_ORDER : ORDER;
    const next = last === undefined ? order[0] : nextOf(last, acts, order);
    const cause = signal ?? (how === 'timeout' ? 'no answer in time' : (how ?? 'an unknown cause'));
    // Until the new release is opened, whatever happens is the previous one's doing.
    const rule: RuleId = next !== undefined && ONLY_OLD.has(next) ? 'swap/not-rehearsed' : 'swap/broke';
    findings.push(
      finding(rule, `The rehearsal broke off with ${cause} when ${ACTS[next ?? ''] ?? 'the process ended'}.`, {
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

function failure({ name, text, number }: SwapAct, rules: Swap['rules']): Finding {
  const rule = RULES[name] ?? 'swap/not-rehearsed';
  const result = number === undefined ? '' : ` (it returned ${number})`;
  const shared = rules === 'go' ? SHARED_PACKAGE.exec(text ?? '')?.[1] : undefined;
  const cause = shared === undefined ? '' : `: the package ${shared}, which both have, differs`;
  return finding(rule, `The rehearsal failed when ${ACTS[name] ?? name}${result}${cause}.`, {
    subject: name,
    details: text,
    ...(shared === undefined ? {} : { fix: SHARED_FIX }),
  });
}

/** What plugin.Open says when a package that is in memory already was built otherwise: runtime/plugin.go. */
const SHARED_PACKAGE = /plugin was built with a different version of package (\S+)/;
const SHARED_FIX =
  'A Go host keeps each package as the first plugin brought it, and nothing is unloaded. Restart hosts for this release; or leave what both releases import as it is and change package main only.';

/** The act that was under way when the process ended: after an unhealthy probe the switch is left out. */
function nextOf(last: string, acts: readonly SwapAct[], order: readonly string[]): string | undefined {
  const unhealthy = acts.some(({ succeeded }) => !succeeded);
  if (last === 'old-serves' && unhealthy) return 'stop-caller';
  return order[order.indexOf(last) + 1];
}
