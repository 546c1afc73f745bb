import type { RuleId } from './catalogue.ts';

/**
 * How much a finding weighs. `undecided` is not a grade between the others: it says that the evidence did not
 * suffice, and the policy alone decides what that does (`policy.undecided`).
 */
export type Severity = 'error' | 'warning' | 'note' | 'undecided';

/** What a difference between two releases means for those who use the plugin, worst last but for `undecided`. */
export type Effect = 'compatible' | 'risky' | 'source-breaking' | 'undecided' | 'breaking';

/** A place in a source or configuration file. `file` is relative to the repository where that is known. 1-based. */
export interface Location {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
}

/** The steps of the gate, in the order in which they run. */
export const STEPS = ['build', 'read', 'compare', 'fit', 'verify', 'load'] as const;
export type Step = (typeof STEPS)[number];

/**
 * One thing that is wrong, changed or unknown. Text fields hold raw, untrusted text (symbol names, compiler output):
 * each report escapes them at its own border.
 */
export interface Finding {
  readonly rule: RuleId;
  readonly severity: Severity;
  /** One sentence for a person: what is so, with the names and numbers. */
  readonly message: string;
  /** For comparisons: what this difference does to existing consumers. */
  readonly effect?: Effect;
  /** The thing the finding is about, stable between runs: a symbol, a library, a section, a field. Waivers match it. */
  readonly subject?: string;
  readonly symbol?: string;
  readonly type?: string;
  readonly old?: string;
  readonly new?: string;
  readonly location?: Location;
  /** From an exported symbol to the changed place. */
  readonly path?: readonly string[];
  /** Exported symbols that reach the change. */
  readonly affected?: readonly string[];
  /** What to do in this very case; the rule's general advice is in the catalogue. */
  readonly fix?: string;
  /** More text, shown folded: last lines of a build, a trace. */
  readonly details?: string;
}

/** A finding with where in the gate it came up; what reports and policy work on. */
export interface PlacedFinding extends Finding {
  /** Name of the plugin in the configuration; absent for findings about the configuration itself. */
  readonly plugin?: string;
  /** For example `linux/amd64`. */
  readonly target?: string;
  readonly step?: Step;
}
