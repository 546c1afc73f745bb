import { type FileDigests, fileDigests } from '../artifact/file-digests.ts';
import { type ArtifactReading, readArtifact } from '../artifact/read.ts';
import type { FetchOutcome } from '../baseline/fetched.ts';
import { type BaselineResolution, resolveBaseline } from '../baseline/resolve.ts';
import { UsageError } from '../errors.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { TrustOutcome } from '../signature/tuf.ts';
import { LEDGER_BYTES, parseLedger, type Release } from '../version/rollback.ts';
import { hostDigests } from './host-files.ts';
import type { Job } from './plan.ts';
import { readSignatureFiles, type SignatureFiles } from './signature/settings.ts';

/**
 * What decides about a plugin and is a file itself. It is read before anything is built, for all plugins: a build runs
 * code of the whole dependency tree, which could write it anew in its favour.
 */
export interface Prepared {
  /** Digest of the previous release, or why there is none. */
  readonly baseline: Omit<BaselineResolution, 'baseline'> & { readonly digest?: string };
  /** Keys, roots and authorities that signatures are checked with. */
  readonly signature?: SignatureFiles;
  /** Those for the signature of the previous release. */
  readonly baselineSignature?: SignatureFiles;
  /** The current public root, asked for once, where one of the two needs it. */
  readonly currentTrust?: TrustOutcome;
  /** What was released before. */
  readonly ledger?: readonly Release[];
  /** Digest of the version script as it was before the build; absent when the build makes it, or there is none. */
  readonly versionScript?: string;
  /** Hosts that are files, as they were before the build: digests by absolute path. */
  readonly hosts?: ReadonlyMap<string, string>;
  /** The previous release, where it is no file of the repository. */
  readonly fetched?: FetchOutcome;
  /** Directory that a deciding file is read from in place of the configuration's; see base/files.ts. */
  readonly rootOf?: RootOf;
}

type RootOf = (file: string) => string;

/** Bytes. */
const LARGEST_SCRIPT = 4 * 1024 * 1024;

/** @throws UsageError when a key, trusted root or ledger that the configuration names cannot be read */
export function prepareJob(
  job: Job,
  root: string,
  rootOf: RootOf = () => root,
  fetched: FetchOutcome | undefined = undefined,
  digests: FileDigests = fileDigests(),
): Prepared {
  const { baseline, findings } = baselineOf(job, root, rootOf, fetched);
  const script = scriptOf(job, root)?.artifact;
  return {
    baseline: { findings, ...(baseline === undefined ? {} : { digest: baseline.artifact.digest }) },
    signature: readSignatureFiles(job.signature, rootOf),
    baselineSignature: readSignatureFiles(job.baseline?.signature, rootOf),
    ...ledgerOf(job, rootOf),
    ...(script === undefined ? {} : { versionScript: script.digest }),
    rootOf,
    hosts: hostDigests(job, root, digests),
    ...(fetched === undefined ? {} : { fetched }),
  };
}

/** The version script that a plugin is to be compared with, or why it cannot be; undefined when none is configured. */
export function preparedScript(
  job: Job,
  root: string,
  prepared: Prepared,
): { readonly file: string; readonly text: string } | { readonly problem: Finding } | undefined {
  const { versionScript: file } = job.plugin.symbols;
  const reading = scriptOf(job, root);
  if (file === undefined || reading === undefined) return undefined;
  const { artifact, problem } = reading;
  const refuse = (message: string) => ({ problem: finding('sym/script-invalid', message, { subject: file }) });
  if (artifact === undefined) return refuse(`The version script cannot be read. ${problem.message}`);
  if (prepared.versionScript !== undefined && prepared.versionScript !== artifact.digest) {
    return refuse(
      `The version script ${file} was changed while the plugins were built, so it does not say what was promised before. If the build makes it, remove the old one first.`,
    );
  }
  return { file, text: Buffer.from(artifact.bytes).toString('utf8') };
}

/** The same guard as for artifacts: no way out of the repository, no pipe, bounded. */
function scriptOf({ plugin }: Job, root: string): ArtifactReading | undefined {
  const file = plugin.symbols.versionScript;
  return file === undefined ? undefined : readArtifact(root, file, { maxSize: LARGEST_SCRIPT });
}

/** The previous release, read again when it is needed: hundreds of them would not fit in memory at once. */
export function preparedBaseline(
  job: Job,
  root: string,
  { baseline: prepared, rootOf, fetched }: Prepared,
): BaselineResolution {
  if (prepared.digest === undefined) return prepared;
  const again = baselineOf(job, root, rootOf, fetched);
  if (again.baseline?.artifact.digest === prepared.digest) return again;
  const message = `The previous release of ${job.plugin.name} was changed or removed while the plugins were built. It had the digest ${prepared.digest} before.`;
  return { findings: [finding('baseline/unusable', message, { subject: job.plugin.name })] };
}

function baselineOf(
  job: Job,
  root: string,
  rootOf: RootOf | undefined,
  outcome: FetchOutcome | undefined,
): BaselineResolution {
  return resolveBaseline({
    config: job.baseline,
    plugin: job.plugin.name,
    target: job.target,
    version: job.plugin.version,
    root,
    ...(rootOf === undefined ? {} : { rootOf }),
    artifactFile: job.artifact,
    ...(outcome === undefined ? {} : { outcome }),
  });
}

/** @throws UsageError when it is configured and cannot be read */
function ledgerOf({ rollback }: Job, rootOf: RootOf): Pick<Prepared, 'ledger'> {
  const file = rollback?.ledger;
  if (file === undefined) return {};
  const { artifact, problem } = readArtifact(rootOf(file), file, { maxSize: LEDGER_BYTES });
  if (artifact === undefined) throw new UsageError(`The ledger of releases cannot be read. ${problem.message}`);
  return { ledger: parseLedger(artifact.bytes, file) };
}
