import { availableParallelism, totalmem } from 'node:os';
import { Slots } from '../loader/slots.ts';
import type { Step } from '../rules/finding.ts';
import { type RanJob, resumeJob } from './job.ts';
import type { GateContext, GateStep } from './known.ts';
import { type Progress, SILENT } from './step.ts';

type Steps = readonly (readonly [Step, GateStep])[];

/** A job whose plugin is built, compared and cleared, and what is left to do of it: to load it. */
export interface Cleared {
  readonly ran: RanJob;
  readonly last: Steps;
}

/** Bytes of memory for each plugin that is loaded at a time; most take some megabytes, a Go host some tens. */
const ROOM = 2 * 1024 ** 3;

/** Plugins that are loaded at a time: more than processors would make each other miss their time limits. */
export function mostAtOnce(processors = availableParallelism(), memory = totalmem()): number {
  return Math.max(1, Math.min(processors, Math.floor(memory / ROOM)));
}

/** The steps before loading, which go one job after the other, and loading, which does not. */
export function beforeLoading(steps: Steps): { readonly first: Steps; readonly last: Steps } {
  const at = steps.findIndex(([step]) => step === 'load');
  return at < 0 ? { first: steps, last: [] } : { first: steps.slice(0, at), last: steps.slice(at) };
}

/**
 * Loads plugins beside each other, each in processes of its own: what one does harms no other. The result has the order that
 * was asked for, whichever is done first.
 * @throws UsageError as runJob(); the others are waited for before
 */
export async function loadTogether(cleared: readonly Cleared[], context: GateContext): Promise<readonly RanJob[]> {
  const slots = new Slots(mostAtOnce());
  const many = cleared.length > 1;
  if (many) context.progress.start(`loading ${cleared.length} plugins`);
  // Activities that overlap are told as one.
  const progress: Progress = many ? SILENT : context.progress;
  const outcomes = await Promise.allSettled(
    cleared.map(({ ran, last }) => slots.run(() => resumeJob(ran, last, { ...context, progress }))),
  );
  if (many) context.progress.end();
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}
