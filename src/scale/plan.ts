import { createHash } from 'node:crypto';
import { z } from 'zod';
import { UsageError } from '../errors.ts';
import type { GateReport } from '../gate/report.ts';
import { balance, type CostedJob, MOST_SHARDS, share } from './balance.ts';
import { groupBy } from './group.ts';

const name = z.string().min(1).max(4096);
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

const planSchema = z.strictObject({
  schema: z.literal('plugin-gate/plan/v1'),
  tool: z.strictObject({ name: z.literal('plugin-gate'), version: name }),
  config: z.strictObject({ file: name, digest }),
  source: z.strictObject({ repository: name.optional(), commit: name.optional(), ref: name.optional() }).optional(),
  shards: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[a-z0-9]+-[0-9]{3}$/),
        /** Architecture of the runner, in Go's terms. */
        arch: z.string().regex(/^[a-z0-9]+$/),
        cost: z.number().positive(),
        jobs: z
          .array(z.strictObject({ plugin: name, target: name }))
          .min(1)
          .max(50_000),
      }),
    )
    .min(1)
    .max(MOST_SHARDS),
  digest,
});

/** Which shard checks what. The digest is over all the rest: a report that names it was made for this plan and no other. */
export type Plan = z.output<typeof planSchema>;

export type PlanHead = Pick<Plan, 'tool' | 'config'> & { readonly source?: GateReport['source'] };

/** Jobs to a shard when nothing is said: enough to be worth the start of a runner. */
const USUAL_JOBS = 8;

function digestOf(plan: Omit<Plan, 'digest'>): string {
  const { schema, tool, config, source, shards } = plan;
  const canonical = JSON.stringify([
    schema,
    tool.version,
    config.file,
    config.digest,
    [source?.repository ?? null, source?.commit ?? null, source?.ref ?? null],
    shards.map(({ id, arch, cost, jobs }) => [id, arch, cost, jobs.map(({ plugin, target }) => [plugin, target])]),
  ]);
  return `sha256:${createHash('sha256').update(canonical).digest('hex')}`;
}

/**
 * Spreads jobs over balanced shards, each for one architecture.
 * @param shards how many at most; 256 is the limit of a matrix
 * @throws UsageError for no jobs, or more architectures than shards
 */
export function makePlan(head: PlanHead, jobs: readonly CostedJob[], shards?: number): Plan {
  if (jobs.length === 0) throw new UsageError('There is nothing to plan: no plugin was named.');
  const groups = [...groupBy(jobs, ({ target }) => target.split('/')[1] ?? target)].sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const most = Math.min(shards ?? Math.ceil(jobs.length / USUAL_JOBS), MOST_SHARDS);
  if (shards !== undefined && shards < groups.length) {
    throw new UsageError(`${groups.length} architectures need as many shards at least, not ${shards}.`);
  }
  const counts = share(
    groups.map(([, own]) => ({ cost: own.reduce((sum, { cost }) => sum + cost, 0), jobs: own.length })),
    most,
  );
  const made = groups.flatMap(([arch, own], at) =>
    balance(own, counts[at] ?? 1).map((bin, index) => ({
      id: `${arch}-${String(index + 1).padStart(3, '0')}`,
      arch,
      cost: bin.reduce((sum, { cost }) => sum + cost, 0),
      jobs: bin.map(({ plugin, target }) => ({ plugin, target })),
    })),
  );
  const { tool, config, source } = head;
  const plan = { schema: 'plugin-gate/plan/v1' as const, tool, config, ...(source && { source }), shards: made };
  return { ...plan, digest: digestOf(plan) };
}

/**
 * A plan that another job made.
 * @throws UsageError when it is none, was changed, or names a job twice
 */
export function parsePlan(json: string): Plan {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new UsageError('The plan is not JSON. It is made by "plugin-gate plan".');
  }
  const result = planSchema.safeParse(value);
  if (!result.success) {
    const [first] = result.error.issues;
    throw new UsageError(`This is not a plan of plugin-gate/plan/v1: ${first?.path.join('.')}: ${first?.message}`);
  }
  const plan = result.data;
  if (digestOf(plan) !== plan.digest)
    throw new UsageError('The plan was changed: its digest is not that of its content.');
  const ids = new Set(plan.shards.map(({ id }) => id));
  const jobs = plan.shards.flatMap((shard) => shard.jobs.map(({ plugin, target }) => JSON.stringify([plugin, target])));
  if (ids.size !== plan.shards.length || new Set(jobs).size !== jobs.length) {
    throw new UsageError('The plan names a shard or a job twice.');
  }
  return plan;
}

/** Where an architecture's shards run on GitHub. */
const RUNNERS: Readonly<Record<string, string>> = { amd64: 'ubuntu-24.04', arm64: 'ubuntu-24.04-arm' };

/** The matrix of a workflow: `{"include":[{"shard":"amd64-001","arch":"amd64","runner":"ubuntu-24.04"}]}`. */
export function matrixOf({ shards }: Plan): string {
  const include = shards.map(({ id, arch }) => ({ shard: id, arch, runner: RUNNERS[arch] ?? 'ubuntu-24.04' }));
  return JSON.stringify({ include });
}
