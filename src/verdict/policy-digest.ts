import { createHash } from 'node:crypto';
import type { GateConfig, PluginConfig } from '../config/schema.ts';
import type { Job } from '../gate/plan.ts';
import type { Waiver } from '../rules/waivers.ts';

/** What a plugin is, how it is built and where its files are: that is judged, and does not judge. */
const JUDGED = ['name', 'kind', 'artifact', 'build', 'targets', 'version', 'baseline', 'signature', 'sandbox'] as const;

function asked(plugin: PluginConfig): unknown {
  const judged = new Set<string>(JUDGED);
  return Object.fromEntries(Object.entries(plugin).filter(([key]) => !judged.has(key)));
}

/** The same text for the same content, whatever the order of keys. */
function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? 'null'
  );
}

/**
 * `sha256:<hex>` over everything that was asked of one plugin: policy, waivers that can cover it, symbols, hosts, probe,
 * public headers, signature, sandbox, and whether it is compared with a release before. It stays the same from release
 * to release as long as nobody changes what is asked; version, build and the file of the baseline are no part of it.
 */
export function policyDigestOf(job: Job, policy: GateConfig['policy'], waivers: readonly Waiver[]): string {
  const applying = waivers
    .filter(({ plugin }) => plugin === undefined || plugin === job.plugin.name)
    .filter(({ target }) => target === undefined || target === job.target)
    .map(({ rule, subject, reason, owner, expires }) => canonical([rule, subject, reason, owner, expires]))
    .sort();
  const { undecided, rules } = policy;
  const compared = job.baseline?.none ?? (job.baseline === undefined ? 'nothing' : 'a release');
  const text = canonical([
    'plugin-gate/asked/v1',
    { undecided, rules, waivers: applying },
    asked(job.plugin),
    { compared, signature: job.signature ?? null, sandbox: job.sandbox },
  ]);
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
