import type { CommentMemory, CommentState } from './marker.ts';

/**
 * When a comment is made or edited.
 * - `always`: at every run.
 * - `on-change`: first when there is something to tell, then only when the verdict or the findings differ from what it says.
 * - `on-failure`: first when the gate does not pass; later runs keep it true.
 * - `never`.
 */
export const COMMENT_MODES = ['always', 'on-change', 'on-failure', 'never'] as const;
export type CommentMode = (typeof COMMENT_MODES)[number];

export interface Now {
  readonly verdict: 'pass' | 'fail' | 'undecided';
  readonly content: string;
  /** Any finding at all, waived ones apart. */
  readonly hasFindings: boolean;
}

export type Decision = { readonly write: true; readonly memory: CommentMemory } | { readonly write: false };

function stateAfter(before: CommentState | undefined, verdict: Now['verdict']): CommentState {
  if (verdict !== 'pass') return verdict;
  return before === undefined || before === 'pass' ? 'pass' : 'resolved';
}

/**
 * Whether to write the comment, and what it has to remember.
 * @param before undefined when there is no comment yet; `memory` is undefined in a comment that lost its second line
 */
export function decideComment(
  mode: CommentMode,
  before: { readonly memory: CommentMemory | undefined } | undefined,
  now: Now,
): Decision {
  const memory = { state: stateAfter(before?.memory?.state, now.verdict), content: now.content };
  switch (mode) {
    case 'never':
      return { write: false };
    case 'always':
      return { write: true, memory };
    case 'on-failure':
      return before === undefined && now.verdict === 'pass' ? { write: false } : { write: true, memory };
    case 'on-change': {
      if (before === undefined)
        return now.verdict === 'pass' && !now.hasFindings ? { write: false } : { write: true, memory };
      return before.memory?.content === now.content ? { write: false } : { write: true, memory };
    }
  }
}
