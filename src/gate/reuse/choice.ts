import type { Labels } from './labels.ts';
import type { KeptResult, KeptStep } from './record.ts';
import { isRecent, type Session } from './session.ts';
import { differenceOf } from './why.ts';
import { changedSince } from './witness.ts';

/** What is to become of a step: the result of an earlier run stands for it, or it runs, and why. */
export type Choice = { readonly result: KeptResult } | { readonly why: string };

/** Whether a kept result stands for a step with these inputs, or why not. */
export function choiceOf(
  before: KeptStep | undefined,
  labels: Labels,
  { digests, now }: Pick<Session, 'digests' | 'now'>,
): Choice {
  if (before === undefined) return { why: 'no earlier run left a result' };
  const difference = differenceOf(before.labels, labels);
  // What was not kept has no inputs to compare with.
  if (difference !== undefined && before.open === undefined) return { why: difference };
  const { result, open = 'no result was kept' } = before;
  if (result === undefined) return { why: open };
  if (!isRecent(result.from, now)) return { why: 'the earlier result is too old' };
  const changed = changedSince(result.seen, digests);
  return changed === undefined ? { result } : { why: `${changed} changed` };
}
