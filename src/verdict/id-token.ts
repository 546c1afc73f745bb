import { EnvironmentError } from '../errors.ts';

/** Where the job gets identity tokens from: ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN. */
export interface TokenSource {
  readonly url: string;
  readonly token: string;
}

const URL_NAME = 'ACTIONS_ID_TOKEN_REQUEST_URL';
const TOKEN_NAME = 'ACTIONS_ID_TOKEN_REQUEST_TOKEN';

/** Milliseconds for the whole request. */
const TIMEOUT = 30_000;
/** Characters; real answers have about two thousand. */
const LONGEST = 64 * 1024;

type Environment = Readonly<Record<string, string | undefined>>;

/** Undefined where the job has no `permissions: id-token: write`, as on pull requests from forks. */
export function tokenSource(environment: Environment): TokenSource | undefined {
  const url = environment[URL_NAME];
  const token = environment[TOKEN_NAME];
  if (url === undefined || url === '' || token === undefined || token === '') return undefined;
  return { url, token };
}

/** The environment without what an identity token could be had with. */
export function withoutTokenSource(environment: Environment): Environment {
  const { [URL_NAME]: _, [TOKEN_NAME]: __, ...rest } = environment;
  return rest;
}

/**
 * An identity token of the job for Sigstore, from the runner. Source: docs.github.com "OpenID Connect reference".
 * @throws EnvironmentError when the runner gives none; the message has neither token in it
 */
export async function identityToken({ url, token }: TokenSource): Promise<string> {
  const fail = (why: string): never => {
    throw new EnvironmentError(
      `The job gave no identity token: ${why}. The workflow needs "permissions: id-token: write".`,
    );
  };
  let request: URL;
  try {
    request = new URL(url);
  } catch {
    return fail(`${URL_NAME} is no URL`);
  }
  const local = ['127.0.0.1', 'localhost', '[::1]'].includes(request.hostname);
  if (request.protocol !== 'https:' && !(request.protocol === 'http:' && local))
    return fail(`${URL_NAME} is not https`);
  request.searchParams.set('audience', 'sigstore');
  let status: number;
  let text: string;
  try {
    const response = await fetch(request, {
      headers: { accept: 'application/json', authorization: `Bearer ${token}` },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT),
    });
    status = response.status;
    text = await response.text();
  } catch (error) {
    return fail(`the runner could not be asked (${error instanceof Error ? error.name : 'unknown error'})`);
  }
  if (status !== 200) return fail(`the runner answered ${status}`);
  if (text.length > LONGEST) return fail('the answer is too long');
  try {
    const answer: unknown = JSON.parse(text);
    const value = typeof answer === 'object' && answer !== null && 'value' in answer ? answer.value : undefined;
    if (typeof value === 'string' && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(value)) return value;
  } catch {
    // told below
  }
  return fail('the answer has no token in it');
}
