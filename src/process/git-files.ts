import { execFile } from 'node:child_process';
import { EnvironmentError } from '../errors.ts';

/** Files as a commit has them, whatever lies in the work tree. */
export interface CommitFiles {
  /** Full object id. */
  readonly commit: string;
  /**
   * Bytes of a regular file, by its path from the repository's root or the directory that was named; undefined when the
   * commit has no such file.
   * @throws EnvironmentError when it cannot be read, or has more than `limit` bytes
   */
  readonly read: (path: string, limit: number) => Promise<Buffer | undefined>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Milliseconds for one call. */
const TIMEOUT = 60_000;

/**
 * Nothing of the repository's own configuration may start a program, replace an object or fetch one. The owner of the
 * checkout does not matter: in a container job it is another user, and only objects are read.
 */
const SAFE = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '-c', 'safe.directory=*'];

interface Answer {
  readonly status: number | undefined;
  readonly stdout: Buffer;
}

/**
 * One call of git that reads.
 * @param maxBuffer bytes of output that are taken; more fail the call
 * @param more variables of the call
 */
export function git(
  directory: string,
  args: readonly string[],
  env: Environment,
  maxBuffer: number,
  more: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const environment = {
    ...(env.PATH === undefined ? {} : { PATH: env.PATH }),
    ...(env.HOME === undefined ? {} : { HOME: env.HOME }),
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_LITERAL_PATHSPECS: '1',
    LC_ALL: 'C',
    ...more,
  };
  return new Promise((settle) => {
    execFile(
      'git',
      [...SAFE, ...args],
      { cwd: directory, env: environment, encoding: 'buffer', maxBuffer, timeout: TIMEOUT },
      (error, stdout) => {
        const status = error === null ? 0 : typeof error.code === 'number' ? error.code : undefined;
        settle({ status, stdout });
      },
    );
  });
}

/** The full id of a commit that is there. @returns undefined without git, without a repository, without the commit */
export async function commitId(directory: string, name: string, env: Environment): Promise<string | undefined> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`];
  const { status, stdout } = await git(directory, args, env, 4096);
  const id = stdout.toString('latin1').trim();
  return status === 0 && /^[0-9a-f]{40,64}$/.test(id) ? id : undefined;
}

/**
 * Paths that differ between two commits, from the root of the repository; both names of what was moved.
 * @returns undefined when git cannot tell: a commit is not there, or the list is too long
 */
export async function changedPaths(
  directory: string,
  from: string,
  to: string,
  env: Environment,
): Promise<readonly string[] | undefined> {
  const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--no-ext-diff', '--ignore-submodules=none'];
  const { status, stdout } = await git(directory, [...args, from, to], env, 16 * 1024 * 1024);
  return status === 0
    ? stdout
        .toString('utf8')
        .split('\0')
        .filter((path) => path !== '')
    : undefined;
}

/** Paths from the root of the repository that differ from the commit that is checked out. */
export interface UncommittedPaths {
  /** Changed, staged, removed, or new and not ignored. */
  readonly changed: readonly string[];
  /** Files that no commit has because they are ignored. */
  readonly ignored: readonly string[];
}

/**
 * What lies in the work tree beside the commit.
 * @returns undefined when git cannot tell, or the list is too long
 */
export async function uncommittedPaths(directory: string, env: Environment): Promise<UncommittedPaths | undefined> {
  const args = ['status', '--porcelain=v1', '-z', '--no-renames', '--untracked-files=all', '--ignored=traditional'];
  const { status, stdout } = await git(directory, [...args, '--ignore-submodules=none'], env, 64 * 1024 * 1024);
  if (status !== 0) return undefined;
  const changed: string[] = [];
  const ignored: string[] = [];
  for (const entry of stdout.toString('utf8').split('\0')) {
    // Two letters, a space, the path; see git-status(1), "Porcelain Format Version 1".
    if (entry.length > 3) (entry.startsWith('!!') ? ignored : changed).push(entry.slice(3));
  }
  return { changed, ignored };
}

/** Names of all tags. Empty without git or a repository. */
export async function tagsOf(directory: string, env: Environment): Promise<readonly string[]> {
  const { status, stdout } = await git(directory, ['tag', '--list'], env, 16 * 1024 * 1024);
  return status === 0
    ? stdout
        .toString('utf8')
        .split('\n')
        .filter((tag) => tag !== '')
    : [];
}

/** The parents that a commit names, also where a shallow clone does not have them. */
export async function parentsOf(directory: string, commit: string, env: Environment): Promise<readonly string[]> {
  const { status, stdout } = await git(directory, ['cat-file', 'commit', commit], env, 16 * 1024 * 1024);
  if (status !== 0) return [];
  const [header = ''] = stdout.toString('latin1').split('\n\n', 1);
  return [...header.matchAll(/^parent ([0-9a-f]{40,64})$/gm)].map(([, id]) => id ?? '');
}

/**
 * @param directory absolute; paths are relative to it
 * @param commit full object id
 * @returns undefined when git does not have the commit here
 */
export async function gitCommitFiles(
  directory: string,
  commit: string,
  env: Environment,
): Promise<CommitFiles | undefined> {
  if ((await commitId(directory, commit, env)) !== commit) return undefined;
  const broken = (path: string, why: string) =>
    new EnvironmentError(`${path} of the commit ${commit} cannot be read: ${why}.`);
  return {
    commit,
    read: async (path, limit) => {
      const listed = await git(directory, ['ls-tree', '-z', '-l', commit, '--', `./${path}`], env, 64 * 1024);
      if (listed.status !== 0) throw broken(path, 'git does not list it; the checkout may lack the objects');
      const entry = /^(\d{6}) (\w+) ([0-9a-f]{40,64}) +(\d+|-)\t/.exec(listed.stdout.toString('latin1'));
      if (entry === null) return undefined;
      const [, mode, , id = '', size] = entry;
      if (mode !== '100644' && mode !== '100755') throw broken(path, 'it is not a regular file there');
      if (Number(size) > limit) throw broken(path, `it has ${size} bytes, and the limit is ${limit}`);
      const blob = await git(directory, ['cat-file', 'blob', id], env, limit + 1);
      if (blob.status !== 0) throw broken(path, 'git does not give its content; the checkout may lack the objects');
      return blob.stdout;
    },
  };
}
