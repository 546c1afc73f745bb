import { VerificationError } from '@sigstore/verify';
import type { RuleId } from '../rules/catalogue.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { LeafCertificate } from './certificate.ts';
import type { TimeFacts } from './evidence.ts';
import type { Trust } from './trust.ts';

/** What is known when the library refuses, to name the reason more precisely than it does. */
export interface RefusalContext {
  readonly leaf: LeafCertificate | undefined;
  readonly times: readonly TimeFacts[];
  readonly trust: Trust;
  readonly logEntries: number;
}

function because(rule: RuleId, message: string, error: Error): Finding {
  return finding(rule, message, { details: `Reason given by the verifier: ${error.message.slice(0, 300)}` });
}

/** Whether some authority of the trusted root signed the certificate. */
function issuedByTrusted(leaf: LeafCertificate, trust: Trust): boolean {
  return trust.authorities.some((authority) => {
    try {
      return leaf.x509.checkIssued(authority) && leaf.x509.verify(authority.publicKey);
    } catch {
      return false;
    }
  });
}

function certificateFinding(error: VerificationError, { leaf, times, trust }: RefusalContext): Finding {
  if (leaf === undefined) return because('sig/invalid', 'The certificate of the signer does not verify.', error);
  const root = `the trusted root (${trust.source})`;
  if (!issuedByTrusted(leaf, trust)) {
    return because(
      'sig/untrusted-root',
      `Expected a certificate from an authority of ${root}, found one from another authority.`,
      error,
    );
  }
  const { notBefore, notAfter } = leaf.facts;
  const outside = times.find(({ time }) => time < notBefore || time > notAfter);
  if (outside !== undefined) {
    return because(
      'sig/certificate-expired',
      `Expected a signing time between ${notBefore} and ${notAfter}, found ${outside.time} (${outside.source}).`,
      error,
    );
  }
  if (/SCT/.test(error.message)) {
    return because(
      'sig/no-sct',
      `Expected the certificate to be in a certificate log of ${root}, found no proof of that.`,
      error,
    );
  }
  return because('sig/untrusted-root', `Expected a certificate that was valid under ${root} when it was used.`, error);
}

/**
 * The finding for whatever the library threw. Anything that is not one of its own errors came from malformed input
 * that it did not expect: a refusal as well.
 */
export function refusalOf(error: unknown, context: RefusalContext): Finding {
  const root = `the trusted root (${context.trust.source})`;
  if (!(error instanceof VerificationError)) {
    const wrapped = error instanceof Error ? error : new Error(String(error));
    return because(
      'sig/malformed',
      'The signature material is malformed: the verifier could not go through it.',
      wrapped,
    );
  }
  switch (error.code) {
    case 'CERTIFICATE_ERROR':
      return certificateFinding(error, context);
    case 'TIMESTAMP_ERROR':
      if (/duplicate/.test(error.message)) {
        return because('sig/malformed', 'The bundle has the same proof of time twice.', error);
      }
      return context.times.length === 0
        ? because(
            'sig/no-time',
            'Expected a proof of when it was signed (a log promise or a timestamp), found none.',
            error,
          )
        : because(
            'sig/untrusted-time',
            `Expected timestamps from an authority of ${root}, found one that does not verify.`,
            error,
          );
    case 'TLOG_ERROR':
      return context.logEntries === 0
        ? because('sig/no-log-entry', 'Expected a transparency log entry, found none.', error)
        : because('sig/malformed', 'The bundle has the same log entry twice.', error);
    case 'TLOG_MISSING_INCLUSION_ERROR':
      return because(
        'sig/no-log-entry',
        'Expected a log entry with a promise or proof of inclusion, found one without.',
        error,
      );
    case 'TLOG_INCLUSION_PROOF_ERROR':
    case 'TLOG_INCLUSION_PROMISE_ERROR':
      return because(
        'sig/untrusted-log',
        `Expected a log entry proven by a log of ${root}, found one that is not.`,
        error,
      );
    case 'TLOG_BODY_ERROR':
      return because(
        'sig/log-mismatch',
        'Expected a log entry for this signature and file, found one for another.',
        error,
      );
    case 'PUBLIC_KEY_ERROR':
      return because('sig/key-mismatch', 'The key in the policy is not valid for this signature.', error);
    case 'SIGNATURE_ERROR':
      return context.leaf === undefined
        ? because(
            'sig/key-mismatch',
            'Expected a signature by the key in the policy, found one that it did not make.',
            error,
          )
        : because(
            'sig/invalid',
            'Expected a signature by the key in the certificate, found one that it did not make.',
            error,
          );
    case 'NOT_IMPLEMENTED_ERROR':
      return because('sig/unsupported', 'The signature is of a form that cannot be verified.', error);
  }
}
