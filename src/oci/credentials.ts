import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import { readFileUpTo } from '../signature/file.ts';
import { member, parseStrictJson, record } from '../signature/json.ts';
import { Refusal } from './outcome.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const CONFIG_BOUNDS = { bytes: 1024 * 1024, depth: 16, values: 20_000 };
/** Names of helper programs: no path, nothing that a shell or the file system would take another way. */
const HELPER = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const HELPER_MS = 15_000;
const HELPER_BYTES = 64 * 1024;

/** The keys under which docker keeps a host: bare, or as the URL that old versions wrote. Nothing else matches. */
function keysOf(account: string): readonly string[] {
  const bare = [account, `https://${account}`, `https://${account}/`, `https://${account}/v2/`];
  return account === 'index.docker.io' ? [`https://${account}/v1/`, 'docker.io', ...bare] : bare;
}

/** Docker's configuration (config.json); undefined when there is none. @throws UsageError when it is damaged */
function configOf(environment: Environment): unknown {
  const { DOCKER_CONFIG: directory, HOME: home } = environment;
  const path =
    directory !== undefined && directory !== ''
      ? join(directory, 'config.json')
      : home === undefined
        ? undefined
        : join(home, '.docker', 'config.json');
  if (path === undefined) return undefined;
  const reading = readFileUpTo(path, CONFIG_BOUNDS.bytes);
  if (!reading.ok) {
    if (reading.missing) return undefined;
    throw new UsageError(`The configuration of docker cannot be used: ${reading.problem}.`);
  }
  const parsed = parseStrictJson(reading.bytes, CONFIG_BOUNDS);
  if (!parsed.ok) throw new UsageError(`The configuration of docker, ${path}, cannot be read: ${parsed.problem}.`);
  return parsed.value;
}

/** `user:password` in base64, or both as members of their own. */
function stored(entry: unknown, account: string): Credentials | undefined {
  const username = member(entry, 'username');
  const password = member(entry, 'password');
  if (typeof username === 'string' && typeof password === 'string') return { username, password };
  const auth = member(entry, 'auth');
  if (typeof auth === 'string' && auth !== '') {
    const text = Buffer.from(auth, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon > 0) return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
  }
  if (typeof member(entry, 'identitytoken') === 'string') {
    throw new UsageError(
      `The configuration of docker has an identity token for ${account}, which cannot be used here: log in with a user name and an access token.`,
    );
  }
  return undefined;
}

/** Asks a helper program of docker (docker-credential-NAME, which reads a host and writes JSON). */
async function fromHelper(name: string, account: string, environment: Environment): Promise<Credentials | undefined> {
  if (!HELPER.test(name)) {
    throw new UsageError(
      `The configuration of docker names a credential helper "${name.slice(0, 80)}", which is no name.`,
    );
  }
  const program = `docker-credential-${name}`;
  const { PATH = '/usr/bin:/bin', HOME = '/' } = environment;
  const answer = await new Promise<{ code: number | null; text: string }>((resolve, reject) => {
    const child = spawn(program, ['get'], {
      env: { ...environment, PATH, HOME },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    // The timeout of spawn itself goes on when the program does not exist.
    const timer = setTimeout(() => child.kill('SIGKILL'), HELPER_MS);
    const chunks: Buffer[] = [];
    let size = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > HELPER_BYTES) child.kill('SIGKILL');
      else chunks.push(chunk);
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, text: Buffer.concat(chunks).toString('utf8') });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(account);
  }).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new Refusal('oci/unavailable', `The credential helper ${program} of docker cannot be run: ${why}.`);
  });
  // A helper that has nothing for the host says so and fails.
  if (answer.code !== 0) return undefined;
  const parsed = parseStrictJson(Buffer.from(answer.text), CONFIG_BOUNDS);
  const username = parsed.ok ? member(parsed.value, 'Username') : undefined;
  const password = parsed.ok ? member(parsed.value, 'Secret') : undefined;
  if (typeof username !== 'string' || typeof password !== 'string') {
    throw new Refusal('oci/unavailable', `The credential helper ${program} of docker gave no user and secret.`);
  }
  return { username, password };
}

/**
 * What docker's configuration has for exactly this host; undefined for anonymous access.
 * @param account host and port
 * @throws UsageError when the configuration is damaged; Refusal when a helper fails
 */
export async function credentialsFor(account: string, environment: Environment): Promise<Credentials | undefined> {
  const config = configOf(environment);
  const helpers = record(member(config, 'credHelpers')) ?? {};
  for (const key of keysOf(account)) {
    const helper = Object.hasOwn(helpers, key) ? helpers[key] : undefined;
    if (typeof helper === 'string') return await fromHelper(helper, key, environment);
  }
  const auths = record(member(config, 'auths')) ?? {};
  for (const key of keysOf(account)) {
    const found = Object.hasOwn(auths, key) ? stored(auths[key], account) : undefined;
    if (found !== undefined) return found;
  }
  const store = member(config, 'credsStore');
  return typeof store === 'string' && store !== ''
    ? await fromHelper(store, account === 'index.docker.io' ? 'https://index.docker.io/v1/' : account, environment)
    : undefined;
}
