import { attest } from 'sigstore';
import { EnvironmentError } from '../errors.ts';
import type { Payload } from './statement.ts';

/** A Sigstore instance; the public one where a service is not named. */
export interface SigstoreServices {
  readonly fulcio?: string;
  /** `none`: no log entry. */
  readonly rekor?: string;
  readonly timestamp?: string;
}

/** Milliseconds for one request. */
const TIMEOUT = 30_000;
/** Milliseconds before the first of them. */
const RETRY = { retries: 2, minTimeout: 500 };

/**
 * Signs a payload as a DSSE envelope with a certificate for an identity token, by a key that exists for this signature
 * only. Connects to the services, and to nothing else.
 * @returns a sigstore bundle v0.3
 * @throws EnvironmentError that names the service that did not answer or refused
 */
export async function signWithIdentity(payload: Payload, token: string, services: SigstoreServices): Promise<object> {
  const { fulcio, rekor, timestamp } = services;
  try {
    return await attest(Buffer.from(payload.bytes), payload.type, {
      identityToken: token,
      timeout: TIMEOUT,
      retry: RETRY,
      ...(fulcio === undefined ? {} : { fulcioURL: fulcio }),
      ...(rekor === undefined || rekor === 'none' ? {} : { rekorURL: rekor }),
      ...(rekor === 'none' ? { tlogUpload: false } : {}),
      ...(timestamp === undefined ? {} : { tsaServerURL: timestamp }),
    });
  } catch (error) {
    throw new EnvironmentError(`Sigstore did not sign: ${reasonOf(error, token)}`);
  }
}

/** The messages of an error and of what caused it, without the token. */
function reasonOf(error: unknown, token: string): string {
  const messages: string[] = [];
  for (let at = error, depth = 0; at instanceof Error && depth < 3; at = at.cause, depth++) {
    if (!messages.includes(at.message)) messages.push(at.message);
  }
  return (messages.join(': ') || String(error)).replaceAll(token, '(token)').slice(0, 500);
}
