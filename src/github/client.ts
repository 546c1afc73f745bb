import { setTimeout as delay } from 'node:timers/promises';
import { Octokit } from '@octokit/rest';
import { apiFailure } from './failure.ts';

export type GitHubClient = Octokit;

export interface ClientOptions {
  /** For example `https://api.github.com` or `https://ghe.example/api/v3` (GITHUB_API_URL). */
  readonly apiUrl: string;
  /** Empty: what anybody may ask. */
  readonly token: string;
  /** Version of plugin-gate, for the user agent. */
  readonly version: string;
  /** Takes one line for each request and each wait; never holds the token. */
  readonly log: (line: string) => void;
  /** For one request, in milliseconds. */
  readonly timeoutMs?: number;
  readonly retry?: RetryPolicy;
}

export interface RetryPolicy {
  /** Requests sent for one call, the first included. */
  readonly attempts: number;
  /** Before the second attempt after a fault of the server, in milliseconds; doubles from there. */
  readonly pauseMs: number;
  /** For all requests and waits of this client, in milliseconds since it was made: a gate must not hang because GitHub does. */
  readonly budgetMs: number;
}

export const RETRY: RetryPolicy = { attempts: 4, pauseMs: 1000, budgetMs: 120_000 };

/**
 * Request option of Octokit: the request replaces what is there, so that it may be sent again when the answer was lost.
 * Requests that read are always so; all others are only repeated when GitHub refused them for a rate limit.
 */
export const REPEATABLE = { repeatable: true } as const;

function mayRepeat(method: string, request: Readonly<Record<string, unknown>> | undefined): boolean {
  return method === 'GET' || request?.repeatable === true;
}

/**
 * The one client that talks to GitHub: user agent, base URL, a timeout for each request, bounded retries.
 * Errors are Octokit's RequestError; see apiFailure for what they mean.
 */
export function githubClient(options: ClientOptions): GitHubClient {
  const { log, timeoutMs = 20_000, retry = RETRY } = options;
  const quiet = { debug: () => {}, info: () => {}, warn: log, error: () => {} };
  const deadline = performance.now() + retry.budgetMs;
  const left = () => deadline - performance.now();
  const limitedFetch = (input: string, init: RequestInit) => {
    const limit = AbortSignal.timeout(Math.max(1, Math.min(timeoutMs, Math.ceil(left()))));
    return fetch(input, { ...init, signal: limit });
  };
  const client = new Octokit({
    ...(options.token === '' ? {} : { auth: options.token }),
    baseUrl: options.apiUrl,
    userAgent: `plugin-gate/${options.version}`,
    log: quiet,
    request: { log: quiet, fetch: limitedFetch },
  });

  client.hook.wrap('request', async (send, request) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const response = await send(request);
        log(`${request.method} ${request.url}: ${response.status}`);
        return response;
      } catch (error) {
        const failure = apiFailure(error, Date.now());
        log(`${request.method} ${request.url}: ${failure.status ?? 'no answer'}, ${failure.message}`);
        const again =
          failure.kind === 'rate-limit' ||
          (failure.kind === 'unavailable' && mayRepeat(request.method, request.request));
        const waitMs = failure.waitMs ?? retry.pauseMs * 2 ** (attempt - 1);
        if (!again || attempt >= retry.attempts || waitMs >= left()) throw error;
        log(`waiting ${waitMs} ms before attempt ${attempt + 1} of ${retry.attempts}`);
        await delay(waitMs);
      }
    }
  });
  return client;
}

/**
 * Sends a request that adds something (a comment, a check run, annotations) at most twice: when the answer was lost,
 * `landed` looks first whether the thing is there, so that nothing appears twice.
 */
export async function sendOnce<T>(send: () => Promise<T>, landed: () => Promise<T | undefined>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (apiFailure(error, Date.now()).kind !== 'unavailable') throw error;
    return (await landed()) ?? (await send());
  }
}
