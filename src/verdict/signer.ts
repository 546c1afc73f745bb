import { resolve } from 'node:path';
import type { VerdictConfig } from '../config/schema.ts';
import { EnvironmentError, isUsageError, UsageError } from '../errors.ts';
import { readFileUpTo } from '../signature/file.ts';
import { LIMITS } from '../signature/limits.ts';
import { readPrivateKey, signWithKey } from '../signature/sign-key.ts';
import type { Payload } from '../signature/statement.ts';
import { identityToken, tokenSource } from './id-token.ts';

/** Signs payloads, one after the other. */
export interface Signer {
  /** For a person: the key's fingerprint, or the Sigstore instance. */
  readonly name: string;
  /** @returns a sigstore bundle. @throws EnvironmentError */
  readonly sign: (payload: Payload) => Promise<object>;
}

/** Without a signer, why there is none. */
export type SignerOutcome = { readonly signer: Signer } | { readonly missing: string };

/** Milliseconds that an identity token is used for several signatures; the runner's are valid for minutes. */
const HOLD = 60_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** Names of variables that only the signer may see. */
export function secretNames({ key }: VerdictConfig): readonly string[] {
  return [key?.environment, key?.password].filter((name) => name !== undefined);
}

/**
 * What signs the verdict. A key is read now, before anything is built: a build runs foreign code, which could put
 * another key in its place.
 * @param root absolute path of the directory that a key's path starts from
 * @param secrets variables of the job, with those that programs which the gate starts do not get
 */
export function openSigner(config: VerdictConfig, root: string, secrets: Environment): SignerOutcome {
  const { key, sigstore } = config;
  if (key !== undefined) return keySigner(key, root, secrets);
  const source = tokenSource(secrets);
  if (source === undefined) {
    return {
      missing:
        'the job has no identity token (ACTIONS_ID_TOKEN_REQUEST_URL is not set); the workflow needs "permissions: id-token: write", which runs for forks do not get',
    };
  }
  const { fulcio, rekor, timestamp } = sigstore ?? {};
  const services = {
    ...(fulcio === undefined ? {} : { fulcio }),
    ...(rekor === undefined ? {} : { rekor }),
    ...(timestamp === undefined ? {} : { timestamp }),
  };
  let held: { readonly token: string; readonly until: number } | undefined;
  return {
    signer: {
      name: fulcio ?? "Sigstore's public instance",
      sign: async (payload) => {
        const { signWithIdentity } = await import('../parts/sign.ts');
        if (held === undefined || Date.now() > held.until) {
          held = { token: await identityToken(source), until: Date.now() + HOLD };
        }
        return await signWithIdentity(payload, held.token, services);
      },
    },
  };
}

function keySigner(key: NonNullable<VerdictConfig['key']>, root: string, secrets: Environment): SignerOutcome {
  const { file, environment, password } = key;
  const secret = password === undefined ? undefined : secrets[password];
  if (password !== undefined && secret === undefined) {
    return { missing: `the environment variable ${password}, which holds the password of the key, is not set` };
  }
  const pem = file === undefined ? secrets[environment ?? ''] : textOf(resolve(root, file), file);
  if (pem === undefined || pem === '') {
    return { missing: `the environment variable ${environment}, which holds the key, is not set` };
  }
  if (typeof pem !== 'string') return { missing: pem.problem };
  const name = file ?? `The environment variable ${environment}`;
  try {
    const signer = readPrivateKey(pem, name, secret);
    const { algorithm, fingerprint } = signer.public.facts;
    return {
      signer: { name: `${algorithm} key ${fingerprint}`, sign: async (payload) => signWithKey(payload, signer) },
    };
  } catch (error) {
    if (isUsageError(error)) throw new UsageError(`verdict.key: ${error.message}`);
    throw new EnvironmentError('The private key of the verdict cannot be used.');
  }
}

function textOf(path: string, shown: string): string | { readonly problem: string } {
  const reading = readFileUpTo(path, LIMITS.keyBytes);
  if (!reading.ok)
    return { problem: reading.missing ? `there is no key file ${shown}` : `the key file ${shown} cannot be read` };
  return Buffer.from(reading.bytes).toString('utf8');
}
