/**
 * Why a request to GitHub failed, as far as it decides what to do next:
 * - `permission`: the token may not do this. GitHub answers 403, or 404 where it does not even tell that the thing exists.
 * - `credentials`: the token itself is not accepted.
 * - `rate-limit`: refused before anything was done; waiting helps.
 * - `unavailable`: no answer, or a fault of the server. The request may have taken effect all the same.
 * - `refused`: GitHub understood and said no (locked conversation, archived repository, invalid request).
 */
export type FailureKind = 'permission' | 'credentials' | 'rate-limit' | 'unavailable' | 'refused';

export interface ApiFailure {
  readonly kind: FailureKind;
  /** HTTP status; absent when there was no answer. */
  readonly status?: number;
  /** What GitHub or the network said; one line of untrusted text. */
  readonly message: string;
  /** How long GitHub asks to wait, in milliseconds. */
  readonly waitMs?: number;
}

interface Answer {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: unknown;
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
}

function answerOf(error: unknown): Answer | undefined {
  const response = record(record(error)?.response);
  return response && { headers: record(response.headers) ?? {}, data: response.data };
}

/** A header with a count of seconds; undefined when there is none or it is not one. */
function seconds(value: unknown): number | undefined {
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
  return Number.isFinite(number) && number >= 0 ? number : undefined;
}

/**
 * How long to wait before the same request has a chance: `retry-after`, else the reset of the primary limit, else a
 * minute, as GitHub asks. Source: docs.github.com "Rate limits for the REST API", "Handle rate limit errors".
 */
function rateLimitWait(headers: Answer['headers'], nowMs: number): number {
  const after = seconds(headers['retry-after']);
  if (after !== undefined) return after * 1000;
  const reset = headers['x-ratelimit-remaining'] === '0' ? seconds(headers['x-ratelimit-reset']) : undefined;
  return reset === undefined ? 60_000 : Math.max(0, reset * 1000 - nowMs) + 1000;
}

function kindOf(status: number, message: string, headers: Answer['headers']): FailureKind {
  if (status === 429) return 'rate-limit';
  if (status === 401) return 'credentials';
  if (status === 403) {
    if (headers['retry-after'] !== undefined || headers['x-ratelimit-remaining'] === '0') return 'rate-limit';
    if (/rate limit/i.test(message)) return 'rate-limit';
    // No permission helps: a locked conversation, an archived repository, a check run under a personal token.
    return /\b(?:locked|archived|GitHub App)\b/i.test(message) ? 'refused' : 'permission';
  }
  if (status === 404) return 'permission';
  return status >= 500 ? 'unavailable' : 'refused';
}

/**
 * @param error what a request of Octokit threw (RequestError), or anything else
 * @param nowMs the clock, milliseconds since 1970, for limits that name the time at which they end
 */
export function apiFailure(error: unknown, nowMs: number): ApiFailure {
  const thrown = record(error);
  const message = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').slice(0, 300);
  const answer = answerOf(error);
  if (answer === undefined || typeof thrown?.status !== 'number') return { kind: 'unavailable', message };
  const { status } = thrown;
  const said = record(answer.data)?.message;
  const kind = kindOf(status, message, answer.headers);
  return {
    kind,
    status,
    message: typeof said === 'string' && said !== '' ? said.replace(/\s+/g, ' ').slice(0, 300) : message,
    ...(kind === 'rate-limit' && { waitMs: rateLimitWait(answer.headers, nowMs) }),
  };
}
