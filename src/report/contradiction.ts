import type { GateReport, GateVerdict, PluginResult, StepStatus } from '../gate/report.ts';
import { statusOf, totalsOf } from '../rules/judge.ts';

const BY_VERDICT: Readonly<Record<GateVerdict, number>> = { pass: 0, undecided: 1, fail: 2 };
const BY_STATUS: Readonly<Record<StepStatus, number>> = { skipped: 0, pass: 0, warn: 1, undecided: 2, fail: 3 };

/**
 * Where a report says that more was found than its findings show: then findings were lost on the way, and what is left
 * of it can't tell that nothing blocks. That it says less is no matter, since whoever reads a report from elsewhere works
 * all of that out from the findings. Pure.
 * @param report as it was read, its verdict and counts as whoever wrote it left them
 * @returns undefined when nothing contradicts
 */
export function contradictionOf(report: GateReport): string | undefined {
  const shown = totalsOf(report.findings, 0);
  if (BY_VERDICT[report.verdict] > BY_VERDICT[shown.verdict]) {
    return `its verdict is "${report.verdict}" and its findings come to "${shown.verdict}"`;
  }
  for (const kind of ['error', 'undecided', 'warning', 'note', 'waived', 'blocking'] as const) {
    const [counted, there] = [report.counts[kind], shown.counts[kind]];
    if (counted > there) return `it counts ${counted} findings as "${kind}" and has ${there}`;
  }
  for (const plugin of report.plugins) {
    const why = inPlugin(plugin, report);
    if (why !== undefined) return `${why} of ${plugin.plugin} for ${plugin.target}`;
  }
  return undefined;
}

function inPlugin({ plugin, target, status, steps, artifact }: PluginResult, report: GateReport): string | undefined {
  const own = report.findings.filter((one) => one.plugin === plugin && one.target === target);
  if (BY_STATUS[status] > BY_STATUS[statusOf(own)]) return `no finding explains the status "${status}"`;
  for (const one of steps) {
    const explained = statusOf(own.filter(({ step }) => step === one.step));
    if (BY_STATUS[one.status] > BY_STATUS[explained]) {
      return `no finding explains "${one.status}" in the step ${one.step}`;
    }
  }
  const unread = artifact !== undefined && steps.some(({ step, status }) => step === 'read' && status === 'skipped');
  return unread ? 'the step read was skipped, and there is a file,' : undefined;
}
