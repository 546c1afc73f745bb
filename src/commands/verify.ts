import { ARTIFACT_LIMITS } from '../artifact/read.ts';
import type { StepOutcome } from '../gate/step.ts';
import { isReference } from '../oci/reference.ts';
import { renderVerifyJson, renderVerifyText, type VerifyResult, verifyVerdict } from '../report/verify.ts';
import type { SignatureEvidence } from '../signature/evidence.ts';
import { LIMITS } from '../signature/limits.ts';
import { checkPolicy, type SignaturePolicy } from '../signature/policy.ts';
import type { SignatureFile } from '../signature/verify.ts';
import { styleFor } from '../text/style.ts';
import type { ExitCode, Terminal } from './command.ts';
import { checkFileOptions, type FileOptions, findSignature, isDigest, readGiven } from './verify-files.ts';
import { type JudgedReference, type OciOptions, verifyReference } from './verify-oci.ts';
import { openPgpPolicy, type PolicyOptions, policyOf } from './verify-policy.ts';
import { believed, type TrustOptions } from './verify-trust.ts';

/** The options of `plugin-gate verify`, as commander gives them. */
export interface VerifyOptions extends PolicyOptions, FileOptions, TrustOptions, OciOptions {
  readonly explain?: boolean;
  readonly format?: 'text' | 'json';
}

/** What a signature came to, or why nobody could be asked whose word counts. */
export async function judged(
  artifact: Uint8Array | `sha256:${string}`,
  signature: SignatureFile,
  policy: SignaturePolicy,
  options: VerifyOptions,
): Promise<Pick<StepOutcome<SignatureEvidence>, 'findings' | 'evidence'>> {
  const { verifyArtifact } = await import('../parts/signature.ts');
  if (signature.form === 'none') return await verifyArtifact({ artifact, signature, policy });
  const trust = await believed(options, policy);
  if (trust.ok) {
    const { ok: _, ...who } = trust;
    return await verifyArtifact({ artifact, signature, policy, ...who });
  }
  // Looked at all the same: what is wrong with it whoever is believed is worth saying, and worse than undecided.
  const { publicGoodRoot } = await import('../parts/signature.ts');
  const looked = await verifyArtifact({ artifact, signature, policy, trust: publicGoodRoot() });
  const { trust: _, ...evidence } = looked.evidence;
  const certain = looked.findings.filter(({ rule }) => !ABOUT_TRUST.includes(rule));
  return { findings: [trust.finding, ...certain], evidence: { ...evidence, verified: false } };
}

/** Who must have signed, by a key file or by options alone. @throws UsageError */
function askedPolicy(options: VerifyOptions): SignaturePolicy {
  const { key, gpgKey } = options;
  if (gpgKey !== undefined) {
    return openPgpPolicy(options, readGiven(gpgKey, LIMITS.openPgpKeyBytes, 'file with OpenPGP keys'), gpgKey);
  }
  const pem = key === undefined ? undefined : readGiven(key, LIMITS.keyBytes, 'key');
  return policyOf(options, pem === undefined ? undefined : Buffer.from(pem).toString('utf8'));
}

/** Refusals that another trusted root could turn into acceptance. */
const ABOUT_TRUST: readonly string[] = ['sig/untrusted-root', 'sig/untrusted-log', 'sig/untrusted-time', 'sig/no-sct'];

/**
 * `plugin-gate verify FILE`: whether a file was signed by whom the options name. Makes no connection with `offline`, nor
 * where a trusted root, a key or an own authority is given.
 * @param file a path, `sha256:<digest>` for a file that is not at hand, or `oci://...` for one in a registry
 * @returns 0 verified, 1 refused, 3 cannot be decided
 * @throws UsageError when the options name nobody, or a file that is not there (exit 2)
 */
export async function verify(file: string, options: VerifyOptions, terminal: Terminal): Promise<ExitCode> {
  checkFileOptions(options);
  const policy = askedPolicy(options);
  checkPolicy(policy);
  const looked: JudgedReference = isReference(file)
    ? await verifyReference(file, options, policy)
    : await judged(
        isDigest(file) ? file : readGiven(file, ARTIFACT_LIMITS.maxSize, 'file'),
        findSignature(file, options),
        policy,
        options,
      );
  const { findings, evidence, oci } = looked;
  const verdict = verifyVerdict(findings);
  const result: VerifyResult = {
    schema: 'plugin-gate/verify/v1',
    file,
    verdict,
    findings,
    ...(evidence === undefined ? {} : { evidence }),
    ...(oci === undefined ? {} : { oci }),
  };
  terminal.out(
    options.format === 'json'
      ? renderVerifyJson(result)
      : await renderVerifyText(
          result,
          styleFor(terminal.colour),
          terminal.width,
          options.explain === true ? policy : undefined,
        ),
  );
  switch (verdict) {
    case 'verified':
      return 0;
    case 'refused':
      return 1;
    case 'undecided':
      return 3;
  }
}
