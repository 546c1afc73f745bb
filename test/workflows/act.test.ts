import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { ROOT } from '../e2e/run.ts';
import { githubWithPullRequest, TOKEN } from '../github/posting.ts';
import type { GitHubApi } from '../support/github-api/server.ts';
import { describeWith } from '../support/needs.ts';
import { workspace, writeTree } from '../support/workspace.ts';
import { workflows } from './collect.ts';

/**
 * The workflows of the documentation, run by act on this machine. The Action is this checkout; GitHub is on loopback. Of
 * the actions of others, checkout is act's own, and artifacts are kept by two stand-ins with the same inputs.
 */

const UPLOAD = `name: upload
description: stand-in
inputs: { name: { description: n }, path: { description: p }, overwrite: { description: o } }
runs:
  using: composite
  steps:
    - shell: sh
      env: { NAME: "\${{ inputs.name }}", WHAT: "\${{ inputs.path }}" }
      run: |
        mkdir -p "$ARTIFACTS/$NAME"
        if [ -d "$WHAT" ]; then cp -R "$WHAT/." "$ARTIFACTS/$NAME/"; else cp "$WHAT" "$ARTIFACTS/$NAME/"; fi
`;
const DOWNLOAD = `name: download
description: stand-in
inputs: { name: { description: n }, pattern: { description: p }, path: { description: d, default: . } }
runs:
  using: composite
  steps:
    - shell: sh
      env: { NAME: "\${{ inputs.name }}", PATTERN: "\${{ inputs.pattern }}", WHERE: "\${{ inputs.path }}" }
      run: |
        mkdir -p "$WHERE"
        if [ -n "$NAME" ]; then cp -R "$ARTIFACTS/$NAME/." "$WHERE/"; else cp -R "$ARTIFACTS/"$PATTERN "$WHERE/"; fi
`;

const RESTORE = `name: restore
description: stand-in
inputs: { path: { description: p }, key: { description: k }, restore-keys: { description: r } }
runs:
  using: composite
  steps:
    - shell: sh
      env: { WHERE: "\${{ inputs.path }}" }
      run: if [ -d "$ARTIFACTS/cache" ]; then mkdir -p "$WHERE" && cp -R "$ARTIFACTS/cache/." "$WHERE/"; fi
`;
const SAVE = `name: save
description: stand-in
inputs: { path: { description: p }, key: { description: k } }
runs:
  using: composite
  steps:
    - shell: sh
      env: { WHAT: "\${{ inputs.path }}" }
      run: mkdir -p "$ARTIFACTS/cache" && cp -R "$WHAT/." "$ARTIFACTS/cache/"
`;

const base = workspace();
/** What a checkout of the Action has, without what its developers have beside it: act copies it for every run. */
const action = join(base, 'plugin-gate');
for (const path of ['action.yml', 'package.json', 'dist', 'native', 'schema']) {
  cpSync(join(ROOT, path), join(action, path), { recursive: true });
}
writeTree(base, {
  'upload/action.yml': UPLOAD,
  'download/action.yml': DOWNLOAD,
  'cache/restore/action.yml': RESTORE,
  'cache/save/action.yml': SAVE,
});
let runs = 0;

interface Ran {
  readonly status: number | null;
  readonly output: string;
  readonly directory: string;
}

function git(directory: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...identity, ...args], { cwd: directory, encoding: 'utf8' }).trim();
}

/** Runs one workflow on a repository of two commits; the event is about the second. */
async function run(
  text: string,
  event: string,
  api: GitHubApi,
  config: string,
  files: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const directory = join(base, `run-${++runs}`);
  const repository = join(directory, 'repository');
  cpSync(join(ROOT, 'examples', 'quickstart'), repository, { recursive: true });
  cpSync(join(repository, config), join(repository, 'plugin-gate.yml'));
  writeTree(repository, { '.github/workflows/gate.yml': text, ...files });
  git(repository, 'init', '-q', '-b', 'main');
  git(repository, 'remote', 'add', 'origin', 'https://github.com/octo/plugins.git');
  git(repository, 'add', '-A');
  git(repository, 'commit', '-qm', 'one');
  const from = git(repository, 'rev-parse', 'HEAD');
  git(repository, 'commit', '-qm', 'two', '--allow-empty');
  const to = git(repository, 'rev-parse', 'HEAD');
  git(repository, 'tag', 'v1.1.0');
  api.state.commits.add(from).add(to);
  const side = (sha: string) => ({ sha, ref: 'main', repo: { full_name: 'octo/plugins' } });
  const payload = {
    repository: { full_name: 'octo/plugins', name: 'plugins', owner: { login: 'octo' } },
    ...(event === 'pull_request' && { pull_request: { number: 7, head: side(to), base: side(from) } }),
    ...(event === 'merge_group' && { merge_group: { base_sha: from, head_sha: to, head_ref: 'refs/heads/queue' } }),
    ...(event === 'push' && { ref: 'refs/tags/v1.1.0', before: from, after: to }),
  };
  writeFileSync(join(directory, 'event.json'), JSON.stringify(payload));
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  // What it was asked is all that a test looks at.
  writeFileSync(join(bin, 'gh'), `#!/bin/sh\necho "$*" >> '${directory}/gh.log'\n`);
  chmodSync(join(bin, 'gh'), 0o755);
  const places = [
    `org/plugin-gate@v1=${action}`,
    ...[...text.matchAll(/uses: (actions\/(upload|download)-artifact@\w+)/g)].map(
      ([, action, kind]) => `${action}=${join(base, kind ?? '')}`,
    ),
    ...[...text.matchAll(/uses: actions\/cache\/restore@(\w+)/g)].map(
      ([, commit]) => `actions/cache@${commit}=${join(base, 'cache')}`,
    ),
  ];
  const args = [
    ...[event, '-W', '.github/workflows/gate.yml', '-e', '../event.json', '-s', `GITHUB_TOKEN=${TOKEN}`],
    ...['-P', 'ubuntu-24.04=-self-hosted', '-P', 'ubuntu-24.04-arm=-self-hosted'],
    ...['--env', `GITHUB_API_URL=${api.apiUrl}`, '--env', `ARTIFACTS=${join(directory, 'artifacts')}`],
    ...['--env', `PATH=${bin}:${process.env.PATH}`],
    ...places.flatMap((place) => ['--local-repository', place]),
  ];
  // act keeps what it knows of actions below HOME: a fresh one asks nobody.
  const env = {
    ...process.env,
    HOME: directory,
    XDG_CACHE_HOME: join(directory, 'cache'),
    PATH: `${bin}:${process.env.PATH}`,
  };
  const child = spawn('act', args, { cwd: repository, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, output, directory };
}

const named = (name: string): string => {
  const found = workflows.find(([known]) => known === name);
  if (found === undefined)
    throw new Error(`There is no ${name}; there are ${workflows.map(([one]) => one).join(', ')}`);
  return found[1];
};

describeWith(['act', 'git'], 'the workflows of the documentation', () => {
  const onPullRequests = workflows
    .filter(([name, text]) => !name.startsWith('.github') && /^on: \[pull_request/m.test(text))
    .map(([name]) => name);

  it.each(onPullRequests)('%s: passes what is in order, and posts it', async (name) => {
    const api = await githubWithPullRequest();
    const ran = await run(named(name), 'pull_request', api, 'prebuilt.yml');
    expect(`${ran.status}\n${ran.output}`).toMatch(/^0\n/);
    expect(api.state.complaints).toEqual([]);
    expect(api.state.checkRuns.map(({ conclusion }) => conclusion)).toContain('success');
    expect(ran.output).not.toContain(TOKEN);
  });

  it.each(onPullRequests)('%s: blocks what would break', async (name) => {
    const api = await githubWithPullRequest();
    const ran = await run(named(name), 'pull_request', api, 'prebuilt-breaking.yml');
    expect(`${ran.status}\n${ran.output}`).toMatch(/^1\n/);
    expect(api.state.complaints).toEqual([]);
    expect(api.state.comments[0]?.body).toContain('sym/removed');
  });

  it('keep what a pull request found out, and post as always', async () => {
    const api = await githubWithPullRequest();
    const ran = await run(named('docs/incremental.md, block 1'), 'pull_request', api, 'prebuilt.yml');
    expect(`${ran.status}\n${ran.output}`).toMatch(/^0\n/);
    expect(api.state.complaints).toEqual([]);
    expect(api.state.comments[0]?.body).toContain('Results of earlier runs');
    const kept = readdirSync(join(ran.directory, 'artifacts', 'cache'), { recursive: true, encoding: 'utf8' });
    expect(kept.filter((name) => name.endsWith('.json'))).toHaveLength(1);
  });

  it('judge a merge group by what it is put upon', async () => {
    const api = await githubWithPullRequest();
    const ran = await run(named('docs/action.md, block 1'), 'merge_group', api, 'prebuilt.yml');
    expect(`${ran.status}\n${ran.output}`).toMatch(/^0\n/);
    expect(api.state.complaints).toEqual([]);
  });

  it.each([
    ['publishes a release that passes', 'prebuilt.yml', 0],
    ['leaves one that would break a draft', 'prebuilt-breaking.yml', 1],
  ])('docs/releases.md: %s', async (_name, config, expected) => {
    const api = await githubWithPullRequest({ permissions: { contents: 'write', checks: 'write' } });
    api.state.releases.push({ id: 1, tag: 'v1.1.0', draft: true, assets: [] });
    const files = { Makefile: 'all:\n\ttrue\n' };
    const ran = await run(named('docs/releases.md, block 1'), 'push', api, config, files);
    expect(`${ran.status}\n${ran.output}`).toMatch(new RegExp(`^${expected}\n`));
    const asked = existsSync(join(ran.directory, 'gh.log')) ? readFileSync(join(ran.directory, 'gh.log'), 'utf8') : '';
    expect(asked.includes('release edit v1.1.0 --draft=false')).toBe(expected === 0);
    expect(api.state.releases[0]?.assets.map(({ name }) => name)).toContain('plugin-gate-report.html');
    expect(api.state.complaints).toEqual([]);
  });
});
