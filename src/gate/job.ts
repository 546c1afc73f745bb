import { isEnvironmentError, isUsageError } from '../errors.ts';
import type { Finding, PlacedFinding, Step } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { GateContext, GateStep, Known } from './known.ts';
import type { Job } from './plan.ts';
import type { Prepared } from './prepare.ts';
import type { StepReuse } from './report.ts';

/** A step as it ran, before the policy has a say. */
export interface RanStep {
  readonly step: Step;
  readonly skipped: boolean;
  readonly summary: string;
  readonly evidence?: unknown;
  readonly reuse?: StepReuse;
  /** Milliseconds. */
  readonly durationMs: number;
}

export interface RanJob {
  readonly job: Job;
  readonly known: Known;
  readonly steps: readonly RanStep[];
  readonly findings: readonly PlacedFinding[];
}

/**
 * Runs the steps of one job in their order. A step that throws becomes a finding, and the others go on: one broken
 * plugin or tool must not hide what can be said of the rest. Wrong configuration alone ends the run.
 * @throws UsageError
 */
export async function runJob(
  job: Job,
  prepared: Prepared,
  steps: readonly (readonly [Step, GateStep])[],
  context: GateContext,
): Promise<RanJob> {
  return resumeJob({ job, known: { prepared, facts: {} }, steps: [], findings: [] }, steps, context);
}

/**
 * Goes on with a job: further steps after those that ran.
 * @throws UsageError
 */
export async function resumeJob(
  begun: RanJob,
  steps: readonly (readonly [Step, GateStep])[],
  context: GateContext,
): Promise<RanJob> {
  const { job } = begun;
  let { known } = begun;
  const ran: RanStep[] = [...begun.steps];
  const findings: PlacedFinding[] = [...begun.findings];
  for (const [step, runStep] of steps) {
    const started = performance.now();
    const done = (summary: string, skipped: boolean, evidence?: unknown, reuse?: StepReuse): void => {
      const durationMs = Math.round((performance.now() - started) * 10) / 10;
      const more = { ...(evidence === undefined ? {} : { evidence }), ...(reuse === undefined ? {} : { reuse }) };
      ran.push({ step, skipped, summary, durationMs, ...more });
    };
    const place = (found: readonly Finding[]): void => {
      for (const one of found) findings.push({ ...one, plugin: job.plugin.name, target: job.target, step });
    };
    try {
      const { outcome, known: added, reuse } = await runStep(job, known, context);
      if (added !== undefined) known = { ...known, ...added, facts: { ...known.facts, ...added.facts } };
      if ('skipped' in outcome) {
        place(outcome.findings ?? []);
        done(outcome.skipped, true, undefined, reuse);
      } else {
        place(outcome.findings);
        done(outcome.summary, false, outcome.evidence, reuse);
      }
    } catch (error) {
      if (isUsageError(error)) throw error;
      const message = error instanceof Error ? error.message : String(error);
      if (isEnvironmentError(error)) {
        place([finding('gate/environment', message, { subject: step })]);
      } else {
        const details = error instanceof Error ? error.stack : undefined;
        place([finding('gate/internal', `The step ${step} failed: ${message}`, { subject: step, details })]);
      }
      done('did not finish', false);
    }
  }
  return { job, known, steps: ran, findings };
}
