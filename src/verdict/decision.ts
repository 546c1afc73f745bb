import type { ArtifactFacts, PluginResult, StepStatus } from '../gate/report.ts';
import type { Step } from '../rules/finding.ts';

/** What the gate came to about one plugin for one target. `undecided` is never a pass, whatever the policy lets through. */
export type Result = 'passed' | 'failed' | 'undecided';

/** A document by its content. */
export interface Evidence {
  readonly name: string;
  /** `sha256:<hex>` */
  readonly digest: string;
}

/** One decision with everything that is said about it, signed and recorded. */
export interface Decision {
  readonly plugin: string;
  readonly kind: PluginResult['kind'];
  /** `linux/amd64` */
  readonly target: string;
  readonly version?: string;
  /** URI of the artifact. */
  readonly resource: string;
  /** Absent when there was no file to look at. */
  readonly artifact?: ArtifactFacts;
  readonly baseline?: Evidence;
  readonly result: Result;
  /** Why, in one sentence. */
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** What was asked of the plugin: see policy-digest.ts. */
  readonly policy: Evidence;
  /** The configuration file as it was. */
  readonly config: Evidence;
  readonly tool: string;
  readonly source?: { readonly repository?: string; readonly commit?: string; readonly ref?: string };
  readonly steps: readonly DecidedStep[];
  /** Attestations and signatures that were verified. */
  readonly inputs: readonly Evidence[];
  readonly blocking: readonly Blocking[];
  /** Blocking findings in all; `blocking` lists the first. */
  readonly blockingCount: number;
}

export interface DecidedStep {
  readonly step: Step;
  readonly status: StepStatus;
  /**
   * It ran, and found nothing that is an error or could not be decided: neither the policy nor a waiver had to let
   * anything pass.
   */
  readonly clean: boolean;
}

/** Why a decision is not `passed`. */
export interface Blocking {
  readonly rule: string;
  readonly severity: 'error' | 'undecided';
  readonly subject?: string;
  readonly fingerprint: string;
}

/** Package URL of a plugin (purl specification, type generic): qualifiers in the order of their names. */
export function packageUrl(name: string, target: string, version: string | undefined): string {
  const [os = '', arch = ''] = target.split('/');
  const at = version === undefined ? '' : `@${encodeURIComponent(version)}`;
  return `pkg:generic/${encodeURIComponent(name)}${at}?arch=${encodeURIComponent(arch)}&os=${encodeURIComponent(os)}`;
}
