import type { FileDigests } from '../artifact/file-digests.ts';
import type { Artifact } from '../artifact/read.ts';
import type { ElfImage } from '../elf/model.ts';
import type { DiffVerdict } from '../rules/effects.ts';
import type { Finding } from '../rules/finding.ts';
import type { SignatureEvidence } from '../signature/evidence.ts';
import type { VersionAdvice } from '../version/advice.ts';
import type { Job } from './plan.ts';
import type { Prepared } from './prepare.ts';
import type { PluginResult, StepReuse } from './report.ts';
import type { Witness } from './reuse/witness.ts';
import type { Progress, StepOutcome } from './step.ts';

/** What the steps of one job have found out so far; each step adds to it and none changes what is there. */
export interface Known {
  readonly prepared: Prepared;
  readonly artifact?: Artifact;
  readonly image?: ElfImage;
  /** What an earlier run read of the same bytes stands for `image`: no step of this run needs it. */
  readonly readBefore?: true;
  readonly previous?: {
    readonly artifact: Artifact;
    /** Absent when the file could not be read. */
    readonly image?: ElfImage;
    readonly source: string;
    readonly version?: string;
    /** The baseline is a snapshot; digest of the file that it was made of. */
    readonly snapshotOf?: string;
    /** What its signature proved, where the configuration asks for one. */
    readonly signature?: SignatureEvidence;
  };
  readonly compatibility?: DiffVerdict;
  readonly versionAdvice?: VersionAdvice;
  /** Set by the step verify. Only a plugin that is cleared is run: its signature is valid, or none was asked for. */
  readonly signature?: 'cleared' | 'refused';
  readonly facts: PluginResult['facts'];
}

/** What all jobs share. */
export interface GateContext {
  /** Absolute path of the directory that the configuration lies in: paths in it are relative to this one. */
  readonly root: string;
  /** Absolute path of the repository, for places in sources. */
  readonly repository: string;
  /** Target of this machine, `linux/amd64`; undefined where nothing can be loaded. */
  readonly runner: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly progress: Progress;
  readonly today: Date;
  /** Every job of the configuration, in its order: plugins of one host are looked at together. */
  readonly jobs?: readonly Job[];
  /** Digests of files, each hashed once as long as it stays what it is. */
  readonly digests?: FileDigests;
  /** Notes what a step looks at besides its inputs, where its result is to be kept. */
  readonly witness?: Witness;
}

/** A step that had nothing to do, with the reason for the report. */
export interface SkippedStep {
  readonly skipped: string;
  /** What is to be said of it all the same: that there is no previous release, for example. */
  readonly findings?: readonly Finding[];
}

export interface StepRun {
  readonly outcome: StepOutcome | SkippedStep;
  /** What the step adds. */
  readonly known?: Partial<Known>;
  /** Whether an earlier run found it out, where such results are kept. */
  readonly reuse?: StepReuse;
}

/** One step of the gate for one job. */
export type GateStep = (job: Job, known: Known, context: GateContext) => Promise<StepRun>;

export function skip(reason: string, known?: Partial<Known>): StepRun {
  return { outcome: { skipped: reason }, ...(known === undefined ? {} : { known }) };
}
