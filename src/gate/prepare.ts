import { readArtifact } from '../artifact/read.ts';
import { type BaselineResolution, resolveBaseline } from '../baseline/resolve.ts';
import { UsageError } from '../errors.ts';
import { finding } from '../rules/make.ts';
import { LIMITS } from '../signature/limits.ts';
import type { Job } from './plan.ts';

/**
 * What decides about a plugin and is a file itself. It is read before anything is built, for all plugins: a build runs
 * code of the whole dependency tree, which could write it anew in its favour.
 */
export interface Prepared {
  /** Digest of the previous release, or why there is none. */
  readonly baseline: Omit<BaselineResolution, 'baseline'> & { readonly digest?: string };
  /** Public key that signatures are checked with. */
  readonly key?: Uint8Array;
  readonly trustedRoot?: Uint8Array;
}

/** @throws UsageError when a key or trusted root that the configuration names cannot be read */
export function prepareJob(job: Job, root: string): Prepared {
  const { baseline, findings } = baselineOf(job, root);
  const { key, trustedRoot } = job.signature ?? {};
  return {
    baseline: { findings, ...(baseline === undefined ? {} : { digest: baseline.artifact.digest }) },
    ...(key === undefined ? {} : { key: readSetting(root, key, 'public key', LIMITS.keyBytes) }),
    ...(trustedRoot === undefined
      ? {}
      : { trustedRoot: readSetting(root, trustedRoot, 'trusted root', LIMITS.documentBytes) }),
  };
}

/** The previous release, read again when it is needed: hundreds of them would not fit in memory at once. */
export function preparedBaseline(job: Job, root: string, { baseline: prepared }: Prepared): BaselineResolution {
  if (prepared.digest === undefined) return prepared;
  const again = baselineOf(job, root);
  if (again.baseline?.artifact.digest === prepared.digest) return again;
  const message = `The previous release of ${job.plugin.name} was changed or removed while the plugins were built. It had the digest ${prepared.digest} before.`;
  return { findings: [finding('baseline/unusable', message, { subject: job.plugin.name })] };
}

function baselineOf(job: Job, root: string): BaselineResolution {
  return resolveBaseline({
    config: job.baseline,
    plugin: job.plugin.name,
    target: job.target,
    version: job.plugin.version,
    root,
    artifactFile: job.artifact,
  });
}

function readSetting(root: string, file: string, what: string, maxSize: number): Uint8Array {
  const { artifact, problem } = readArtifact(root, file, { maxSize });
  if (artifact === undefined) throw new UsageError(`The ${what} of the signature cannot be read. ${problem.message}`);
  return artifact.bytes;
}
