import type { Artifact, ArtifactLimits } from '../artifact/read.ts';
import type { BuildConfig, PluginConfig } from '../config/schema.ts';
import type { StepOutcome } from '../gate/step.ts';
import type { SourceState } from '../process/git.ts';
import type { Environment } from './environment.ts';
import type { Reproduction } from './reproduce.ts';

/** What to build: one plugin for one target. */
export interface BuildRequest {
  readonly plugin: string;
  readonly kind: PluginConfig['kind'];
  readonly build: BuildConfig;
  /** Path of the artifact as configured, with tokens. */
  readonly artifact: string;
  /** Version that the release claims, for `{version}`. */
  readonly version?: string;
  /** In Go's terms: `linux/arm64`. */
  readonly target: string;
  /** The machine that builds, in the same terms. */
  readonly host: string;
  /** Absolute path of the directory that paths of the configuration start from. */
  readonly root: string;
  /** Absolute path that the locations of findings are relative to; `root` unless given. */
  readonly repository?: string;
  /** Environment of the gate; the build gets a part of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly limits?: ArtifactLimits;
}

/** One program that was run. */
export interface CommandRecord {
  readonly argv: readonly string[];
  /** Relative to the root. */
  readonly directory: string;
  readonly durationMs: number;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
}

/** How an artifact came to be; plain JSON. */
export interface BuildEvidence {
  readonly builder: 'go-plugin' | 'c-shared' | 'command';
  readonly target: string;
  /** Whether the target is another system or architecture than the machine's. */
  readonly cross: boolean;
  readonly commands: readonly CommandRecord[];
  /** First line of what each tool says about its version. */
  readonly toolchain: Readonly<Record<string, string>>;
  /** Variables that shape what a compiler writes. */
  readonly environment: Environment;
  /** The commit that is checked out, where git knows. */
  readonly source?: SourceState;
  readonly artifact?: { readonly file: string; readonly digest: string; readonly size: number };
  /** C header that `c-shared` writes beside the artifact, relative to the root. */
  readonly header?: string;
  /** Whether the build wrote the file, or found that it was up to date (and could make it again). */
  readonly written?: 'by-build' | 'up-to-date';
  readonly reproduction?: Reproduction;
  /** Compiler warnings that were seen, of which the findings show only the first. */
  readonly warnings: number;
}

/** The outcome of the step, and the file that all later steps work on. */
export interface BuildOutcome extends StepOutcome<BuildEvidence> {
  readonly artifact?: Artifact;
}
