import { controls } from '../controls.ts';
import { defineRules, type Rule } from '../rule.ts';

const { cncfArtifactSignatures, ospsSignedRelease, slsaSignedProvenance, slsaVerifyArtifact, ssdfVerifyRelease } =
  controls;

const SIGNATURE = [slsaVerifyArtifact, cncfArtifactSignatures, ssdfVerifyRelease] as const;

/** Rules of the step `verify` that block: everything but what could not be decided. */
function refusal(title: string, why: string, fix: string, controlsOf: Rule['controls'] = SIGNATURE): Rule {
  return { title, severity: 'error', step: 'verify', why, fix, controls: controlsOf };
}

const CHECK_ROOT =
  'Check which sigstore instance signed the file, and give its trusted root (--trusted-root). Without one, the public-good root is used.';

export const sigRules = defineRules({
  'sig/missing': refusal(
    'No signature',
    'A plugin runs with all rights of its host. Without a signature nobody can tell whether this file is the one that the publisher built.',
    'Sign the file in the release job (for example "cosign sign-blob --bundle plugin.so.sigstore.json plugin.so") and ship the bundle with it.',
    [...SIGNATURE, ospsSignedRelease],
  ),
  'sig/malformed': refusal(
    'Signature file cannot be read',
    'A signature file that is cut, ambiguous or not what it claims to be proves nothing, and is a usual way to attack the program that reads it.',
    'Fetch the signature file again; if it is the same, have the file signed again.',
  ),
  'sig/too-large': refusal(
    'Signature file over the limits',
    'Real signature files are small. One with huge or very many parts costs memory and time before it can be judged.',
    'Fetch the signature file again, and check that it is the bundle and not the plugin or an archive.',
  ),
  'sig/unsupported': refusal(
    'Form of the signature not supported',
    'A form that is not understood cannot be verified, so it counts as no signature.',
    'Sign with a sigstore bundle of version 0.3 (cosign 3, cosign 2 with --new-bundle-format, actions/attest), with an ECDSA, Ed25519 or RSA key, or with OpenPGP (gpg --detach-sign, SHA-256 or longer).',
  ),
  'sig/digest-mismatch': refusal(
    'Signature is for another file',
    'The file is not the one that was signed: it was changed after signing, or the wrong signature was shipped with it.',
    'Compare the sha256 of the file with that of the signed release; sign what you ship, after the last step that changes the file (strip, patchelf).',
  ),
  'sig/invalid': refusal(
    'Signature does not verify',
    'The signature is not what the certificate or key would have made over this file: it is damaged or forged.',
    'Fetch file and signature again from the publisher. If it stays so, treat the file as tampered with.',
  ),
  'sig/key-mismatch': refusal(
    'Not signed with the expected key',
    'The policy trusts one key. A signature by any other key, or by a certificate, says nothing about the party that you trust.',
    'Check that the configured public key is the current one of the publisher; after a key change, get the new key by a way you trust, not from the release itself.',
  ),
  'sig/unfit-key': refusal(
    'OpenPGP key may not sign',
    'A key that is revoked or expired is one that its owner no longer stands for, and when a signature was made it only claims. A key without the right to sign was given out for something else.',
    'Get the current key of the publisher by a way you trust (gpg --export), and have the file signed with a key that is valid now.',
  ),
  'sig/wrong-time': refusal(
    'OpenPGP signature not valid at this time',
    'A signature from before its key or from the future was not made as it says, and one that has expired no longer holds.',
    'Check the clocks of this machine and of the signing machine, and have the file signed again.',
  ),
  'sig/wrong-identity': refusal(
    'Signed by someone else',
    'A valid signature proves only who signed. Anybody can get a certificate for a name of their own, also for one that looks like yours.',
    'If the signer is right, correct the identity in the policy, in full. If not, do not use the file.',
  ),
  'sig/wrong-issuer': refusal(
    'Identity vouched for by another issuer',
    'The same name from another identity provider can be another party.',
    'If the issuer is right, correct it in the policy, in full (for GitHub Actions https://token.actions.githubusercontent.com).',
  ),
  'sig/ambiguous-identity': refusal(
    'Signer named ambiguously',
    'With two names in a certificate two verifiers can believe in two different signers.',
    'Have the file signed with a certificate that names exactly one signer and one issuer.',
  ),
  'sig/wrong-claim': refusal(
    'Certificate states other facts about the job',
    'The identity is right, but the file comes from another repository, branch, trigger or kind of machine than the policy allows.',
    'Release from the repository, ref and workflow that the policy names, or correct the policy.',
    [...SIGNATURE, slsaSignedProvenance],
  ),
  'sig/wrong-certificate-digest': refusal(
    'Certificate issued for another file',
    'The policy asks the authority to name the file in the certificate. This one names none, or another.',
    'Have a certificate issued for this very file, after the last step that changes it.',
  ),
  'sig/wrong-eku': refusal(
    'Certificate not made for code signing',
    'A certificate of the same authority for another purpose, such as a web server, must not be able to sign releases.',
    'Sign with a certificate that has the extended key usage "code signing".',
  ),
  'sig/unfit-certificate': refusal(
    'Certificate cannot be a signing certificate',
    'A certificate of an authority, or one with parts that this program does not understand, must not be read as that of a signer.',
    'Look at the certificate with openssl x509, and have a plain leaf certificate issued.',
  ),
  'sig/untrusted-root': refusal(
    'Certificate from an unknown authority',
    'The certificate does not lead to an authority of the trusted root. Anybody can run an authority that writes any name.',
    CHECK_ROOT,
  ),
  'sig/no-sct': refusal(
    'Certificate not in a trusted certificate log',
    'Without a certificate log nobody would notice that an authority gave out a certificate in your name.',
    'Use a sigstore instance with a certificate log that the trusted root lists; only for an authority of your own can this be waived.',
  ),
  'sig/certificate-expired': refusal(
    'Certificate not valid when the file was signed',
    'Signing certificates live for minutes. A signature from outside that time may have been made with a stolen key.',
    'Sign again; check the clock of the signing machine when it happens often.',
  ),
  'sig/no-log-entry': refusal(
    'No transparency log entry',
    'Without a public log entry a signature can be made in secret, and the owner of the identity would never see it.',
    'Sign with upload to the transparency log, and ship the bundle that contains the entry.',
  ),
  'sig/untrusted-log': refusal(
    'Log entry not proven by a trusted log',
    'The proof in the bundle is not from a log of the trusted root, or does not fit the entry.',
    CHECK_ROOT,
  ),
  'sig/log-mismatch': refusal(
    'Log entry is about something else',
    'The log entry is genuine, but for another signature, file or signer: it proves nothing for this one.',
    'Sign again, and ship the bundle as the signing tool wrote it.',
  ),
  'sig/no-time': refusal(
    'No proof of when it was signed',
    'A short-lived certificate counts only together with a proof that it was used while it was valid.',
    'Sign with a log that promises times, or with a timestamp authority, and ship the bundle that contains the proof.',
  ),
  'sig/untrusted-time': refusal(
    'Time not proven by a trusted authority',
    'The timestamp in the bundle is not from a timestamp authority of the trusted root, or does not fit the signature.',
    CHECK_ROOT,
  ),
  'sig/no-attestation': refusal(
    'Signed, but not attested',
    'The policy asks for a statement about how the file came to be. A plain signature does not contain one.',
    'Attest the file in the release job (actions/attest, cosign attest-blob), or take the predicate types out of the policy.',
    [...SIGNATURE, slsaSignedProvenance],
  ),
  'sig/wrong-payload-type': refusal(
    'Not an in-toto statement',
    'Signed text of another kind can contain the words of a statement without meaning them.',
    'Attest with a tool that writes in-toto statements (actions/attest, cosign attest-blob).',
    [...SIGNATURE, slsaSignedProvenance],
  ),
  'sig/wrong-subject': refusal(
    'Attestation is about another file',
    'The attestation is genuine, but says nothing about this file.',
    'Attest the file that you ship, after the last step that changes it.',
    [...SIGNATURE, slsaSignedProvenance],
  ),
  'sig/wrong-predicate': refusal(
    'Attestation of another kind',
    'An attestation about one thing, such as a list of parts, must not pass for another, such as provenance.',
    'Give the attestation of the kind that the policy names, or add its exact predicate type to the policy.',
    [...SIGNATURE, slsaSignedProvenance],
  ),
  'sig/wrong-provenance': refusal(
    'Provenance states another build',
    'The provenance is genuine, but the file was built from another source, or by another builder, than the policy allows.',
    'Release from the repository, ref and workflow that the policy names, or correct the policy.',
    [...SIGNATURE, slsaSignedProvenance],
  ),
  'sig/trust-refused': refusal(
    'Trusted root not from its owner',
    'Who is trusted comes from a repository with signatures and dates of its own (TUF). What was served is older than before, out of date, or not signed by its owners: believing it would let others decide who is trusted.',
    'Try again later and from another network. If it stays so, use the root that is built in (--offline) or one that you got by another way (--trusted-root).',
  ),
  'sig/trust-unavailable': {
    title: 'Trusted root could not be fetched',
    severity: 'undecided',
    step: 'verify',
    why: 'Without the current list of authorities and logs it cannot be told whether the signature is from one of them.',
    fix: 'Try again with a connection, or use the root that is built in (--offline) or a file (--trusted-root).',
    controls: SIGNATURE,
  },
  'sig/signer-changed': {
    title: 'Signed by another than the previous release',
    severity: 'warning',
    step: 'verify',
    why: 'A release by a new signer is what a takeover of the project looks like, and also what a move to another build looks like. A person has to tell the two apart.',
    fix: 'If the change is on purpose, accept this finding with the reason (plugin-gate accept); otherwise do not release.',
    controls: SIGNATURE,
  },
  'sig/policy-incomplete': refusal(
    'Policy does not say what to expect',
    'What the policy leaves open, the file would decide for itself.',
    'Name in the policy what you want to rely on.',
  ),
  'sig/needs-file': {
    title: 'Cannot be decided from the digest alone',
    severity: 'undecided',
    step: 'verify',
    why: 'A plain signature is made over the bytes of the file. With only a digest it can be neither accepted nor refused.',
    fix: 'Give the file instead of its digest, or an attestation, which names the digest.',
    controls: SIGNATURE,
  },
});
