import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type {
  Access,
  GitHubState,
  StoredAnnotation,
  StoredAsset,
  StoredCheckRun,
  StoredComment,
  StoredRelease,
  Token,
} from './state.ts';

/** The answer of an operation; `total` makes it a page of a list. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Call {
  readonly state: GitHubState;
  readonly token: Token;
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly accept: string;
  /** Of an upload. */
  readonly bytes?: Uint8Array;
  /** Of this request, without query, for Link headers. */
  readonly url: string;
}

interface OperationRules {
  /** Any one of these permissions is enough. Source: docs.github.com "Permissions required for GitHub Apps". */
  readonly needs: readonly (keyof Token['permissions'])[];
  readonly access: Exclude<Access, 'none'>;
  readonly run: (call: Call) => Answer;
}

function refused(message: string, status = 422): Answer {
  return { status, body: { message, documentation_url: 'https://docs.github.com/rest', status: String(status) } };
}

/** As git names a blob. */
function blobId(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

function commentJson(state: GitHubState, comment: StoredComment) {
  return {
    id: comment.id,
    body: comment.body,
    html_url: `https://github.example/${state.owner}/${state.repo}/pull/${comment.issue}#issuecomment-${comment.id}`,
    user: { login: comment.login, type: comment.type },
  };
}

function checkRunJson(state: GitHubState, run: StoredCheckRun) {
  return {
    id: run.id,
    name: run.name,
    head_sha: run.headSha,
    external_id: run.externalId,
    status: run.status,
    conclusion: run.conclusion,
    html_url: `https://github.example/${state.owner}/${state.repo}/runs/${run.id}`,
    output: { title: run.title, summary: run.summary, annotations_count: run.annotations.length },
  };
}

/** One page and the Link header that leads on. Source: docs.github.com "Using pagination in the REST API". */
function page<T>(
  call: Call,
  items: readonly T[],
): { readonly items: readonly T[]; readonly headers: Record<string, string> } {
  const size = Math.min(100, Number(call.query.get('per_page') ?? '30'));
  const number = Number(call.query.get('page') ?? '1');
  const last = Math.max(1, Math.ceil(items.length / size));
  const link = (to: number, rel: string) => `<${call.url}?per_page=${size}&page=${to}>; rel="${rel}"`;
  const links = number < last ? [link(number + 1, 'next'), link(last, 'last')] : [];
  return {
    items: items.slice((number - 1) * size, number * size),
    headers: links.length > 0 ? { link: links.join(', ') } : {},
  };
}

/** GitHub counts characters and answers as it does for any invalid field. */
function bodyProblem(body: unknown): Answer | undefined {
  if (typeof body !== 'string' || body.trim() === '') return refused('Validation Failed: body cannot be blank');
  if ([...body].length > 65_536) return refused('Validation Failed: body is too long (maximum is 65536 characters)');
  return undefined;
}

interface Output {
  readonly title?: string;
  readonly summary?: string;
  readonly annotations?: readonly StoredAnnotation[];
}

/** Rules of check runs that are in GitHub's prose and not in its description. */
function annotationProblem(annotations: readonly StoredAnnotation[]): Answer | undefined {
  for (const one of annotations) {
    if (Buffer.byteLength(one.message) > 64 * 1024) return refused('Invalid request: message is over 64 KB');
    if ([...(one.title ?? '')].length > 255) return refused('Invalid request: title is over 255 characters');
    if (one.message === '') return refused('Invalid request: message is empty');
    if (one.start_column !== undefined && one.start_line !== one.end_line)
      return refused('Invalid request: columns over lines');
    if (one.start_line < 1 || one.end_line < one.start_line) return refused('Invalid request: lines');
    if (one.path === '' || one.path.startsWith('/') || one.path.split('/').includes('..')) {
      return refused('Invalid request: path is not in the repository');
    }
  }
  return undefined;
}

function assetJson({ id, name, bytes, digest, state }: StoredAsset) {
  const sum = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { id, name, size: bytes.length, state: state ?? 'uploaded', digest: digest === undefined ? sum : digest };
}

function releaseJson({ state, url }: Call, release: StoredRelease) {
  const { id, tag, draft = false, prerelease = false, publishedAt, assets } = release;
  const { origin } = new URL(url);
  return {
    id,
    tag_name: tag,
    draft,
    prerelease,
    published_at: draft ? null : (publishedAt ?? '2026-01-01T00:00:00Z'),
    html_url: `https://github.example/${state.owner}/${state.repo}/releases/tag/${tag}`,
    upload_url: `${origin}/api/uploads/repos/${state.owner}/${state.repo}/releases/${id}/assets{?name,label}`,
    assets: assets.map(assetJson),
  };
}

export const OPERATIONS: Readonly<Record<string, OperationRules>> = {
  'repos/list-releases': {
    needs: ['contents'],
    access: 'read',
    run: (call) => {
      const { state, token } = call;
      // Drafts are for those who may publish.
      const seen = state.releases.filter(({ draft }) => draft !== true || token.permissions.contents === 'write');
      const { items, headers } = page(call, seen);
      return { status: 200, headers, body: items.map((one) => releaseJson(call, one)) };
    },
  },
  'repos/get-latest-release': {
    needs: ['contents'],
    access: 'read',
    run: (call) => {
      const latest = call.state.releases.find(({ draft, prerelease }) => draft !== true && prerelease !== true);
      return latest === undefined ? refused('Not Found', 404) : { status: 200, body: releaseJson(call, latest) };
    },
  },
  'repos/get-release-asset': {
    needs: ['contents'],
    access: 'read',
    run: ({ state, parameters, accept }) => {
      const asset = state.releases.flatMap(({ assets }) => assets).find(({ id }) => id === Number(parameters.asset_id));
      if (asset === undefined) return refused('Not Found', 404);
      if (accept !== 'application/octet-stream') return { status: 200, body: assetJson(asset) };
      if (state.assetHost !== undefined) {
        return { status: 302, headers: { location: `${state.assetHost}/${asset.id}` }, body: {} };
      }
      return { status: 200, headers: { 'content-type': 'application/octet-stream' }, body: asset.bytes };
    },
  },
  'repos/upload-release-asset': {
    needs: ['contents'],
    access: 'write',
    run: ({ state, parameters, query, bytes }) => {
      const release = state.releases.find(({ id }) => id === Number(parameters.release_id));
      const name = query.get('name') ?? '';
      if (release === undefined || bytes === undefined) return refused('Not Found', 404);
      if (bytes.length === 0 || !/^[\w.-]+$/.test(name)) return refused('Validation Failed: name or size');
      if (release.assets.some((asset) => asset.name === name)) return refused('Validation Failed: already_exists');
      state.nextId += 1;
      const asset = { id: state.nextId, name, bytes };
      release.assets.push(asset);
      return { status: 201, body: assetJson(asset) };
    },
  },
  'repos/delete-release-asset': {
    needs: ['contents'],
    access: 'write',
    run: ({ state, parameters }) => {
      for (const { assets } of state.releases) {
        const index = assets.findIndex(({ id }) => id === Number(parameters.asset_id));
        if (index >= 0) assets.splice(index, 1);
      }
      return { status: 204, body: undefined };
    },
  },
  'repos/get-content': {
    needs: ['contents'],
    access: 'read',
    run: ({ state, parameters, query }) => {
      const { path = '' } = parameters;
      const bytes = state.files.get(query.get('ref') ?? '')?.[path];
      if (bytes === undefined) return refused('Not Found', 404);
      const small = bytes.length <= 1024 * 1024;
      const content = small ? Buffer.from(bytes).toString('base64') : '';
      const encoding = small ? 'base64' : 'none';
      const body = { type: 'file', path, size: bytes.length, sha: blobId(bytes), content, encoding };
      return { status: 200, body };
    },
  },
  'git/get-commit': {
    needs: ['contents'],
    access: 'read',
    run: ({ state, parameters: { commit_sha: sha = '' } }) =>
      state.commits.has(sha) ? { status: 200, body: { sha } } : refused('Not Found', 404),
  },
  'git/get-blob': {
    needs: ['contents'],
    access: 'read',
    run: ({ state, parameters }) => {
      const all = [...state.files.values()].flatMap((files) => Object.values(files));
      const bytes = all.find((one) => blobId(one) === parameters.file_sha);
      if (bytes === undefined) return refused('Not Found', 404);
      const content = Buffer.from(bytes).toString('base64');
      return { status: 200, body: { sha: parameters.file_sha, size: bytes.length, encoding: 'base64', content } };
    },
  },
  'repos/create-commit-status': {
    needs: ['statuses'],
    access: 'write',
    run: ({ state, parameters: { sha = '' }, body }) => {
      if (!state.commits.has(sha)) return refused(`No commit found for SHA: ${sha}`);
      const text = String(body.description ?? '');
      if ([...text].length > 140) return refused('Validation Failed: description is too long');
      state.statuses.push({ sha, state: String(body.state), context: String(body.context), text });
      return { status: 201, body: { state: body.state, context: body.context } };
    },
  },
  'code-scanning/upload-sarif': {
    needs: ['security-events'],
    access: 'write',
    run: ({ state, body }) => {
      const sha = String(body.commit_sha);
      if (!state.commits.has(sha)) return refused('commit not found', 400);
      const packed = Buffer.from(String(body.sarif), 'base64');
      if (packed.length > 10_000_000) return refused('Payload too large', 413);
      state.sarifs.push({ sha, ref: String(body.ref), text: gunzipSync(packed).toString('utf8') });
      return { status: 202, body: { id: 'x', url: 'https://github.example/sarif/x' } };
    },
  },
  'pulls/list': {
    needs: ['pull-requests'],
    access: 'read',
    run: (call) => {
      const { state, query } = call;
      const wanted = query.get('state') ?? 'open';
      const head = query.get('head');
      const listed = state.pulls.filter(
        (pull) =>
          (wanted === 'all' || pull.state === wanted) &&
          (head === null || head === `${pull.headRepository?.split('/')[0]}:${pull.headRef}`),
      );
      const { items, headers } = page(call, listed);
      const base = { ref: 'main', repo: { full_name: `${state.owner}/${state.repo}` } };
      const body = items.map(({ number, headRepository, headRef, headSha, ...pull }) => ({
        number,
        state: pull.state,
        head: { ref: headRef, sha: headSha, repo: headRepository === null ? null : { full_name: headRepository } },
        base,
      }));
      return { status: 200, headers, body };
    },
  },
  'issues/list-comments': {
    needs: ['pull-requests', 'issues'],
    access: 'read',
    run: (call) => {
      const { state, parameters } = call;
      const of = state.comments.filter((comment) => comment.issue === Number(parameters.issue_number));
      const { items, headers } = page(call, of);
      return { status: 200, headers, body: items.map((comment) => commentJson(state, comment)) };
    },
  },
  'issues/create-comment': {
    needs: ['pull-requests', 'issues'],
    access: 'write',
    run: ({ state, parameters, body, token }) => {
      const issue = Number(parameters.issue_number);
      if (!state.issues.has(issue)) return refused('Not Found', 404);
      if (state.lockedIssues.has(issue)) return refused('Unable to create comment because issue is locked.', 403);
      const problem = bodyProblem(body.body);
      if (problem) return problem;
      state.nextId += 1;
      const comment = {
        id: state.nextId,
        issue,
        login: token.login,
        type: token.type,
        body: String(body.body),
        edits: 0,
      };
      state.comments.push(comment);
      return { status: 201, body: commentJson(state, comment) };
    },
  },
  'issues/update-comment': {
    needs: ['pull-requests', 'issues'],
    access: 'write',
    run: ({ state, parameters, body }) => {
      const comment = state.comments.find(({ id }) => id === Number(parameters.comment_id));
      if (comment === undefined) return refused('Not Found', 404);
      const problem = bodyProblem(body.body);
      if (problem) return problem;
      comment.body = String(body.body);
      comment.edits += 1;
      return { status: 200, body: commentJson(state, comment) };
    },
  },
  'checks/create': {
    needs: ['checks'],
    access: 'write',
    run: ({ state, body }) => {
      const sha = String(body.head_sha);
      if (!state.commits.has(sha)) return refused(`No commit found for SHA: ${sha}`);
      if (body.status === 'completed' && body.conclusion === undefined)
        return refused('Invalid request: completed without conclusion');
      const output = (body.output ?? {}) as Output;
      const problem = annotationProblem(output.annotations ?? []);
      if (problem) return problem;
      state.nextId += 1;
      const run: StoredCheckRun = {
        id: state.nextId,
        name: String(body.name),
        headSha: sha,
        externalId: String(body.external_id ?? ''),
        status: String(body.status ?? 'queued'),
        conclusion: body.conclusion === undefined ? null : String(body.conclusion),
        title: output.title ?? '',
        summary: output.summary ?? '',
        annotations: [...(output.annotations ?? [])],
      };
      state.checkRuns.push(run);
      return { status: 201, body: checkRunJson(state, run) };
    },
  },
  'checks/update': {
    needs: ['checks'],
    access: 'write',
    run: ({ state, parameters, body }) => {
      const run = state.checkRuns.find(({ id }) => id === Number(parameters.check_run_id));
      if (run === undefined) return refused('Not Found', 404);
      const output = (body.output ?? {}) as Output;
      const problem = annotationProblem(output.annotations ?? []);
      if (problem) return problem;
      run.title = output.title ?? run.title;
      run.summary = output.summary ?? run.summary;
      run.annotations.push(...(output.annotations ?? []));
      return { status: 200, body: checkRunJson(state, run) };
    },
  },
  'checks/get': {
    needs: ['checks'],
    access: 'read',
    run: ({ state, parameters }) => {
      const run = state.checkRuns.find(({ id }) => id === Number(parameters.check_run_id));
      return run === undefined ? refused('Not Found', 404) : { status: 200, body: checkRunJson(state, run) };
    },
  },
  'checks/list-for-ref': {
    needs: ['checks'],
    access: 'read',
    run: (call) => {
      const { state, parameters, query } = call;
      const named = state.checkRuns.filter(
        ({ headSha, name }) => headSha === parameters.ref && (query.get('check_name') ?? name) === name,
      );
      // Of one name only the newest is listed, unless filter=all.
      const shown = query.get('filter') === 'all' ? named : named.slice(-1);
      const { items, headers } = page(call, shown);
      return {
        status: 200,
        headers,
        body: { total_count: shown.length, check_runs: items.map((run) => checkRunJson(state, run)) },
      };
    },
  },
};

/** The answer for a token that lacks what an operation needs; undefined when it may. */
export function permissionProblem(rules: OperationRules, token: Token): Answer | undefined {
  const levels = ['none', 'read', 'write'];
  const enough = rules.needs.some(
    (name) => levels.indexOf(token.permissions[name] ?? 'none') >= levels.indexOf(rules.access),
  );
  if (enough) return undefined;
  return {
    status: 403,
    headers: {
      'x-accepted-github-permissions': rules.needs
        .map((name) => `${name.replace('-', '_')}=${rules.access}`)
        .join('; '),
    },
    body: {
      message: 'Resource not accessible by integration',
      documentation_url: 'https://docs.github.com/rest',
      status: '403',
    },
  };
}
