import { createHash } from 'node:crypto';
import type { GateConfig, PluginConfig } from '../config/schema.ts';
import type { Job } from '../gate/plan.ts';
import type { Waiver } from '../rules/waivers.ts';
import { canonical } from '../text/canonical.ts';

/** What a plugin is, how it is built and where its files are: that is judged, and does not judge. */
const JUDGED = ['name', 'kind', 'artifact', 'build', 'targets', 'version'] as const;
/** Sections that can stand for all plugins and for one. */
const SHARED = ['baseline', 'signature', 'sandbox', 'rollback'] as const;

function asked(plugin: PluginConfig): unknown {
  const elsewhere = new Set<string>([...JUDGED, ...SHARED]);
  return Object.fromEntries(Object.entries(plugin).filter(([key]) => !elsewhere.has(key)));
}

/**
 * `sha256:<hex>` over everything that was asked of one plugin: policy, waivers that can cover it, symbols, hosts, probe,
 * public headers, signature, sandbox, rollback, and where the release before comes from. It stays the same from release to
 * release as long as nobody changes what is asked: version, build, and version and digest of the release before are no
 * part of it.
 */
export function policyDigestOf(job: Job, policy: GateConfig['policy'], waivers: readonly Waiver[]): string {
  const applying = waivers
    .filter(({ plugin }) => plugin === undefined || plugin === job.plugin.name)
    .filter(({ target }) => target === undefined || target === job.target)
    .map(({ rule, subject, reason, owner, expires }) => canonical([rule, subject, reason, owner, expires]))
    .sort();
  const { undecided, rules } = policy;
  const { version: _, digest: __, ...compared } = job.baseline ?? {};
  const text = canonical([
    'plugin-gate/asked/v1',
    { undecided, rules, waivers: applying },
    asked(job.plugin),
    { compared, signature: job.signature ?? null, sandbox: job.sandbox, rollback: job.rollback ?? null },
  ]);
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
