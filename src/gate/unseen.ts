import type { PlacedFinding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { RanJob } from './job.ts';
import type { JudgedFinding } from './report.ts';

/**
 * What nobody looked at, where policy and waivers let pass the findings that kept the gate from looking: switching off
 * `build/failed` must not turn a plugin that was never built into one that passes. Jobs that are blocked anyway need
 * no further word.
 * @param judged the findings of the same jobs after policy and waivers
 */
export function unseen(ran: readonly RanJob[], judged: readonly JudgedFinding[]): readonly PlacedFinding[] {
  return ran.flatMap(({ job, known }): PlacedFinding[] => {
    const { name } = job.plugin;
    const place = { plugin: name, target: job.target };
    const blocked = judged.some(
      ({ blocks, plugin, target }) => blocks && plugin === place.plugin && target === place.target,
    );
    if (blocked) return [];
    if (known.image === undefined && known.readBefore !== true) {
      const message = `No file of the plugin ${name} could be read for ${job.target}, so nothing of it was checked.`;
      return [{ ...finding('gate/not-checked', message, { subject: name }), ...place, step: 'read' }];
    }
    if (known.signature === 'refused') {
      const message = 'The plugin was not loaded, since its signature was refused.';
      return [{ ...finding('load/not-run', message, { subject: name }), ...place, step: 'load' }];
    }
    return [];
  });
}
