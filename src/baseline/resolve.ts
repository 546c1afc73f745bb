import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Artifact, type ArtifactLimits, readArtifact } from '../artifact/read.ts';
import { expandTokens, tokensFor } from '../build/tokens.ts';
import type { BaselineConfig } from '../config/schema.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { FetchOutcome, ImageSignatures } from './fetched.ts';

/** The previous release of a plugin, as far as it could be had. */
export interface Baseline {
  readonly artifact: Artifact;
  /** Where it comes from, for people: `file previous/amd64/greet.so`. */
  readonly source: string;
  readonly version?: string;
  /** Those of the registry that it comes from, where they are to be checked. */
  readonly signatures?: ImageSignatures;
}

/** Either the previous release, or findings that say why there is none. */
export interface BaselineResolution {
  readonly baseline?: Baseline;
  readonly findings: readonly Finding[];
}

export interface BaselineRequest {
  /** The plugin's own baseline, or the one for all plugins. */
  readonly config: BaselineConfig | undefined;
  readonly plugin: string;
  /** In Go's terms: `linux/amd64`. */
  readonly target: string;
  /** Version that the new release claims, for `{version}`. */
  readonly version?: string;
  /** Absolute path of the directory that paths of the configuration start from. */
  readonly root: string;
  /** Directory that the previous release is read from in place of `root`: that of the base commit's files. */
  readonly rootOf?: (file: string) => string;
  /** What was brought for a baseline that is no file of the repository, or why it could not be. */
  readonly outcome?: FetchOutcome;
  /** The new release; a baseline that is the same file compares nothing. */
  readonly artifactFile?: string;
  readonly limits?: ArtifactLimits;
}

/**
 * Finds and reads the previous release. What cannot be had is a finding, never silence: without a baseline no
 * comparison is made.
 * @throws UsageError for tokens that have no value
 */
export function resolveBaseline(request: BaselineRequest): BaselineResolution {
  const { config, plugin, target, root } = request;
  if (config?.none !== undefined) {
    return failed('baseline/none', `There is no previous release: ${config.none}. Nothing was compared.`, plugin);
  }
  if (request.outcome !== undefined) return ofOutcome(request.outcome, config, request);
  if (config?.file === undefined) {
    return failed('baseline/not-configured', `The configuration names no previous release of ${plugin}.`, plugin);
  }
  const file = expandTokens(config.file, tokensFor(plugin, target, request.version), `baseline of plugin ${plugin}`);
  const from = request.rootOf?.(file) ?? root;
  const { artifact, problem } = readArtifact(from, file, request.limits);
  if (artifact === undefined) {
    const rule = problem.kind === 'missing' ? 'baseline/missing' : 'baseline/unusable';
    return failed(rule, `The previous release of ${plugin} for ${target} cannot be read. ${problem.message}`, file);
  }
  if (request.artifactFile !== undefined && isSameFile(join(root, request.artifactFile), join(from, file))) {
    return failed('baseline/is-artifact', `${file} is named both as the artifact and as the previous release.`, file);
  }
  return checked({ artifact, source: `file ${file}` }, config, plugin);
}

function ofOutcome(outcome: FetchOutcome, config: BaselineConfig | undefined, request: BaselineRequest) {
  if (outcome.fetched === undefined) return { findings: outcome.findings };
  const { root, file, source, version, signatures } = outcome.fetched;
  const { artifact, problem } = readArtifact(root, file, request.limits);
  if (artifact === undefined) {
    const message = `The previous release of ${request.plugin} (${source}) cannot be read. ${problem.message}`;
    return failed('baseline/unusable', message, request.plugin);
  }
  const found = {
    ...(version === undefined ? {} : { version }),
    ...(signatures === undefined ? {} : { signatures }),
  };
  return checked({ artifact, source, ...found }, config, request.plugin);
}

/** With the digest and the version that the configuration gives it. */
function checked(baseline: Baseline, config: BaselineConfig | undefined, plugin: string): BaselineResolution {
  const { digest, version } = config ?? {};
  if (digest !== undefined && baseline.artifact.digest !== digest) {
    const message = `The previous release of ${plugin} (${baseline.source}) has the digest ${baseline.artifact.digest}; the configuration pins ${digest}.`;
    return failed('baseline/unusable', message, plugin);
  }
  return { baseline: { ...baseline, ...(version === undefined ? {} : { version }) }, findings: [] };
}

/** Whether two paths lead to one file, through links of both kinds too; by their text when one does not exist. */
function isSameFile(a: string, b: string): boolean {
  try {
    const [one, other] = [statSync(a, { bigint: true }), statSync(b, { bigint: true })];
    return one.dev === other.dev && one.ino === other.ino;
  } catch {
    return a === b;
  }
}

function failed(rule: Finding['rule'], message: string, subject: string): BaselineResolution {
  return { findings: [finding(rule, message, { subject })] };
}
