import type { EarlierRun, GateReport, PluginResult, StepResult } from '../gate/report.ts';
import { plural } from '../text/units.ts';

/** What of a report was found out in earlier runs, in words. All texts are raw: file names of others stand in them. */

/** How many results stand for steps that did not run, and why none do; undefined where no results are kept. */
export function reuseSummary({ plugins, cache }: Pick<GateReport, 'plugins' | 'cache'>): string | undefined {
  const steps = plugins.flatMap((result) => result.steps.flatMap(({ reuse }) => reuse ?? []));
  if (steps.length === 0) return cache?.note;
  const reused = steps.filter((one) => one.reused).length;
  const counted = `${reused} of ${plural(steps.length, 'result')} ${reused === 1 ? 'is that' : 'are those'} of an earlier run with the same inputs; signatures, policy and waivers were checked anew.`;
  return cache === undefined ? counted : `${counted} ${cache.note}`;
}

/** Why each plugin was rebuilt, checked anew or not, one line for each; empty where no results are kept. */
export function reuseLines(plugins: readonly PluginResult[]): readonly string[] {
  return plugins.flatMap(({ plugin, target, steps }) => {
    const groups = new Map<string, string[]>();
    for (const result of steps) {
      const words = reuseWords(result);
      if (words !== '') groups.set(words, [...(groups.get(words) ?? []), result.step]);
    }
    if (groups.size === 0) return [];
    const parts = [...groups].map(([words, names]) => `${names.join(', ')} ${words}`);
    return [`${plugin} for ${target}: ${parts.join('; ')}`];
  });
}

/** `reused from the run of 2026-11-22 21:41 UTC`, `rebuilt: inc/x.h changed`; empty where there is nothing to say. */
export function reuseWords({ step, reuse }: StepResult): string {
  if (reuse === undefined) return '';
  if (!reuse.reused) return `${step === 'build' ? 'rebuilt' : 'checked anew'}: ${reuse.why}`;
  return reuse.from === undefined ? 'reused' : `reused: ${reuse.why} as in ${runName(reuse.from)}`;
}

function runName({ time, commit, run }: EarlierRun): string {
  const when = `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;
  const number = /\/runs\/(\d{1,20})$/.exec(run ?? '')?.[1];
  const at = commit === undefined ? '' : ` at ${commit.replace(/[^0-9a-f]/gi, '').slice(0, 12)}`;
  return `${number === undefined ? 'the run' : `run ${number}`} of ${when}${at}`;
}
