import { z } from 'zod';
import { anyPath, flag, text } from './scalars.ts';

/** The section `verdict`: what the gate signs, as whom, and with what. */

const URI = /^[A-Za-z][A-Za-z0-9+.-]*:[^\s\u0000-\u001f\u007f]+$/;

function variable(description: string) {
  const expected = 'expected the name of an environment variable, such as GATE_KEY';
  return z
    .string({ error: expected })
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, { error: expected })
    .meta({ description });
}

function service(description: string) {
  const expected =
    'expected the URL of the service, such as https://fulcio.example.org; http is for this machine only (http://127.0.0.1)';
  return z
    .string({ error: expected })
    .max(2048, { error: expected })
    .regex(/^(?:https:\/\/[^\s/@?#]+|http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost)(?::[0-9]{1,5})?)(?:\/[^\s?#]*)?$/, {
      error: expected,
    })
    .meta({ description });
}

const keySchema = z
  .strictObject({
    file: anyPath(
      'Private key in PEM, ECDSA, Ed25519 or RSA; best outside the repository. Relative to the configuration file, or absolute.',
    ).optional(),
    environment: variable('Environment variable that holds the private key in PEM.').optional(),
    password: variable('Environment variable that holds the password of the key, when it is encrypted.').optional(),
  })
  .meta({
    description: 'Sign with a private key: either `file` or `environment`. It is never printed.',
    oneOf: [{ required: ['file'] }, { required: ['environment'] }],
  });

const sigstoreSchema = z
  .strictObject({
    fulcio: service('Certificate authority. Without it, the public one of Sigstore.').optional(),
    rekor: z
      .union([service('Transparency log.'), z.literal('none')])
      .meta({
        description:
          'Transparency log, or `none` where a timestamp is enough. Without it, the public one of Sigstore: everybody can read there what was signed and by whom.',
      })
      .optional(),
    timestamp: service('Timestamp authority (RFC 3161).').optional(),
  })
  .meta({
    description:
      'Sign with Sigstore as the workflow that runs, by the identity token of the job (`permissions: id-token: write`). `{}` is the public instance.',
    dependentRequired: { fulcio: ['rekor'] },
  });

export const verdictSchema = z
  .strictObject({
    verifier: text('URI that names this gate; who deploys a plugin pins it.').regex(URI, {
      error: 'expected a URI, such as https://example.org/release-gate',
    }),
    resource: text(
      'URI of the artifact; {name}, {os}, {arch} and {version} are replaced. Without it, a package URL: pkg:generic/NAME@VERSION?arch=ARCH&os=OS.',
    )
      .regex(URI, { error: 'expected a URI, such as https://example.org/plugins/{name}/{version}' })
      .optional(),
    required: flag('A gate that cannot sign its verdict fails.').default(true),
    key: keySchema.optional(),
    sigstore: sigstoreSchema.optional(),
  })
  .meta({
    description:
      'Writes beside each artifact what the gate came to, signed: a SLSA verification summary and an in-toto test result. Either `key` or `sigstore`.',
    oneOf: [{ required: ['key'] }, { required: ['sigstore'] }],
  });
