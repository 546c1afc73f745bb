import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { CODE_SIGNING, type LeafCertificate } from './certificate.ts';
import type { CertificateFacts, CertificateName } from './evidence.ts';
import { certificateDigestFindings } from './other-name.ts';
import { type CertificateSigner, CLAIM_NAMES, describeMatch, matches } from './policy.ts';

/** Names of a certificate for a message; long ones and many are cut. */
export function quoted(names: readonly CertificateName[]): string {
  if (names.length === 0) return 'no name';
  const shown = names.slice(0, 5).map(({ type, value }) => `${type} ${JSON.stringify(value.slice(0, 300))}`);
  return names.length > shown.length ? `${shown.join(', ')}, …` : shown.join(', ');
}

function identityFindings(facts: CertificateFacts, policy: CertificateSigner): Finding[] {
  const expected = `${policy.identityType} ${describeMatch(policy.identity)}`;
  const names = facts.names.filter(({ type, value }) => type !== 'other-name' || value !== policy.digestOid);
  const [name, ...more] = names;
  if (more.length > 0) {
    return [
      finding(
        'sig/ambiguous-identity',
        `Expected one name in the signing certificate, found ${names.length}: ${quoted(names)}.`,
        { subject: facts.fingerprint },
      ),
    ];
  }
  if (name !== undefined && name.type === policy.identityType && matches(policy.identity, name.value)) return [];
  return [
    finding('sig/wrong-identity', `Expected the signer ${expected}, found ${quoted(names)}.`, {
      subject: 'identity',
    }),
  ];
}

function issuerFindings(facts: CertificateFacts, policy: CertificateSigner): Finding[] {
  const { issuer, legacyIssuer } = facts;
  const named = issuer ?? legacyIssuer;
  const wrong = (message: string, fix?: string): Finding[] => [
    finding('sig/wrong-issuer', message, { subject: 'issuer', ...(fix === undefined ? {} : { fix }) }),
  ];
  if (policy.issuer === 'absent') {
    return named === undefined
      ? []
      : wrong(`Expected a certificate without an OIDC issuer, found ${JSON.stringify(named)}.`);
  }
  const expected = describeMatch(policy.issuer);
  if (issuer !== undefined && legacyIssuer !== undefined && issuer !== legacyIssuer) {
    return [
      finding(
        'sig/ambiguous-identity',
        `Expected one OIDC issuer in the signing certificate, found two: ${JSON.stringify(issuer)} and ${JSON.stringify(legacyIssuer)}.`,
        { subject: facts.fingerprint },
      ),
    ];
  }
  if (named === undefined) return wrong(`Expected the OIDC issuer ${expected}, found none in the signing certificate.`);
  if (!matches(policy.issuer, named))
    return wrong(`Expected the OIDC issuer ${expected}, found ${JSON.stringify(named)}.`);
  if (issuer === undefined && policy.legacyIssuer !== true) {
    return wrong(
      `Expected the OIDC issuer ${expected} in the extension 1.3.6.1.4.1.57264.1.8, found it only in the old one, 1.3.6.1.4.1.57264.1.1.`,
      'If the certificate is from before 2023, allow the old extension in the policy; otherwise have the file signed again.',
    );
  }
  return [];
}

function claimFindings(facts: CertificateFacts, policy: CertificateSigner): Finding[] {
  const findings: Finding[] = [];
  for (const name of CLAIM_NAMES) {
    const match = policy.claims?.[name];
    const found = facts.claims[name];
    if (match === undefined || (found !== undefined && matches(match, found))) continue;
    findings.push(
      finding(
        'sig/wrong-claim',
        `Expected the certificate to state ${name} ${describeMatch(match)}, found ${found === undefined ? 'nothing' : JSON.stringify(found)}.`,
        { subject: name },
      ),
    );
  }
  return findings;
}

function shellWord(text: string): string {
  return /^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** How a person reads the certificate with OpenSSL. */
function howToLook(file: string): string {
  return (
    `To look at the certificate: jq -r '.verificationMaterial | .certificate.rawBytes // .x509CertificateChain.certificates[0].rawBytes' ` +
    `${shellWord(file)} | base64 -d | openssl x509 -inform der -noout -text`
  );
}

/**
 * Everything in the policy about who signed, compared with the leaf certificate itself: one name of the right kind,
 * equal or matched as a whole; the issuer; the claims; that it is a code signing leaf. All differences at once.
 * @param sha256 of the artifact, 64 lower-case hex digits
 * @param file name of the bundle, for the advice
 */
export function signerFindings(
  leaf: LeafCertificate,
  policy: CertificateSigner,
  sha256: string,
  file: string,
): Finding[] {
  const findings = leaf.unfit.map((reason) =>
    finding('sig/unfit-certificate', `Expected a code signing certificate, but ${reason}.`, {
      subject: leaf.facts.fingerprint,
    }),
  );
  const usages = leaf.facts.extendedKeyUsage;
  if (!usages.includes(CODE_SIGNING)) {
    findings.push(
      finding(
        'sig/wrong-eku',
        `Expected a certificate for code signing (extended key usage ${CODE_SIGNING}), found ${usages.length === 0 ? 'none' : usages.join(', ')}.`,
        { subject: leaf.facts.fingerprint },
      ),
    );
  }
  findings.push(...identityFindings(leaf.facts, policy));
  findings.push(...issuerFindings(leaf.facts, policy), ...claimFindings(leaf.facts, policy));
  if (policy.digestOid !== undefined) findings.push(...certificateDigestFindings(leaf, policy.digestOid, sha256));
  return findings.map((each) => ({ ...each, details: howToLook(file) }));
}
