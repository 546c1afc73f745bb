import type { Finding } from '../rules/finding.ts';

/** What every step returns: facts, findings, and one line that tells a person what was done. */
export interface StepOutcome<Evidence = unknown> {
  readonly findings: readonly Finding[];
  readonly evidence: Evidence;
  readonly summary: string;
}

/**
 * Where a long step tells what it is doing. A step never prints: the Action shows this as log groups, the terminal as
 * a progress line, `--format json` not at all.
 */
export interface Progress {
  /** A new activity, for example `building greet for linux/amd64`. */
  readonly start: (activity: string) => void;
  /** Raw output of a program that runs (untrusted; the receiver escapes it). */
  readonly output: (chunk: string) => void;
  readonly end: () => void;
}

export const SILENT: Progress = { start: () => {}, output: () => {}, end: () => {} };
