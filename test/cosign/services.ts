import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';

/**
 * The real Fulcio, Rekor (tiles, on files) and timestamp authority on loopback, with an OIDC issuer that stands for
 * GitHub's, and a trusted root that cosign makes of them. There is no certificate log: Trillian cannot be had.
 */
export interface Services {
  readonly fulcio: string;
  readonly timestamp: string;
  readonly issuer: string;
  /** Files. */
  readonly trustedRoot: string;
  readonly signingConfig: string;
  readonly authority: string;
  /** An identity token as a release job has it. */
  readonly token: () => string;
  readonly stop: () => Promise<void>;
}

const WORKFLOW = 'example/plugin/.github/workflows/release.yml@refs/tags/v1.2.3';
const COMMIT = 'a'.repeat(40);

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(servers.map(listening));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function answering(url: string): Promise<string> {
  const until = Date.now() + 15_000;
  for (;;) {
    try {
      return await (await fetch(url)).text();
    } catch {
      // not up yet
    }
    if (Date.now() > until) throw new Error(`${url} does not answer`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

interface Issuer {
  readonly url: string;
  readonly token: () => string;
  readonly server: Server;
}

/** An OpenID Connect issuer with the claims of GitHub Actions. */
async function startIssuer(): Promise<Issuer> {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  let url = '';
  const server = createServer((request, response) => {
    const documents: Record<string, unknown> = {
      '/.well-known/openid-configuration': {
        issuer: url,
        jwks_uri: `${url}/keys`,
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
      },
      '/keys': { keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'RS256', use: 'sig' }] },
    };
    const document = documents[request.url ?? ''];
    response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document ?? {}));
  });
  url = `http://127.0.0.1:${await listening(server)}`;
  return { url, server, token: () => token(url, keys.privateKey) };
}

function token(issuer: string, key: KeyObject): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuer,
    aud: 'sigstore',
    sub: 'repo:example/plugin:ref:refs/tags/v1.2.3',
    iat: now,
    nbf: now - 10,
    exp: now + 600,
    event_name: 'push',
    sha: COMMIT,
    ref: 'refs/tags/v1.2.3',
    workflow: 'release',
    workflow_ref: WORKFLOW,
    workflow_sha: COMMIT,
    job_workflow_ref: WORKFLOW,
    job_workflow_sha: COMMIT,
    repository: 'example/plugin',
    repository_id: '1',
    repository_owner: 'example',
    repository_owner_id: '2',
    repository_visibility: 'public',
    runner_environment: 'github-hosted',
    run_id: '3',
    run_attempt: '1',
  };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const head = `${part({ alg: 'RS256', kid: 'k' })}.${part(claims)}`;
  return `${head}.${sign('sha256', Buffer.from(head), key).toString('base64url')}`;
}

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}

/** @param directory for keys, logs and what the services keep */
export async function startServices(directory: string): Promise<Services> {
  const at = (name: string) => join(directory, name);
  const issuer = await startIssuer();
  const ports = await freePorts(7);
  const [fulcioPort, fulcioGrpc, fulcioMetrics, rekorPort, rekorGrpc, rekorMetrics, tsaPort] = ports.map(String);
  const children: ChildProcess[] = [];
  const start = (program: string, ...args: readonly (string | undefined)[]): void => {
    const words = args.map((word) => word ?? '');
    children.push(spawn(program, words, { cwd: directory, env: process.env, stdio: 'ignore' }));
  };

  openssl(
    ...[
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-days',
      '3650',
      '-subj',
      '/O=test/CN=ca',
    ],
    ...['-passout', 'pass:x', '-keyout', at('ca.key'), '-out', at('ca.pem')],
    ...['-addext', 'basicConstraints=critical,CA:TRUE,pathlen:1', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  );
  openssl('genpkey', '-algorithm', 'ED25519', '-out', at('rekor.key'));
  openssl('pkey', '-in', at('rekor.key'), '-pubout', '-out', at('rekor.pub'));
  writeFileSync(
    at('fulcio.yaml'),
    `oidc-issuers:\n  ${issuer.url}:\n    issuer-url: ${issuer.url}\n    client-id: sigstore\n    type: github-workflow\n`,
  );
  mkdirSync(at('tiles'));
  start(
    ...(['fulcio', 'serve', '--config-path', at('fulcio.yaml'), '--ct-log-url', ''] as const),
    ...['--ca', 'fileca', '--fileca-cert', at('ca.pem'), '--fileca-key', at('ca.key'), '--fileca-key-passwd', 'x'],
    ...['--host', '127.0.0.1', '--port', fulcioPort, '--grpc-host', '127.0.0.1', '--grpc-port', fulcioGrpc],
    ...['--metrics-port', fulcioMetrics, '--legacy-unix-domain-socket', `@fulcio-test-${fulcioPort}`],
    '--fileca-watch=false',
  );
  start(
    ...(['rekor-server', 'serve', '--hostname', '127.0.0.1', '--signer-filepath', at('rekor.key')] as const),
    ...['--storage-dir', at('tiles'), '--checkpoint-interval', '1s'],
    ...['--http-port', rekorPort, '--grpc-port', rekorGrpc, '--http-metrics-port', rekorMetrics],
  );
  start(
    ...(['timestamp-server', 'serve', '--host', '127.0.0.1', '--port', tsaPort] as const),
    ...['--timestamp-signer', 'memory', '--disable-ntp-monitoring'],
  );
  const [fulcio, rekor, timestamp] = [fulcioPort, rekorPort, tsaPort].map((port) => `http://127.0.0.1:${port}`);
  const stop = async (): Promise<void> => {
    await Promise.all(
      children.map(async (child) => {
        const gone = new Promise((resolve) => child.once('exit', resolve));
        if (child.exitCode === null && child.kill()) await gone;
      }),
    );
    issuer.server.closeAllConnections();
    await new Promise((resolve) => issuer.server.close(resolve));
  };
  try {
    await answering(`${fulcio}/api/v2/trustBundle`);
    await answering(`${rekor}/healthz`);
    writeFileSync(at('tsa.pem'), await answering(`${timestamp}/api/v1/timestamp/certchain`));
    const none = ['fulcio', 'rekor', 'tsa', 'ctfe'].map((name) => `--no-default-${name}`);
    execFileSync(
      'cosign',
      [
        ...['trusted-root', 'create', ...none, '--out', at('trusted_root.json')],
        ...['--fulcio', `url=${fulcio},certificate-chain=${at('ca.pem')}`],
        ...['--rekor', `url=${rekor},public-key=${at('rekor.pub')},start-time=2024-01-01T00:00:00Z,origin=127.0.0.1`],
        ...['--tsa', `url=${timestamp},certificate-chain=${at('tsa.pem')}`],
      ],
      { env: { ...process.env, HOME: directory }, stdio: 'pipe' },
    );
  } catch (error) {
    await stop();
    throw error;
  }
  const service = (url: string | undefined, majorApiVersion: number) => [
    { url, majorApiVersion, validFor: { start: '2024-01-01T00:00:00Z' }, operator: 'test' },
  ];
  writeFileSync(
    at('signing-config.json'),
    JSON.stringify({
      mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
      caUrls: service(fulcio, 1),
      rekorTlogUrls: service(rekor, 2),
      rekorTlogConfig: { selector: 'ANY' },
      tsaUrls: service(`${timestamp}/api/v1/timestamp`, 1),
      tsaConfig: { selector: 'ANY' },
    }),
  );
  return {
    fulcio: fulcio ?? '',
    timestamp: timestamp ?? '',
    issuer: issuer.url,
    trustedRoot: at('trusted_root.json'),
    signingConfig: at('signing-config.json'),
    authority: readFileSync(at('ca.pem'), 'utf8'),
    token: issuer.token,
    stop,
  };
}
