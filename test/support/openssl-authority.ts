import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How OpenSSL is asked to issue a certificate. */
export interface Request {
  /** Lines of an OpenSSL extension section. */
  readonly extensions: readonly string[];
  /** Days from now; may be negative. */
  readonly from?: number;
  readonly to?: number;
  readonly key?: readonly string[];
  readonly hash?: string;
}

export interface Issued {
  readonly certificate: string;
  readonly key: string;
  readonly pem: Buffer;
}

export const P256: readonly string[] = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];
export const P384: readonly string[] = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'];
export const RSA: readonly string[] = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'];
export const CA = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
/** A leaf for code signing with these names, such as `URI:spiffe://example.org/ci`. */
export const leafFor = (names: string): readonly string[] => [
  'basicConstraints=CA:FALSE',
  'keyUsage=critical,digitalSignature',
  'extendedKeyUsage=codeSigning',
  `subjectAltName=${names}`,
];

/** A certificate authority that the OpenSSL program runs, in a directory. */
export class OpensslAuthority {
  readonly #directory: string;
  #count = 0;

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  run(...args: readonly string[]): Buffer {
    return execFileSync('openssl', args, { cwd: this.#directory, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  path(name: string): string {
    return join(this.#directory, name);
  }

  /** Issues a certificate; without `by` it signs itself. */
  issue(subject: string, request: Request, by?: Issued): Issued {
    const name = `c${++this.#count}`;
    const { extensions, from = -1, to = 365, key = P256, hash = 'sha256' } = request;
    const files = {
      key: this.path(`${name}.key`),
      certificate: this.path(`${name}.pem`),
      request: this.path(`${name}.csr`),
    };
    this.run('genpkey', ...key, '-out', files.key);
    this.run('req', '-new', '-key', files.key, '-subj', `/CN=${subject}`, '-out', files.request);
    writeFileSync(this.path(`${name}.db`), '');
    writeFileSync(this.path(`${name}.db.attr`), 'unique_subject = no\n');
    const config = [
      '[ca]',
      'default_ca = own',
      '[own]',
      `database = ${this.path(`${name}.db`)}`,
      `new_certs_dir = ${this.#directory}`,
      'rand_serial = yes',
      'policy = any',
      'email_in_dn = no',
      '[any]',
      'commonName = supplied',
      '[wanted]',
      ...(by === undefined ? [] : ['authorityKeyIdentifier=keyid']),
      'subjectKeyIdentifier=hash',
      ...extensions,
    ];
    writeFileSync(this.path(`${name}.cnf`), `${config.join('\n')}\n`);
    const issuer =
      by === undefined ? ['-selfsign', '-keyfile', files.key] : ['-cert', by.certificate, '-keyfile', by.key];
    this.run(
      'ca',
      '-batch',
      '-notext',
      '-config',
      this.path(`${name}.cnf`),
      '-extensions',
      'wanted',
      '-md',
      hash,
      '-startdate',
      asn1Time(from),
      '-enddate',
      asn1Time(to),
      '-in',
      files.request,
      '-out',
      files.certificate,
      ...issuer,
    ); // prettier-ignore
    return { certificate: files.certificate, key: files.key, pem: readFileSync(files.certificate) };
  }

  /** A signature of a file's bytes by the key of a certificate. */
  sign({ key }: Issued, bytes: Uint8Array, hash = 'sha256'): Buffer {
    const [input, output] = [this.path('to-sign'), this.path('signature')];
    writeFileSync(input, bytes);
    this.run('dgst', `-${hash}`, '-sign', key, '-out', output, input);
    return readFileSync(output);
  }

  /** A timestamp token (RFC 3161) over bytes, made by the key of a certificate with the usage timeStamping. */
  stamp(signer: Issued, bytes: Uint8Array): Buffer {
    writeFileSync(this.path('to-stamp'), bytes);
    writeFileSync(this.path('tsa-serial'), '01\n');
    writeFileSync(
      this.path('tsa.cnf'),
      [
        '[tsa]',
        'default_tsa = own',
        '[own]',
        `serial = ${this.path('tsa-serial')}`,
        'crypto_device = builtin',
        `signer_cert = ${signer.certificate}`,
        `signer_key = ${signer.key}`,
        'signer_digest = sha256',
        'default_policy = 1.2.3.4.1',
        'digests = sha256',
        'ess_cert_id_alg = sha256',
        '',
      ].join('\n'),
    );
    const [query, token] = [this.path('query.tsq'), this.path('answer.tsr')];
    this.run('ts', '-query', '-data', this.path('to-stamp'), '-sha256', '-cert', '-out', query);
    this.run('ts', '-reply', '-config', this.path('tsa.cnf'), '-queryfile', query, '-out', token);
    return readFileSync(token);
  }
}

function asn1Time(days: number): string {
  return `${new Date(Date.now() + days * 864e5).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
}
