import { readArtifact } from '../../artifact/read.ts';
import { expandTokens, type Tokens } from '../../build/tokens.ts';
import type { Finding } from '../../rules/finding.ts';
import type { SignatureEvidence } from '../../signature/evidence.ts';
import { LIMITS } from '../../signature/limits.ts';
import type { TrustOutcome } from '../../signature/tuf.ts';
import type { SignatureFile, VerifyInput } from '../../signature/verify.ts';
import type { StepOutcome } from '../step.ts';
import { needsCurrentTrust, policyOf, type SignatureFiles, type SignatureSection } from './settings.ts';

/** A release with the settings that say who must have signed it. */
export interface SignedRelease {
  readonly bytes: Uint8Array;
  readonly section: SignatureSection;
  readonly files: SignatureFiles;
  /** The current public root, where it was asked for; used only by a section that needs it. */
  readonly current?: TrustOutcome | undefined;
  /** Version of that release. */
  readonly version: string | undefined;
}

/**
 * The signature that a section names, read from the directory of the configuration.
 * @param tokens for its paths; `artifact` stands for the path of the release itself
 */
export function findSignature(section: SignatureSection, tokens: Tokens, root: string, what: string): SignatureFile {
  const read = (pattern: string, maxSize: number) => {
    const file = expandTokens(pattern, tokens, what);
    return { file, ...readArtifact(root, file, { maxSize }) };
  };
  const missing = ({ file, problem }: ReturnType<typeof read>): SignatureFile => ({
    form: 'none',
    looked: [problem === undefined || problem.kind === 'missing' ? file : `${file}: ${problem.message}`],
  });
  if (section.signature === undefined) {
    const found = read(section.bundle ?? '{artifact}.sigstore.json', LIMITS.documentBytes);
    return found.artifact === undefined
      ? missing(found)
      : { form: 'bundle', bytes: found.artifact.bytes, name: found.file };
  }
  const found = read(section.signature, LIMITS.signatureBytes);
  if (found.artifact === undefined) return missing(found);
  const detached = { form: 'detached', bytes: found.artifact.bytes, name: found.file } as const;
  if (section.certificate === undefined) return detached;
  const certificate = read(section.certificate, LIMITS.certificateFileBytes);
  return certificate.artifact === undefined
    ? missing(certificate)
    : { ...detached, certificate: certificate.artifact.bytes };
}

/** What the verifier needs besides artifact and signature; or the finding that says why it cannot be had. */
export async function believedFor(
  release: Omit<SignedRelease, 'bytes'>,
): Promise<{ readonly input: Omit<VerifyInput, 'artifact' | 'signature'> } | { readonly finding: Finding }> {
  const { section, files, version } = release;
  const current = needsCurrentTrust(section) ? release.current : undefined;
  const { parseAuthority, parseTrustedRoot, publicGoodRoot, withTimestampAuthority } = await import(
    '../../parts/signature.ts'
  );
  const policy = policyOf(section, files, version);
  if (current?.ok === false) return { finding: current.finding };
  const named = (bytes: Uint8Array, name: string | undefined) => ({ bytes, name: name ?? '' });
  const root =
    files.trustedRoot !== undefined
      ? parseTrustedRoot(files.trustedRoot, section.trustedRoot ?? '')
      : (current?.trust ?? publicGoodRoot());
  const trust =
    files.timestampAuthority === undefined
      ? root
      : withTimestampAuthority(root, named(files.timestampAuthority, section.timestampAuthority));
  const authority =
    files.caRoots === undefined
      ? undefined
      : parseAuthority(
          named(files.caRoots, section.caRoots),
          files.caIntermediates === undefined ? undefined : named(files.caIntermediates, section.caIntermediates),
        );
  return { input: { policy, trust, ...(authority === undefined ? {} : { authority }) } };
}

/** Whether a release was signed by whom its settings name. */
export async function verifyRelease(
  release: SignedRelease,
  signature: SignatureFile,
): Promise<StepOutcome<SignatureEvidence | undefined>> {
  const { verifyArtifact } = await import('../../parts/signature.ts');
  const believed = await believedFor(release);
  if ('finding' in believed) {
    return { findings: [believed.finding], evidence: undefined, summary: believed.finding.message };
  }
  return await verifyArtifact({ artifact: release.bytes, signature, ...believed.input });
}

/**
 * The signer in a form that stays the same from release to release: a key by its digest, a certificate by its names
 * without the ref of a workflow, and by who vouches for them. undefined when nobody was proven.
 */
export function lastingSigner(evidence: SignatureEvidence | undefined): string | undefined {
  const signer = evidence?.verified === true ? evidence.signer : undefined;
  switch (signer?.kind) {
    case undefined:
      return undefined;
    case 'key':
      return `the ${signer.algorithm} key ${signer.fingerprint}`;
    case 'openpgp':
      return `the OpenPGP key ${signer.fingerprint}`;
    case 'certificate': {
      const names = signer.names.filter(({ type }) => type !== 'other-name');
      const lasting = names.map(
        ({ type, value }) => `${type} ${type === 'uri' ? value.replace(/@[^@]*$/, '') : value}`,
      );
      const issuer = signer.issuer ?? signer.legacyIssuer ?? evidence?.authority?.digest ?? 'no issuer';
      return `${lasting.join(', ')} (by ${issuer})`;
    }
  }
}
