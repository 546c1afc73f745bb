/** Which source a tree holds, as git tells it. */
export interface SourceState {
  /** Full object id of HEAD. */
  readonly commit: string;
  /** Whether tracked files differ from HEAD. */
  readonly modified: boolean;
}

/**
 * The commit that is checked out in a directory.
 * @param root directory inside a work tree
 * @param env environment for git (PATH and HOME are enough)
 * @returns undefined when git is missing or the directory is no work tree
 */
export async function sourceState(
  root: string,
  env: Readonly<Record<string, string>>,
): Promise<SourceState | undefined> {
  const head = await git(root, ['rev-parse', '--verify', 'HEAD^{commit}'], env);
  const commit = head?.trim();
  if (commit === undefined || !/^[0-9a-f]{40,64}$/.test(commit)) return undefined;
  const status = await git(root, ['status', '--porcelain', '--untracked-files=no'], env);
  return { commit, modified: status === undefined || status.trim() !== '' };
}

async function git(
  root: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const { getExecOutput } = await import('@actions/exec');
  try {
    // fsmonitor and hooks are programs that the repository's own configuration could name.
    const { exitCode, stdout } = await getExecOutput(
      'git',
      ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', ...args],
      { cwd: root, env: { ...env, GIT_OPTIONAL_LOCKS: '0' }, silent: true, ignoreReturnCode: true },
    );
    return exitCode === 0 ? stdout : undefined;
  } catch {
    return undefined; // git is not installed: the commit is a fact that is nice to have, no more
  }
}
