import { readArtifact } from '../../artifact/read.ts';
import { expandTokens } from '../../build/tokens.ts';
import type { SignatureConfig } from '../../config/schema.ts';
import { UsageError } from '../../errors.ts';
import { LIMITS } from '../../signature/limits.ts';
import { identityTypeOf, type SignaturePolicy } from '../../signature/policy.ts';
import type { SignatureFile } from '../../signature/verify.ts';
import { type GateContext, type GateStep, skip } from '../known.ts';
import type { Job } from '../plan.ts';
import type { Prepared } from '../prepare.ts';

/** Checks who signed the artifact, over the same bytes that are loaded afterwards. */
export const verifyStep: GateStep = async (job, known, context) => {
  const config = job.signature;
  if (config === undefined) return skip('the configuration asks for no signature', { signature: 'cleared' });
  if (known.artifact === undefined) return skip('there is no plugin file to verify');
  const signature = findSignature(config, job, context);
  if (signature.form === 'none' && !config.required) {
    const reason = `no signature was found (${signature.looked.join(', ')}), and none is required`;
    return skip(reason, { signature: 'cleared' });
  }
  const { parseTrustedRoot, verifyArtifact } = await import('../../parts/signature.ts');
  const root = known.prepared.trustedRoot;
  const outcome = await verifyArtifact({
    artifact: known.artifact.bytes,
    signature,
    policy: policyOf(config, known.prepared),
    ...(root === undefined ? {} : { trust: parseTrustedRoot(root, config.trustedRoot ?? '') }),
  });
  const refused = outcome.findings.some(({ severity }) => severity === 'error' || severity === 'undecided');
  return { outcome, known: { signature: refused ? 'refused' : 'cleared' } };
};

function policyOf(config: SignatureConfig, { key }: Prepared): SignaturePolicy {
  if (key !== undefined) {
    const pem = Buffer.from(key).toString('utf8');
    // A key that the project keeps needs no log: the key itself says who signed.
    return { signer: { kind: 'key', pem }, log: 'optional' };
  }
  const { identity, issuer } = config;
  if (identity === undefined || issuer === undefined) {
    throw new UsageError('The signature settings name neither a key nor both an identity and an issuer.');
  }
  return {
    signer: {
      kind: 'certificate',
      identity: { kind: 'exact', value: identity },
      identityType: identityTypeOf(identity),
      issuer: { kind: 'exact', value: issuer },
      sct: 'required',
    },
    log: 'required',
  };
}

function findSignature(config: SignatureConfig, job: Job, context: GateContext): SignatureFile {
  const form = config.key === undefined ? 'bundle' : 'detached';
  const pattern =
    (form === 'bundle' ? config.bundle : config.signature) ??
    (form === 'bundle' ? '{artifact}.sigstore.json' : '{artifact}.sig');
  const file = expandTokens(pattern, job.tokens, `signature of plugin ${job.plugin.name}`);
  const limit = form === 'bundle' ? LIMITS.documentBytes : LIMITS.signatureBytes;
  const { artifact, problem } = readArtifact(context.root, file, { maxSize: limit });
  return artifact === undefined
    ? { form: 'none', looked: [problem.kind === 'missing' ? file : `${file}: ${problem.message}`] }
    : { form, bytes: artifact.bytes, name: file };
}
