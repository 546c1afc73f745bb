import type { Baseline } from '../../baseline/resolve.ts';
import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import type { SignatureEvidence } from '../../signature/evidence.ts';
import type { GateContext, Known } from '../known.ts';
import type { Job } from '../plan.ts';
import type { SignatureFiles, SignatureSection } from './settings.ts';
import { believedFor, findSignature, verifyRelease } from './verify.ts';

/** What the signature of the previous release came to. */
export interface SignedPrevious {
  readonly findings: readonly Finding[];
  readonly evidence?: SignatureEvidence;
  /** For what is known of the previous release: who signed it. */
  readonly known: { readonly signature?: SignatureEvidence };
}

/** A previous release that somebody could have put in its place is neither compared with nor loaded. */
export async function verifyPrevious(
  job: Job,
  { prepared }: Known,
  { root }: Pick<GateContext, 'root'>,
  baseline: Baseline,
): Promise<SignedPrevious> {
  const section = job.baseline?.signature;
  if (section === undefined) return { findings: [], known: {} };
  const { version, artifact } = baseline;
  const files: SignatureFiles = prepared.baselineSignature ?? {};
  const { currentTrust: current } = prepared;
  const release = { section, files, current, version };
  const verified =
    baseline.signatures === undefined || section.bundle !== undefined || section.signature !== undefined
      ? await verifyRelease(
          { ...release, bytes: artifact.bytes },
          findSignature(section, tokensOf(job, baseline), root, what(job)),
        )
      : await verifyImageOf(baseline.signatures, release);
  const { findings, evidence } = verified;
  const proven = evidence === undefined ? {} : { evidence };
  if (findings.length === 0)
    return { findings, ...proven, known: evidence === undefined ? {} : { signature: evidence } };
  return { findings: findings.map((each) => asUnverified(each, baseline, job)), ...proven, known: {} };
}

function what({ plugin }: Job): string {
  return `signature of the previous release of ${plugin.name}`;
}

function tokensOf(job: Job, { artifact, version }: Baseline) {
  const { version: _, ...tokens } = job.tokens;
  return { ...tokens, artifact: artifact.file, ...(version === undefined ? {} : { version }) };
}

async function verifyImageOf(
  { about, found }: NonNullable<Baseline['signatures']>,
  release: {
    section: SignatureSection;
    files: SignatureFiles;
    current: Known['prepared']['currentTrust'];
    version: string | undefined;
  },
): Promise<{ readonly findings: readonly Finding[]; readonly evidence?: SignatureEvidence | undefined }> {
  const [{ verifyImage }, { verifyArtifact }] = await Promise.all([
    import('../../parts/oci.ts'),
    import('../../parts/signature.ts'),
  ]);
  const believed = await believedFor(release);
  if ('finding' in believed) return { findings: [believed.finding] };
  return await verifyImage(about, found, believed.input, verifyArtifact);
}

/** What could not be asked stays undecided; all else means that the file is not the release. */
function asUnverified(cause: Finding, { source }: Baseline, { plugin }: Job): Finding {
  if (cause.severity === 'undecided') return cause;
  const message = `The previous release of ${plugin.name} (${source}) is not verified. ${cause.message}`;
  return finding('baseline/unverified', message, {
    subject: `${plugin.name} ${cause.rule}`,
    ...(cause.details === undefined ? {} : { details: cause.details }),
  });
}
