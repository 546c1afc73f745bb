import type { DiffVerdict } from '../rules/effects.ts';
import type { PlacedFinding, Step } from '../rules/finding.ts';
import type { VersionAdvice } from '../version/advice.ts';

/** What a step came to. `skipped` always has a reason that a person can judge. */
export type StepStatus = 'pass' | 'warn' | 'fail' | 'undecided' | 'skipped';

/** The verdict of the gate. `undecided` blocks unless the policy says otherwise. */
export type GateVerdict = 'pass' | 'fail' | 'undecided';

export interface StepResult {
  readonly step: Step;
  readonly status: StepStatus;
  readonly durationMs: number;
  /** One line: what was done, or why it was skipped. */
  readonly summary: string;
  /** Facts by step, plain JSON; see schema/report.v1.json. */
  readonly evidence?: unknown;
  /** Present where results of earlier runs are kept, for steps that have any. */
  readonly reuse?: StepReuse;
}

/** Whether what a step came to was found out in this run, and why. */
export interface StepReuse {
  readonly reused: boolean;
  /** `same inputs`, or what made it run: `internal/x/y.go changed`. */
  readonly why: string;
  /** The run that found it out. */
  readonly from?: EarlierRun;
}

export interface EarlierRun {
  /** When it began: ISO 8601, UTC. */
  readonly time: string;
  readonly commit?: string;
  /** Its page. */
  readonly run?: string;
}

export interface ArtifactFacts {
  /** Relative to the repository. */
  readonly file: string;
  /** `sha256:<hex>` of the bytes that every step worked on. */
  readonly digest: string;
  readonly size: number;
}

/** One plugin for one target. */
export interface PluginResult {
  readonly plugin: string;
  readonly kind: 'go-plugin' | 'c-shared' | 'elf';
  /** `linux/amd64` */
  readonly target: string;
  readonly artifact?: ArtifactFacts;
  readonly baseline?: ArtifactFacts & { readonly source: string; readonly version?: string };
  readonly status: StepStatus;
  /** Verdict of the comparison with the previous release, when there was one. */
  readonly compatibility?: DiffVerdict;
  /** What Semantic Versioning asks of this release, when it was compared. */
  readonly versionAdvice?: VersionAdvice;
  readonly steps: readonly StepResult[];
  /** What is signed and recorded of it; absent where the configuration asks for neither. */
  readonly verdict?: {
    /** Never `passed` for what is undecided, also where the policy lets that through. */
    readonly result: 'passed' | 'failed' | 'undecided';
    /** `sha256:<hex>` of all that was asked of the plugin; who deploys it can pin it. */
    readonly policy: string;
    /** URI of the artifact in the verdict. */
    readonly resource: string;
    /** Who signed; absent when nobody did. */
    readonly signer?: string;
    /** The SLSA verification summary and the in-toto test result, files relative to the configuration. */
    readonly summary?: { readonly file: string; readonly digest: string };
    readonly testResult?: { readonly file: string; readonly digest: string };
  };
  /** Small numbers for tables and charts; old values when there is a baseline. */
  readonly facts: {
    readonly sizes?: Readonly<Record<'file' | 'text' | 'rodata' | 'data' | 'bss' | 'debug', number>>;
    readonly oldSizes?: Readonly<Record<'file' | 'text' | 'rodata' | 'data' | 'bss' | 'debug', number>>;
    readonly floors?: Readonly<Record<string, string>>;
    readonly oldFloors?: Readonly<Record<string, string>>;
    readonly oldest?: Readonly<Record<'debian' | 'ubuntu' | 'rhel', string | null>>;
    readonly exported?: number;
    readonly oldExported?: number;
    readonly loadMs?: number;
  };
}

/** A finding after policy and waivers. */
export interface JudgedFinding extends PlacedFinding {
  /** 32 hex digits, equal for the same finding in every run (no line numbers, no paths of the machine). */
  readonly fingerprint: string;
  /** Whether it makes the gate fail. */
  readonly blocks: boolean;
  /** Present when a waiver covers it; such a finding does not block. */
  readonly waiver?: { readonly reason: string; readonly owner: string; readonly expires: string };
}

export interface GateReport {
  readonly schema: 'plugin-gate/report/v1';
  readonly tool: { readonly name: 'plugin-gate'; readonly version: string };
  readonly verdict: GateVerdict;
  /** One sentence: why it passes or does not. */
  readonly headline: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly config: { readonly file: string; readonly digest: string };
  readonly source?: { readonly repository?: string; readonly commit?: string; readonly ref?: string };
  /** The commit whose configuration judged, and that configuration; absent when the source's own did. */
  readonly policy?: { readonly commit: string; readonly digest: string };
  /** Which part of a plan this is; absent for the whole. */
  readonly shard?: { readonly plan: string; readonly id: string };
  /** Why nothing of an earlier run was taken, or nothing left for a later one. */
  readonly cache?: { readonly note: string };
  readonly plugins: readonly PluginResult[];
  /** Worst first: blocking, then undecided, warning, note, waived. */
  readonly findings: readonly JudgedFinding[];
  readonly counts: Readonly<Record<'error' | 'warning' | 'note' | 'undecided' | 'waived' | 'blocking', number>> & {
    /** Findings of rules that the policy switched off; they are not in `findings`. */
    readonly off?: number;
  };
}
