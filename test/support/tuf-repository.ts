import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';

/** JSON with sorted keys and no spaces: OLPC canonical JSON for all values that TUF metadata has. */
function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? ''
  );
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

interface TufKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly json: object;
}

function newKey(): TufKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  const json = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: raw.toString('hex') } };
  return { id: sha256(Buffer.from(canonical(json))), privateKey, json };
}

export type Role = 'root' | 'timestamp' | 'snapshot' | 'targets';
const ROLES: readonly Role[] = ['root', 'timestamp', 'snapshot', 'targets'];

/** What is different about one published state. */
export interface Publication {
  readonly version: number;
  /** When the roles end; in a year unless given. */
  readonly expires?: Partial<Record<Role, Date>>;
  /** Signs a role with a key that nobody named. */
  readonly forged?: Role;
  /** What is served in place of the target. */
  readonly servedTarget?: Uint8Array;
}

/** A TUF repository on loopback with consistent snapshots, signed with keys of its own by node:crypto. */
export class TufRepository {
  readonly url: string;
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #files = new Map<string, Uint8Array>();
  readonly #keys = new Map(ROLES.map((role) => [role, newKey()]));
  #status = 200;

  private constructor(url: string, server: Server) {
    this.url = url;
    this.#server = server;
    server.on('request', (request, response) => {
      const path = request.url ?? '';
      this.requests.push(path);
      const file = this.#files.get(path);
      if (this.#status !== 200) response.writeHead(this.#status).end();
      else if (file === undefined) response.writeHead(404).end();
      else response.writeHead(200).end(file);
    });
  }

  static async start(): Promise<TufRepository> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return new TufRepository(`http://127.0.0.1:${address.port}`, server);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** From now on every answer has this HTTP status. */
  answerWith(status: number): void {
    this.#status = status;
  }

  /** The root metadata of version 1, which a client has to have from elsewhere. */
  firstRoot(expires = new Date(Date.now() + 365 * 864e5)): Uint8Array {
    return this.#signed('root', this.#root(1, expires));
  }

  #root(version: number, expires: Date): object {
    const keys = Object.fromEntries([...this.#keys.values()].map(({ id, json }) => [id, json]));
    const roles = Object.fromEntries([...this.#keys].map(([role, { id }]) => [role, { keyids: [id], threshold: 1 }]));
    return { ...this.#head('root', version, expires), consistent_snapshot: true, keys, roles };
  }

  #head(role: Role, version: number, expires: Date): object {
    return { _type: role, spec_version: '1.0.31', version, expires: `${expires.toISOString().slice(0, 19)}Z` };
  }

  #signed(role: Role, body: object, forged = false): Uint8Array {
    const key = this.#keys.get(role);
    if (key === undefined) throw new Error(role);
    const privateKey = forged ? newKey().privateKey : key.privateKey;
    const signature = sign(null, Buffer.from(canonical(body)), privateKey).toString('hex');
    return Buffer.from(JSON.stringify({ signed: body, signatures: [{ keyid: key.id, sig: signature }] }));
  }

  /** Signs and serves a state of the repository with this target. */
  publish(target: Uint8Array, { version, expires = {}, forged, servedTarget = target }: Publication): void {
    const until = (role: Role) => expires[role] ?? new Date(Date.now() + 365 * 864e5);
    const put = (path: string, bytes: Uint8Array) => this.#files.set(path, bytes);
    const digest = sha256(target);
    const targets = this.#signed(
      'targets',
      {
        ...this.#head('targets', version, until('targets')),
        targets: { 'trusted_root.json': { length: target.length, hashes: { sha256: digest } } },
      },
      forged === 'targets',
    );
    const snapshot = this.#signed(
      'snapshot',
      {
        ...this.#head('snapshot', version, until('snapshot')),
        meta: { 'targets.json': { version, length: targets.length, hashes: { sha256: sha256(targets) } } },
      },
      forged === 'snapshot',
    );
    const timestamp = this.#signed(
      'timestamp',
      {
        ...this.#head('timestamp', version, until('timestamp')),
        meta: { 'snapshot.json': { version, length: snapshot.length, hashes: { sha256: sha256(snapshot) } } },
      },
      forged === 'timestamp',
    );
    put(`/${version}.targets.json`, targets);
    put(`/${version}.snapshot.json`, snapshot);
    put('/timestamp.json', timestamp);
    put(`/targets/${digest}.trusted_root.json`, servedTarget);
  }

  /** Serves a next root; `forged` signs it with a key that nobody named. */
  publishRoot(version: number, { forged = false, expires = new Date(Date.now() + 365 * 864e5) } = {}): void {
    this.#files.set(`/${version}.root.json`, this.#signed('root', this.#root(version, expires), forged));
  }
}
