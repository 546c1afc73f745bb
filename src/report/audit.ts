import type { GateReport, PluginResult } from '../gate/report.ts';

/** The name of the file, beside the reports. */
export const AUDIT_FILE = 'audit.jsonl';

/**
 * What loading each plugin did, in its order, as JSON lines: each entry of the audit trail with the plugin and target that it
 * is about. Empty when nothing was loaded. A report that was read from a file holds what somebody else wrote: entries that
 * are no objects are passed over.
 */
export function renderAudit({ plugins }: Pick<GateReport, 'plugins'>): string {
  return plugins
    .flatMap((result) =>
      trailOf(result).map((entry) => `${JSON.stringify({ plugin: result.plugin, target: result.target, ...entry })}\n`),
    )
    .join('');
}

function trailOf({ steps }: PluginResult): readonly object[] {
  const evidence = steps.find(({ step }) => step === 'load')?.evidence;
  if (typeof evidence !== 'object' || evidence === null || !('trail' in evidence)) return [];
  const { trail } = evidence;
  return Array.isArray(trail) ? trail.filter((entry) => typeof entry === 'object' && entry !== null) : [];
}
