import { expandTokens } from '../build/tokens.ts';
import type { ConfigFiles } from '../config/read.ts';
import type { PlacedFinding } from '../rules/finding.ts';
import { member } from '../signature/json.ts';
import {
  type Blocking,
  type DecidedStep,
  type Decision,
  type Evidence,
  packageUrl,
  type Result,
} from '../verdict/decision.ts';
import { policyDigestOf } from '../verdict/policy-digest.ts';
import type { RanJob } from './job.ts';
import type { Job } from './plan.ts';
import type { GateReport, JudgedFinding, PluginResult } from './report.ts';

/** Blocking findings that a decision names. */
const MOST_BLOCKING = 50;

export interface DecideRequest {
  readonly ran: readonly RanJob[];
  /** The same jobs as the report shows them, in the same order. */
  readonly plugins: readonly PluginResult[];
  /** Before policy and waivers. */
  readonly raw: readonly PlacedFinding[];
  /** After waivers and a policy under which what is undecided blocks. */
  readonly strict: readonly JudgedFinding[];
  readonly config: ConfigFiles;
  readonly tool: string;
  readonly source: GateReport['source'];
  /** ISO 8601, UTC. */
  readonly time: string;
}

/** What the gate came to about each plugin and target. Pure. */
export function decide(request: DecideRequest): readonly Decision[] {
  return request.ran.flatMap((ran, at) => {
    const result = request.plugins[at];
    return result === undefined ? [] : [decisionOf(ran, result, request)];
  });
}

/** Findings about the whole, such as a relaxed policy, are about every plugin. */
function isAbout({ plugin, target }: PlacedFinding, job: Job): boolean {
  return (plugin === undefined || plugin === job.plugin.name) && (target === undefined || target === job.target);
}

function decisionOf({ job, steps }: RanJob, shown: PluginResult, request: DecideRequest): Decision {
  const { config, source, tool, time } = request;
  const { plugin, target } = job;
  const blocking = request.strict.filter((one) => one.blocks && isAbout(one, job));
  const result = resultOf(blocking, shown);
  const inputs = steps.filter(({ step }) => step === 'verify').flatMap(({ evidence }) => verifiedSignature(evidence));
  const resource = config.config.verdict?.resource;
  return {
    plugin: plugin.name,
    kind: plugin.kind,
    target,
    ...(plugin.version === undefined ? {} : { version: plugin.version }),
    resource:
      resource === undefined
        ? packageUrl(plugin.name, target, plugin.version)
        : expandTokens(resource, job.tokens, 'verdict.resource'),
    ...(shown.artifact === undefined ? {} : { artifact: shown.artifact }),
    ...(shown.baseline === undefined ? {} : { baseline: { name: shown.baseline.file, digest: shown.baseline.digest } }),
    result,
    reason: reasonOf(result, blocking, shown),
    time,
    policy: { name: `${config.file}#policy`, digest: policyDigestOf(job, config.config.policy, config.waivers) },
    config: { name: config.file, digest: config.digest },
    tool,
    ...(source === undefined ? {} : { source }),
    steps: shown.steps.map(({ step, status }): DecidedStep => {
      const trouble = request.raw.some(
        (one) => one.step === step && isAbout(one, job) && (one.severity === 'error' || one.severity === 'undecided'),
      );
      const clean = !trouble && (status === 'pass' || status === 'warn');
      // The step also compares versions, and passes where no signature was asked for.
      return { step, status, clean: clean && (step !== 'verify' || inputs.length > 0) };
    }),
    inputs,
    blocking: blocking.slice(0, MOST_BLOCKING).map(blockingOf),
    blockingCount: blocking.length,
  };
}

function resultOf(blocking: readonly JudgedFinding[], { artifact }: PluginResult): Result {
  if (blocking.some(({ severity }) => severity === 'error')) return 'failed';
  return blocking.length > 0 || artifact === undefined ? 'undecided' : 'passed';
}

function reasonOf(result: Result, blocking: readonly JudgedFinding[], shown: PluginResult): string {
  const [first, ...more] = blocking;
  if (first !== undefined) return more.length === 0 ? first.message : `${first.message} And ${more.length} more.`;
  if (result !== 'passed') return 'There was no file to look at.';
  const ran = shown.steps.filter(({ status }) => status !== 'skipped').map(({ step }) => step);
  return `Nothing blocks; the steps that ran are ${ran.join(', ')}.`;
}

function blockingOf({ rule, severity, subject, fingerprint }: JudgedFinding): Blocking {
  return {
    rule,
    severity: severity === 'error' ? 'error' : 'undecided',
    ...(subject === undefined ? {} : { subject: subject.slice(0, 300) }),
    fingerprint,
  };
}

/** The signature file that the step verify accepted. */
function verifiedSignature(evidence: unknown): readonly Evidence[] {
  const name = member(evidence, 'signature', 'name');
  const digest = member(evidence, 'signature', 'digest');
  if (member(evidence, 'verified') !== true || typeof name !== 'string' || typeof digest !== 'string') return [];
  return [{ name, digest }];
}
