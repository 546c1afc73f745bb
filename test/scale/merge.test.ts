import { describe, expect, it } from '@jest/globals';
import type { GateReport, JudgedFinding, PluginResult } from '../../src/gate/report.ts';
import { STEPS } from '../../src/rules/finding.ts';
import { DEFAULT_POLICY } from '../../src/rules/policy.ts';
import { type MergeRequest, mergeReports, type ShardReport } from '../../src/scale/merge.ts';
import { makePlan, matrixOf, parsePlan } from '../../src/scale/plan.ts';
import { sampleFinding, sampleReport } from '../github/sample-report.ts';

const COMMIT = 'a'.repeat(40);
const head = {
  tool: { name: 'plugin-gate' as const, version: '1.0.0' },
  config: { file: 'plugin-gate.yml', digest: `sha256:${'0'.repeat(64)}` },
  source: { commit: COMMIT },
};

const jobs = ['a', 'b', 'c', 'd'].flatMap((plugin) =>
  ['linux/amd64', 'linux/arm64'].map((target) => ({ plugin, target, cost: 10 })),
);
const plan = makePlan(head, jobs, 4);

function resultOf(plugin: string, target: string): PluginResult {
  return {
    plugin,
    kind: 'elf',
    target,
    status: 'pass',
    artifact: { file: `${plugin}.so`, digest: `sha256:${'1'.repeat(64)}`, size: 1 },
    steps: STEPS.map((step) => ({ step, status: 'pass' as const, durationMs: 1, summary: 'done' })),
    facts: {},
  };
}

function shardReport(id: string, more: Partial<GateReport> = {}, findings: readonly JudgedFinding[] = []): ShardReport {
  const shard = plan.shards.find((one) => one.id === id);
  const plugins = (shard?.jobs ?? []).map(({ plugin, target }) => resultOf(plugin, target));
  const report = sampleReport(findings, { plugins, source: head.source, shard: { plan: plan.digest, id }, ...more });
  return { from: `${id}/report.json`, report };
}

const ids = plan.shards.map(({ id }) => id);
const all = () => ids.map((id) => shardReport(id));

function merged(reports: readonly ShardReport[], more: Partial<MergeRequest> = {}): GateReport {
  return mergeReports({
    plan,
    reports,
    policy: DEFAULT_POLICY,
    waivers: [],
    today: '2026-11-22',
    startedAt: '2026-11-22T12:00:00.000Z',
    version: '1.0.0',
    ...more,
  });
}

const shown = ({ findings }: GateReport) => findings.map(({ rule, subject }) => `${rule} ${subject}`);

describe('a plan', () => {
  it('gives every job to one shard, by architecture', () => {
    expect(ids).toEqual(['amd64-001', 'amd64-002', 'arm64-001', 'arm64-002']);
    const planned = plan.shards.flatMap((shard) => shard.jobs.map(({ plugin, target }) => `${plugin} ${target}`));
    expect(planned.sort()).toEqual(jobs.map(({ plugin, target }) => `${plugin} ${target}`).sort());
    expect(JSON.parse(matrixOf(plan)).include[2]).toEqual({
      shard: 'arm64-001',
      arch: 'arm64',
      runner: 'ubuntu-24.04-arm',
    });
  });

  it('never has more shards than a matrix may have', () => {
    const many = Array.from({ length: 10_000 }, (_, at) => ({ plugin: `p${at}`, target: 'linux/amd64', cost: 1 + at }));
    expect(makePlan(head, many).shards).toHaveLength(256);
    expect(makePlan(head, many.slice(0, 3)).shards).toHaveLength(1);
    expect(() => makePlan(head, jobs, 1)).toThrow(/2 architectures/);
    expect(() => makePlan(head, [])).toThrow(/nothing to plan/);
  });

  it('is read back as it was written, and not when it was changed', () => {
    const text = JSON.stringify(plan);
    expect(parsePlan(text)).toEqual(plan);
    expect(() => parsePlan(text.replace('"plugin":"a"', '"plugin":"z"'))).toThrow(/changed/);
    expect(() => parsePlan('{}')).toThrow(/not a plan/);
    expect(() => parsePlan('{')).toThrow(/not JSON/);
    const [first] = plan.shards;
    const twice = makePlan(head, [...jobs, { plugin: 'a', target: 'linux/amd64', cost: 1 }], 4);
    expect(first).toBeDefined();
    expect(() => parsePlan(JSON.stringify(twice))).toThrow(/twice/);
  });
});

describe('the reports of all shards', () => {
  it('come to one verdict', () => {
    const report = merged(all());
    expect(report.verdict).toBe('pass');
    expect(report.plugins).toHaveLength(jobs.length);
    expect(report.findings).toEqual([]);
    expect(report.shard).toBeUndefined();
  });

  it('are the same in any order', () => {
    expect(merged(all().toReversed())).toEqual(merged(all()));
  });

  it('block when one of them blocks', () => {
    const finding = sampleFinding(1, { plugin: 'a', target: 'linux/amd64' });
    const id = plan.shards.find(({ jobs: own }) =>
      own.some((job) => job.plugin === 'a' && job.target === 'linux/amd64'),
    )?.id;
    const report = merged(ids.map((one) => shardReport(one, {}, one === id ? [finding] : [])));
    expect(report.verdict).toBe('fail');
    expect(report.plugins.filter(({ status }) => status === 'fail').map(({ plugin }) => plugin)).toEqual(['a']);
  });

  it('are judged as a whole, whatever a shard says of itself', () => {
    const [plugin] = plan.shards[0]?.jobs ?? [];
    const lie = sampleFinding(1, {
      ...plugin,
      blocks: false,
      waiver: { reason: 'x', owner: 'x', expires: '2030-01-01' },
    });
    const [first = '', ...rest] = ids;
    const report = merged([shardReport(first, { verdict: 'pass' }, [lie]), ...rest.map((id) => shardReport(id))]);
    expect(report.verdict).toBe('fail');
  });

  it('tell once what every shard says of the policy', () => {
    const about = sampleFinding(1, {
      rule: 'policy/relaxed',
      severity: 'warning',
      subject: 'x',
      plugin: undefined,
      target: undefined,
      step: undefined,
      blocks: false,
    });
    expect(shown(merged(ids.map((id) => shardReport(id, {}, [about]))))).toEqual(['policy/relaxed x']);
  });

  it('tell a waiver unused only when no shard needed it', () => {
    const waiver = { rule: 'sym/added', subject: 'x', reason: 'r', owner: 'o', expires: '2028-01-01' } as const;
    expect(shown(merged(all(), { waivers: [waiver] }))).toEqual(['policy/waiver-unused sym/added x']);
    expect(shown(merged(all().slice(1), { waivers: [waiver] }))).not.toContain('policy/waiver-unused sym/added x');
  });

  const [first = '', second = ''] = ids;
  const others = () => ids.slice(1).map((id) => shardReport(id));

  it.each<[string, readonly ShardReport[], string]>([
    ['is missing', others(), `gate/shard-missing ${first}`],
    [
      'cannot be read',
      [{ from: 'x/report.json', problem: 'no JSON' }, ...others()],
      'gate/shard-invalid x/report.json',
    ],
    [
      'is there twice',
      [shardReport(first), { ...shardReport(first), from: 'again' }, ...others()],
      'gate/shard-invalid again',
    ],
    [
      'is there three times',
      [shardReport(first), shardReport(first), { ...shardReport(first), from: 'third' }, ...others()],
      'gate/shard-invalid third',
    ],
    [
      'was made for another plan',
      [shardReport(first, { shard: { plan: `sha256:${'9'.repeat(64)}`, id: first } }), ...others()],
      `gate/shard-invalid ${first}/report.json`,
    ],
    ['is no shard', [shardReport(first, { shard: undefined }), ...others()], `gate/shard-invalid ${first}/report.json`],
    [
      'is of an unknown shard',
      [...all(), { ...shardReport(first, { shard: { plan: plan.digest, id: 'amd64-999' } }), from: 'y' }],
      'gate/shard-invalid y',
    ],
    [
      'has the plugins of another shard',
      [shardReport(second, { shard: { plan: plan.digest, id: first } }), ...others()],
      `gate/shard-invalid ${second}/report.json`,
    ],
    ['lacks a plugin', [shardReport(first, { plugins: [] }), ...others()], `gate/shard-invalid ${first}/report.json`],
    [
      'is of another commit',
      [shardReport(first, { source: { commit: 'b'.repeat(40) } }), ...others()],
      `gate/shard-invalid ${first}/report.json`,
    ],
    [
      'had another configuration',
      [shardReport(first, { config: { file: 'plugin-gate.yml', digest: `sha256:${'5'.repeat(64)}` } }), ...others()],
      `gate/shard-invalid ${first}/report.json`,
    ],
    [
      'was judged by another policy',
      [shardReport(first, { policy: { commit: 'b'.repeat(40), digest: `sha256:${'5'.repeat(64)}` } }), ...others()],
      `gate/shard-invalid ${first}/report.json`,
    ],
    [
      'skipped a step without a word',
      [
        shardReport(first, {
          plugins: (plan.shards[0]?.jobs ?? []).map(({ plugin, target }) => ({
            ...resultOf(plugin, target),
            steps: [],
          })),
        }),
        ...others(),
      ],
      `gate/shard-invalid ${first}/report.json`,
    ],
    [
      'saw no file',
      [
        shardReport(first, {
          plugins: (plan.shards[0]?.jobs ?? []).map(({ plugin, target }) => ({
            ...resultOf(plugin, target),
            artifact: undefined,
          })),
        }),
        ...others(),
      ],
      `gate/not-checked ${plan.shards[0]?.jobs[0]?.plugin}`,
    ],
    [
      'speaks of the plugins of others',
      [shardReport(first, {}, [sampleFinding(1, { plugin: 'zz', target: 'linux/amd64' })]), ...others()],
      `gate/shard-invalid ${first}/report.json`,
    ],
    [
      'says that it failed and lost the finding',
      [shardReport(first, { verdict: 'fail' }), ...others()],
      `gate/shard-invalid ${first}/report.json`,
    ],
    [
      'counts more findings than it has',
      [
        shardReport(first, {
          counts: { error: 0, warning: 0, note: 0, undecided: 1, waived: 0, blocking: 1 },
        }),
        ...others(),
      ],
      `gate/shard-invalid ${first}/report.json`,
    ],
    ...(['load', 'read'] as const).map((step): [string, readonly ShardReport[], string] => [
      step === 'load' ? 'has a step undecided and nothing that says why' : 'did not read the files that it names',
      [
        shardReport(first, {
          plugins: (plan.shards[0]?.jobs ?? []).map((job) => {
            const result = resultOf(job.plugin, job.target);
            const status = step === 'load' ? 'undecided' : 'skipped';
            return { ...result, steps: result.steps.map((one) => (one.step === step ? { ...one, status } : one)) };
          }),
        }),
        ...others(),
      ],
      `gate/shard-invalid ${first}/report.json`,
    ]),
  ])('never pass when one %s', (_, reports, expected) => {
    for (const undecided of ['fail', 'ignore'] as const) {
      const report = merged(reports, { policy: { undecided, rules: {} } });
      expect(report.verdict).toBe('fail');
      expect(shown(report)).toContain(expected);
    }
  });
});
