import { lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_MIRROR_URL, initTUF } from '@sigstore/tuf';
import { EnvironmentError, isUsageError } from '../errors.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { parsePublicGoodRoot, type Trust } from './trust.ts';

/** Where the current trusted root is asked for. */
export interface TufRequest {
  /** Absolute path of a directory of the user's own; what was seen is kept there, so that nothing older is accepted. */
  readonly cache: string;
  /** URL of the repository; that of sigstore's public-good instance unless given. */
  readonly mirror?: string;
  /** Path of the first root metadata of another repository; the public-good one is built in. */
  readonly firstRoot?: string;
  /** Milliseconds for each answer. */
  readonly timeout?: number;
}

export type TrustOutcome =
  | { readonly ok: true; readonly trust: Trust }
  | { readonly ok: false; readonly finding: Finding };

const TIMEOUT_MS = 5000;
const TARGET = 'trusted_root.json';

/** Where users keep what can be fetched again (XDG base directory specification). */
export function cacheDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  const { XDG_CACHE_HOME: cache, HOME: home } = environment;
  if (cache?.startsWith('/') === true) return join(cache, 'plugin-gate', 'tuf');
  if (home?.startsWith('/') === true) return join(home, '.cache', 'plugin-gate', 'tuf');
  throw new EnvironmentError(
    'There is no place for the trusted root of sigstore: neither HOME nor XDG_CACHE_HOME is set. Set one, or use --offline or --trusted-root.',
  );
}

/** What lies in the directory decides who is trusted: nobody else may write there. */
function makePrivate(directory: string): void {
  let stat: ReturnType<typeof lstatSync>;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    stat = lstatSync(directory);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new EnvironmentError(
      `The directory for the trusted root of sigstore, ${directory}, cannot be made: ${why}. Use --offline or --trusted-root without it.`,
    );
  }
  const uid = process.getuid?.();
  if (!stat.isDirectory() || (uid !== undefined && stat.uid !== uid) || (stat.mode & 0o022) !== 0) {
    throw new EnvironmentError(
      `The directory for the trusted root of sigstore, ${directory}, is not this user's alone: others can write there and so decide who is trusted. Remove it; it is made anew.`,
    );
  }
}

/** Messages of an error and of all that caused it. */
function chainOf(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 8 && current instanceof Object; depth++) {
    const { message, code }: { message?: unknown; code?: unknown } = current;
    if (typeof message === 'string') parts.push(message);
    if (typeof code === 'string') parts.push(code);
    current = 'cause' in current ? current.cause : undefined;
  }
  return parts.join(': ').slice(0, 400);
}

/** Words of errors that come from a connection, of undici, node and tuf-js; everything else is about what was served. */
const NO_ANSWER =
  /fetch failed|Failed to download|aborted due to timeout|TimeoutError|terminated|ECONN|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|UND_ERR/;

/**
 * The current trusted root, by The Update Framework: every step from the first root that is built in is signed by the
 * owners, nothing older than what was seen before is accepted, and nothing out of date.
 * @throws EnvironmentError when there is no private directory
 */
export async function currentTrust(request: TufRequest): Promise<TrustOutcome> {
  const { cache, mirror = DEFAULT_MIRROR_URL, firstRoot, timeout = TIMEOUT_MS } = request;
  makePrivate(cache);
  const refuse = (rule: 'sig/trust-refused' | 'sig/trust-unavailable', message: string): TrustOutcome => ({
    ok: false,
    finding: finding(rule, message, { subject: mirror }),
  });
  try {
    const client = await initTUF({
      cachePath: cache,
      mirrorURL: mirror,
      timeout,
      retry: { retries: 1, minTimeout: 200 },
      ...(firstRoot === undefined ? {} : { rootPath: firstRoot }),
    });
    const target = await client.getTarget(TARGET);
    return { ok: true, trust: parsePublicGoodRoot(Buffer.from(target), `sigstore public-good root from ${mirror}`) };
  } catch (error) {
    const why = isUsageError(error) ? error.message : chainOf(error);
    if (NO_ANSWER.test(why)) {
      return refuse(
        'sig/trust-unavailable',
        `Expected the current trusted root from ${mirror}, got no answer (${why}). With --offline the root that is built in is used, with --trusted-root one from a file.`,
      );
    }
    return refuse(
      'sig/trust-refused',
      `Expected the current trusted root from ${mirror}, found metadata that is not believed: ${why}. What was seen before is kept in ${cache}.`,
    );
  }
}
