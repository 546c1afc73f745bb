import { createHash } from 'node:crypto';
import type { Credentials } from './credentials.ts';
import { OCI_LIMITS } from './limits.ts';
import { Refusal } from './outcome.ts';
import { isLoopback } from './reference.ts';

/** An answer whose body was not read yet. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly response: Response;
  /** Of the answer after redirects. */
  readonly url: string;
}

/** A request that is safe to repeat. */
export interface Asked {
  readonly url: string;
  readonly accept: string;
  /** Sent to the origin of `url` alone, never to one that it redirects to. */
  readonly authorization?: string;
  /** Milliseconds until the end of the body. */
  readonly timeout?: number;
}

function why(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const text = [error, cause].map((each) => (each instanceof Error ? each.message : '')).filter((each) => each !== '');
  return (text.join(': ') || String(error)).slice(0, 300);
}

function noAnswer(url: string, error: unknown): Refusal {
  return new Refusal('oci/unavailable', `Expected an answer from ${shown(url)}, got none: ${why(error)}.`);
}

/** Queries of redirects hold signatures that give access: they are not for reports. */
function shown(url: string): string {
  return url.split('?')[0] ?? url;
}

function nextUrl(from: string, location: string | null): URL {
  if (location === null) throw new Refusal('oci/malformed', `The redirect from ${shown(from)} leads nowhere.`);
  let next: URL;
  try {
    next = new URL(location, from);
  } catch {
    throw new Refusal('oci/malformed', `The redirect from ${shown(from)} leads to no address.`);
  }
  if (
    next.protocol !== 'https:' &&
    !(next.protocol === 'http:' && isLoopback(next.host) && isLoopback(new URL(from).host))
  ) {
    throw new Refusal(
      'oci/unavailable',
      `The redirect from ${shown(from)} leads to ${shown(next.href)}, without encryption. It is not followed.`,
    );
  }
  return next;
}

/**
 * GET with redirects followed by hand: credentials go to the first origin only.
 * @throws Refusal when there is no answer
 */
export async function get({ url, accept, authorization, timeout = OCI_LIMITS.answerMs }: Asked): Promise<Answer> {
  const { origin } = new URL(url);
  let current = url;
  for (let hop = 0; hop <= OCI_LIMITS.redirects; hop++) {
    const own = authorization !== undefined && new URL(current).origin === origin;
    let response: Response;
    try {
      response = await fetch(current, {
        redirect: 'manual',
        headers: { accept, 'user-agent': 'plugin-gate', ...(own ? { authorization } : {}) },
        signal: AbortSignal.timeout(timeout),
      });
    } catch (error) {
      throw noAnswer(current, error);
    }
    if (![301, 302, 303, 307, 308].includes(response.status)) {
      return { status: response.status, headers: response.headers, response, url: current };
    }
    await response.body?.cancel();
    current = nextUrl(current, response.headers.get('location')).href;
  }
  throw new Refusal('oci/unavailable', `${shown(url)} redirects more than ${OCI_LIMITS.redirects} times.`);
}

/**
 * The body of an answer, with its digest.
 * @param most bytes; one more is a refusal
 */
export async function bodyOf(
  { response, url }: Answer,
  most: number,
): Promise<{ readonly bytes: Buffer; readonly digest: string }> {
  const hash = createHash('sha256');
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > most) break;
      hash.update(chunk);
      chunks.push(chunk);
    }
  } catch (error) {
    throw noAnswer(url, error);
  }
  if (size > most) {
    throw new Refusal('oci/too-large', `Expected at most ${most} bytes from ${shown(url)}, found more.`);
  }
  return { bytes: Buffer.concat(chunks), digest: `sha256:${hash.digest('hex')}` };
}

/** HTTP Basic (RFC 7617). */
export function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** The parameters of a `WWW-Authenticate: Bearer` header (RFC 6750 section 3). */
export function bearerChallenge(header: string | null): ReadonlyMap<string, string> | undefined {
  if (header === null || !/^Bearer\s/i.test(header) || header.length > 4096) return undefined;
  return new Map(
    [...header.matchAll(/([a-z_]+)="([^"]*)"/gi)].map(([, name = '', value = '']) => [name.toLowerCase(), value]),
  );
}
