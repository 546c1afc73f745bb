import { UsageError } from '../errors.ts';
import { runnerTarget } from '../gate/plan.ts';
import type { OciChain } from '../oci/pull.ts';
import { parseReference } from '../oci/reference.ts';
import type { Finding } from '../rules/finding.ts';
import type { SignatureEvidence } from '../signature/evidence.ts';
import type { SignaturePolicy } from '../signature/policy.ts';
import { type FileOptions, findSignature } from './verify-files.ts';
import { believed, type TrustOptions } from './verify-trust.ts';

export interface OciOptions extends FileOptions, TrustOptions {
  /** Target to choose from an index, in Go's terms. */
  readonly platform?: string;
}

/** What became of a reference; without evidence when no signature could be looked at. */
export interface JudgedReference {
  readonly findings: readonly Finding[];
  readonly evidence?: SignatureEvidence;
  readonly oci?: OciChain;
}

function targetOf(given: string | undefined): string {
  if (given !== undefined) {
    if (!/^[a-z0-9]+\/[a-z0-9]+(?:\/[a-z0-9]+)?$/.test(given)) {
      throw new UsageError(`--platform "${given}" is not a platform such as linux/amd64, linux/arm64 or linux/arm/v7.`);
    }
    return given;
  }
  return runnerTarget('linux', process.arch) ?? 'linux/amd64';
}

/**
 * Verifies a plugin that lies in a registry: with a bundle or signature that the user gives, the file; without, the
 * image or artifact by the signatures that the registry has for it.
 */
export async function verifyReference(
  text: string,
  options: OciOptions,
  policy: SignaturePolicy,
): Promise<JudgedReference> {
  if (options.offline === true) {
    throw new UsageError(
      `--offline makes no connection, and ${text} lies in a registry. Fetch the file first, or leave --offline out.`,
    );
  }
  const reference = parseReference(text);
  const given = options.bundle !== undefined || options.signature !== undefined;
  const signature = given ? findSignature(text, options) : undefined;
  const [{ deliver, verifyImage }, { verifyArtifact }] = await Promise.all([
    import('../parts/oci.ts'),
    import('../parts/signature.ts'),
  ]);
  const target = targetOf(options.platform);
  const environment = options.environment ?? {};
  const file = given ? 'needed' : 'when-named';
  const delivery = await deliver({ reference, target, environment, file, signatures: !given });
  if (!delivery.ok) return { findings: [delivery.finding] };
  const { chain: oci, file: pulled, signatures } = delivery.value;
  const trust = await believed(options, policy);
  if (!trust.ok) return { findings: [trust.finding], oci };
  const { ok: _, ...who } = trust;
  if (signature !== undefined && pulled !== undefined) {
    return { ...(await verifyArtifact({ artifact: pulled.bytes, signature, policy, ...who })), oci };
  }
  return { ...(await verifyImage(oci.resolved, signatures, { policy, ...who }, verifyArtifact)), oci };
}
