import type { CommandEntry } from './entry.ts';
import { format, listOption } from './options.ts';

/** Who signed a file. */

export const VERIFY: CommandEntry = {
  summary: 'check who signed a file',
  setUp: (command, run) =>
    void command
      .argument('<file>', 'the file, sha256:<digest>, or oci://host/name:tag#path')
      .option('--platform <platform>', 'image to choose from an index of a registry: linux/arm64')
      .option('--bundle <file>', 'sigstore bundle, or several, one a line (default: <file>.sigstore.json)')
      .option(
        '--signature <file>',
        'detached signature, with --key, --gpg-key or --certificate (default with --key: <file>.sig)',
      )
      .option('--certificate <file>', "signer's certificate of a --signature, with its intermediates (PEM)")
      .option('--rfc3161-timestamp <file>', 'timestamp token of a --signature with --certificate')
      .option('--key <file>', 'public key in PEM')
      .option('--gpg-key <file>', 'OpenPGP keys that may sign, of a --signature that gpg made (.asc, .sig)')
      .option('--certificate-identity <identity>', 'exact identity of the signer')
      .option('--certificate-identity-regexp <pattern>', 'pattern that the whole identity must match')
      .option('--certificate-identity-type <type>', 'kind of name in the certificate: uri, email, dns')
      .option('--certificate-oidc-issuer <url>', 'exact issuer')
      .option('--certificate-oidc-issuer-regexp <pattern>', 'pattern that the whole issuer must match')
      .option('--ca-roots <file>', 'roots of an authority of your own (PEM), in place of the issuer')
      .option('--ca-intermediates <file>', 'intermediates of that authority (PEM)')
      .option('--signer-workflow <workflow>', 'workflow that signed: org/repo/.github/workflows/release.yml')
      .option('--source-repository <uri>', 'repository that certificate and provenance must name')
      .option('--source-ref <ref>', 'ref that certificate and provenance must name')
      .option('--source-digest <commit>', 'commit that certificate and provenance must name')
      .option('--builder-id <uri>', 'builder that a SLSA provenance must name')
      .option('--certificate-digest-oid <oid>', "otherName type that must hold the file's SHA-256")
      .option('--deny-self-hosted-runners', 'refuse self-hosted runners')
      .addOption(listOption('--predicate-type <uri>', 'require an attestation of this type'))
      .option('--trusted-root <file>', "trusted_root.json (default: sigstore's public-good root)")
      .option('--timestamp-certificate-chain <file>', 'a timestamp authority of your own (PEM)')
      .option('--offline', 'make no connection: use the public-good root that is built in')
      .option('--require-tlog', 'require a transparency log entry with --key and --ca-roots too')
      .option('--insecure-ignore-tlog', 'accept a certificate without a transparency log entry')
      .option('--insecure-ignore-sct', 'accept a certificate that no certificate transparency log knows')
      .option(
        '--insecure-ignore-time',
        'with --ca-roots: accept a certificate that is valid now, without proof of time',
      )
      .option('--explain', 'tell what was expected, and what carries what')
      .option('--summary', 'check the signed verdict of a gate (default bundle: <file>.vsa.sigstore.json)')
      .option('--verifier-id <uri>', 'with --summary: whose verdict counts, exactly')
      .addOption(listOption('--policy-digest <digest>', 'with --summary: policy that is agreed to'))
      .option('--resource-uri <uri>', 'with --summary: what the file must have been judged as, exactly')
      .addOption(listOption('--verified-level <level>', 'with --summary: level that must be verified'))
      .option('--max-age <time>', 'with --summary: greatest age of the verdict, such as 12h or 90d')
      .option('--record', 'check that the file, an audit record of the gate, is whole')
      .option('--head <digest>', 'with --record: digest of a line that must be in it')
      .addOption(format('text', 'json'))
      .action(async (file: string, options: Record<string, never>) => {
        const { verifyAsAsked } = await import('../parts/verify.ts');
        run.exitCode = await verifyAsAsked(file, { ...options, environment: process.env }, run.terminal);
      }),
};
