import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { readArtifact } from '../artifact/read.ts';
import { buildPlugin } from '../build/build.ts';
import { expandTokens, type Tokens } from '../build/tokens.ts';
import type { PluginConfig } from '../config/schema.ts';
import type { Progress } from '../gate/step.ts';
import { checkoutCommit } from '../process/git-checkout.ts';
import { commitId, tagsOf } from '../process/git-files.ts';
import { finding } from '../rules/make.ts';
import type { FetchOutcome } from './fetched.ts';
import { candidates, type ReleaseChoice, type ThisRelease, versionOfTag } from './select-release.ts';

export interface GitBaseline extends Omit<ReleaseChoice, 'select'> {
  /** A commit, branch or tag; in its place, the highest version among the tags that `tag` fits. */
  readonly ref?: string;
}

export interface GitRequest {
  readonly config: GitBaseline;
  readonly plugin: PluginConfig;
  readonly tokens: Tokens;
  /** In Go's terms: `linux/amd64`. */
  readonly target: string;
  /** Target of the machine that builds. */
  readonly host: string;
  readonly own: ThisRelease;
  /** Absolute paths: of the configuration's directory, and of the repository. */
  readonly root: string;
  readonly repository: string;
  /** Absolute path of the directory that the commit is checked out in. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly progress: Progress;
}

/**
 * Builds the previous release anew from a commit of this repository, as the plugin of this change is built. It stands for
 * a release that was not kept; toolchain and libraries are those of today.
 * @throws EnvironmentError when git cannot check the commit out
 */
export async function rebuildFromGit(request: GitRequest): Promise<FetchOutcome> {
  const { config, plugin, tokens, repository, environment, directory } = request;
  const subject = plugin.name;
  const refused = (message: string, fix?: string): FetchOutcome => ({
    findings: [finding('baseline/missing', message, { subject, ...(fix === undefined ? {} : { fix }) })],
  });
  const picked = config.ref ?? (await highestTag(request));
  if (picked === undefined) {
    const message = `No tag of this repository is one that ${subject} could be compared with: it must fit ${config.tag} and end with a version below that of this release.`;
    return refused(message, FETCH_FIX);
  }
  const ref = expandTokens(picked, tokens, `baseline of plugin ${subject}`);
  const commit = await commitId(repository, ref, environment);
  if (commit === undefined) return refused(`git knows no ${ref} in this checkout.`, FETCH_FIX);
  await mkdir(directory, { recursive: true });
  await checkoutCommit(repository, commit, directory, environment);
  const root = join(directory, relative(repository, request.root));
  const source = `built from ${ref} (${commit.slice(0, 12)})`;
  const artifact = expandTokens(plugin.artifact, tokens, `artifact of plugin ${subject}`);
  if (plugin.build !== undefined) {
    const { findings } = await buildPlugin(
      {
        plugin: subject,
        kind: plugin.kind,
        // Whether it can be reproduced was asked of that release in its time.
        build: { ...plugin.build, reproducible: false },
        artifact: plugin.artifact,
        version: plugin.version,
        target: request.target,
        host: request.host,
        root,
        repository: directory,
        environment,
      },
      request.progress,
    );
    const failure = findings.find(({ severity }) => severity === 'error' || severity === 'undecided');
    if (failure !== undefined) {
      const message = `The previous release could not be ${source}: ${failure.message}`;
      return { findings: [finding('baseline/unusable', message, { subject, fix: BUILD_FIX })] };
    }
  }
  const { problem } = readArtifact(root, artifact);
  if (problem !== undefined) return refused(`Nothing to compare with was ${source}. ${problem.message}`, BUILD_FIX);
  const version = versionOfTag(ref.replace(/^refs\/tags\//, ''));
  return { fetched: { root, file: artifact, source, ...(version === undefined ? {} : { version }) } };
}

const FETCH_FIX =
  'Check out with its history and tags ("fetch-depth: 0" at actions/checkout), or correct `baseline.git`.';
const BUILD_FIX =
  'Name a commit that builds with this configuration, or take the previous release from a file or a release.';

async function highestTag({ config, repository, environment, own }: GitRequest): Promise<string | undefined> {
  const tags = await tagsOf(repository, environment);
  const releases = tags.map((tag) => ({ tag, draft: false, prerelease: false, assets: [] }));
  const [best] = candidates(releases, { ...config, select: 'highest' }, own);
  return best === undefined ? undefined : `refs/tags/${best.release.tag}`;
}
