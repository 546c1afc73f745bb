import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from '@jest/globals';
import { description } from './description.ts';
import { type Answer, OPERATIONS, permissionProblem } from './operations.ts';
import { type GitHubState, newState, type Token } from './state.ts';

/** Something that goes wrong between plugin-gate and GitHub. */
export interface Fault {
  /** Operation id of GitHub's description, `graphql`, or `*`. */
  readonly operation: string;
  /** How many requests of this operation pass before the fault; 0 unless given. */
  readonly after?: number;
  /** How many it hits; all unless given. */
  readonly times?: number;
  /** `drop` cuts the connection; `hang` never answers. */
  readonly answer: Answer | 'drop' | 'hang';
  /** The request takes effect all the same: only the answer is lost. */
  readonly takesEffect?: boolean;
}

export interface GitHubApi {
  /** As GITHUB_API_URL on an Enterprise server: with a path. */
  readonly apiUrl: string;
  readonly state: GitHubState;
  readonly fail: (fault: Fault) => void;
  /** All faults end. */
  readonly heal: () => void;
  /** Operations received, in order. */
  readonly operations: () => readonly string[];
}

const PREFIX = '/api/v3';
/** Assets are uploaded to an address of their own. */
const UPLOADS = '/api/uploads';

const running = new Set<Server>();

// Registered on import: jest takes no hooks from inside a test, where most servers are started.
afterAll(() => {
  for (const server of running) {
    server.closeAllConnections();
    server.close();
  }
});

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const chunk of request) parts.push(chunk);
  const bytes = Buffer.concat(parts);
  if (request.headers['content-type'] === 'application/octet-stream') return new Uint8Array(bytes);
  return bytes.length === 0 ? undefined : JSON.parse(bytes.toString('utf8'));
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function tokenOf(state: GitHubState, request: IncomingMessage): Token | undefined {
  const [, token] = /^(?:token|bearer) (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
  return token === undefined ? undefined : state.tokens.get(token);
}

/** A secondary rate limit as GitHub answers it. */
export function secondaryLimit(retryAfterSeconds: number): Answer {
  return {
    status: 403,
    headers: { 'retry-after': String(retryAfterSeconds) },
    body: { message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.' },
  };
}

export const OUTAGE: Answer = { status: 502, body: { message: 'Server Error' } };

/**
 * A GitHub of its own on the loopback interface, with state, that checks every request against GitHub's published API
 * description and adds the rules that are not in it. Stopped after the tests of the file.
 */
export async function startGitHubApi(): Promise<GitHubApi> {
  const state = newState();
  const route = description();
  const faults: { fault: Fault; seen: number }[] = [];

  const graphql = (body: unknown, token: Token): Answer => {
    const { query } = asRecord(body);
    if (token.noGraphql) return { status: 403, body: { message: 'Resource not accessible by integration' } };
    if (typeof query !== 'string' || !/^query \{ viewer \{ login \} \}$/.test(query)) {
      state.complaints.push('graphql: unknown query');
      return { status: 200, body: { errors: [{ message: 'unknown query' }] } };
    }
    return { status: 200, body: { data: { viewer: { login: token.login } } } };
  };

  const answer = (request: IncomingMessage, url: URL, body: unknown, host: string): [string, Fault['answer']] => {
    const method = request.method ?? '';
    const isGraphql = method === 'POST' && url.pathname === '/api/graphql';
    const isUpload = method === 'POST' && url.pathname.startsWith(UPLOADS);
    const prefix = isUpload ? UPLOADS : PREFIX;
    const found =
      isGraphql || !url.pathname.startsWith(prefix) ? undefined : route(method, url.pathname.slice(prefix.length));
    const operation = (found?.id === 'repos/upload-release-asset') === isUpload ? found : undefined;
    const name = isGraphql ? 'graphql' : (operation?.id ?? `${method} ${url.pathname}`);

    const hit = faults.find(({ fault, seen }) => {
      const from = fault.after ?? 0;
      return (
        (fault.operation === '*' || fault.operation === name) &&
        seen >= from &&
        seen < from + (fault.times ?? Number.POSITIVE_INFINITY)
      );
    });
    for (const one of faults) if (one.fault.operation === '*' || one.fault.operation === name) one.seen += 1;

    const work = (): Answer => {
      const token = tokenOf(state, request);
      if (token === undefined) return { status: 401, body: { message: 'Bad credentials' } };
      if (isGraphql) return graphql(body, token);
      const rules = operation && OPERATIONS[operation.id];
      if (operation === undefined || rules === undefined) {
        state.complaints.push(`${name}: not an operation that plugin-gate uses`);
        return { status: 404, body: { message: 'Not Found' } };
      }
      const complaints = operation.complaints(body instanceof Uint8Array ? undefined : body, url.searchParams);
      if (complaints.length > 0) {
        state.complaints.push(...complaints.map((text) => `${name}: ${text}`));
        return { status: 422, body: { message: 'Validation Failed', errors: complaints } };
      }
      const { owner, repo } = operation.parameters;
      if (owner !== state.owner || repo !== state.repo) return { status: 404, body: { message: 'Not Found' } };
      return (
        permissionProblem(rules, token) ??
        rules.run({
          state,
          token,
          parameters: operation.parameters,
          query: url.searchParams,
          body: body instanceof Uint8Array ? {} : asRecord(body),
          ...(body instanceof Uint8Array ? { bytes: body } : {}),
          accept: request.headers.accept ?? '',
          url: `${host}${url.pathname}`,
        })
      );
    };
    if (hit === undefined) return [name, work()];
    if (hit.fault.takesEffect) work();
    return [name, hit.fault.answer];
  };

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const host = `http://${request.headers.host}`;
    const url = new URL(request.url ?? '/', host);
    const body = await bodyOf(request);
    const [operation, sent] = answer(request, url, body, host);
    state.received.push({
      method: request.method ?? '',
      path: url.pathname + url.search,
      operation,
      userAgent: request.headers['user-agent'] ?? '',
      body,
      status: typeof sent === 'string' ? 0 : sent.status,
    });
    if (sent === 'hang') return;
    if (sent === 'drop') {
      request.socket.destroy();
      return;
    }
    if (sent.status === 204) {
      response.writeHead(204).end();
      return;
    }
    response.writeHead(sent.status, { 'content-type': 'application/json; charset=utf-8', ...sent.headers });
    response.end(sent.body instanceof Uint8Array ? sent.body : JSON.stringify(sent.body));
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      state.complaints.push(String(error));
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  running.add(server);
  const { port } = server.address() as AddressInfo;
  return {
    apiUrl: `http://127.0.0.1:${port}${PREFIX}`,
    state,
    fail: (fault) => void faults.push({ fault, seen: 0 }),
    heal: () => void faults.splice(0),
    operations: () => state.received.map(({ operation }) => operation),
  };
}
