import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A descriptor as it stands in manifests. */
export interface Pushed {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Debian's docker-registry on loopback, with its storage in a directory, and a small client that pushes. */
export class OciRegistry {
  readonly host: string;
  readonly #process: ChildProcess;
  readonly #authorization: string | undefined;

  private constructor(host: string, process: ChildProcess, authorization: string | undefined) {
    this.host = host;
    this.#process = process;
    this.#authorization = authorization;
  }

  /** @param htpasswd a line of an htpasswd file with bcrypt, and the user and password that it is for */
  static async start(
    directory: string,
    login?: { readonly htpasswd: string; readonly user: string },
  ): Promise<OciRegistry> {
    const port = await freePort();
    const storage = join(directory, `storage-${port}`);
    mkdirSync(storage, { recursive: true });
    const config = join(directory, `registry-${port}.json`);
    const passwords = join(directory, `htpasswd-${port}`);
    if (login !== undefined) writeFileSync(passwords, `${login.htpasswd}\n`);
    // YAML takes JSON.
    writeFileSync(
      config,
      JSON.stringify({
        version: '0.1',
        log: { level: 'error' },
        storage: { filesystem: { rootdirectory: storage } },
        http: { addr: `127.0.0.1:${port}` },
        ...(login === undefined ? {} : { auth: { htpasswd: { realm: 'test', path: passwords } } }),
      }),
    );
    const child = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
    const host = `127.0.0.1:${port}`;
    for (let attempt = 0; attempt < 200; attempt++) {
      const answer = await fetch(`http://${host}/v2/`).catch(() => undefined);
      if (answer !== undefined) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const authorization = login && `Basic ${Buffer.from(login.user).toString('base64')}`;
    return new OciRegistry(host, child, authorization);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
  }

  async #send(method: string, url: string, body?: Uint8Array, type = 'application/octet-stream'): Promise<Response> {
    const answer = await fetch(url.startsWith('http') ? url : `http://${this.host}${url}`, {
      method,
      headers: {
        'content-type': type,
        ...(this.#authorization === undefined ? {} : { authorization: this.#authorization }),
      },
      ...(body === undefined ? {} : { body: Uint8Array.from(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
    return answer;
  }

  async blob(
    repository: string,
    bytes: Uint8Array,
    mediaType: string,
    annotations?: Pushed['annotations'],
  ): Promise<Pushed> {
    const digest = digestOf(bytes);
    const begun = await this.#send('POST', `/v2/${repository}/blobs/uploads/`);
    const place = begun.headers.get('location') ?? '';
    await this.#send('PUT', `${place}${place.includes('?') ? '&' : '?'}digest=${digest}`, bytes);
    return { mediaType, digest, size: bytes.length, ...(annotations === undefined ? {} : { annotations }) };
  }

  /** Puts a manifest or index under a tag, or under its digest when none is given. */
  async manifest(repository: string, value: Readonly<Record<string, unknown>>, tag?: string): Promise<Pushed> {
    const bytes = Buffer.from(JSON.stringify(value));
    const mediaType = String(value.mediaType);
    const digest = digestOf(bytes);
    await this.#send('PUT', `/v2/${repository}/manifests/${tag ?? digest}`, bytes, mediaType);
    return { mediaType, digest, size: bytes.length };
  }

  /** An image or artifact of these layers. */
  async image(
    repository: string,
    layers: readonly Pushed[],
    tag?: string,
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<Pushed> {
    const config = await this.blob(repository, Buffer.from('{}'), 'application/vnd.oci.empty.v1+json');
    return await this.manifest(repository, { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers, ...more }, tag);
  }
}
