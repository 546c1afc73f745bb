import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix, relative } from 'node:path';
import { ARTIFACT_LIMITS, readArtifact } from '../../artifact/read.ts';
import { expandTokens } from '../../build/tokens.ts';
import type { ConfigFiles } from '../../config/read.ts';
import { EnvironmentError } from '../../errors.ts';
import type { CommitFiles } from '../../process/git-files.ts';
import type { PlacedFinding } from '../../rules/finding.ts';
import { LEDGER_BYTES } from '../../version/rollback.ts';
import type { Job } from '../plan.ts';
import { DECIDING } from '../signature/settings.ts';
import { relaxed } from './policy.ts';

/** Files that decide about a plugin, as the base commit has them, in a directory of their own. */
export interface TrustedFiles {
  /** Absolute path of the directory that a file is to be read from in place of the configuration's. */
  readonly rootOf: (file: string) => string;
  readonly findings: readonly PlacedFinding[];
  readonly remove: () => Promise<void>;
}

/** A file that decides, by its path in the configuration, with what it is and the bytes that it may have. */
export interface DecidingFile {
  readonly file: string;
  readonly what: 'previous release' | 'ledger of releases' | (typeof DECIDING)[number][1];
  readonly limit: number;
}

/**
 * Takes files from the base commit. One that the base does not have is the work tree's: a step before the gate put it
 * there, or the change brings it, which is told.
 * @param tracked whether the change itself has a file of this path, and its bytes
 * @param temporary directory for temporary files
 */
export async function trustedFiles(
  wanted: readonly DecidingFile[],
  config: Pick<ConfigFiles, 'root' | 'file'>,
  repository: string,
  base: CommitFiles,
  head: CommitFiles | undefined,
  temporary = tmpdir(),
): Promise<TrustedFiles> {
  const directory = await mkdtemp(join(temporary, 'plugin-gate-base-'));
  const taken = new Set<string>();
  const findings: PlacedFinding[] = [];
  const seen = new Set<string>();
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    for (const { file, what, limit } of wanted) {
      if (seen.has(file)) continue;
      seen.add(file);
      const path = posix.normalize(posix.join(relative(repository, config.root), file));
      if (path.startsWith('../')) continue;
      const bytes = await base.read(path, limit);
      const now = await head?.read(path, limit);
      const stored = bytes === undefined ? undefined : lfsDigest(bytes);
      if (stored !== undefined) {
        // The content is not in git, but its digest is: the work tree's file is as good when it has that digest.
        if (readArtifact(config.root, file, { maxSize: limit }).artifact?.digest === stored) continue;
        throw new EnvironmentError(
          `The ${what} ${file} is kept with Git LFS, and the one here is not that of the base commit (${stored}). Check out with "lfs: true"; a change that replaces it cannot be judged by the old one.`,
        );
      }
      if (bytes !== undefined) {
        const target = join(directory, file);
        await mkdir(dirname(target), { recursive: true });
        await writeFile(target, bytes);
        taken.add(file);
        if (head !== undefined && (now === undefined || !now.equals(bytes))) {
          const how = now === undefined ? 'removes' : 'changes';
          findings.push(relaxed({ subject: file, what: `${how} the ${what} ${file}` }, config.file));
        }
      } else if (now !== undefined) {
        findings.push(relaxed({ subject: file, what: `brings the ${what} ${file} itself` }, config.file));
      }
    }
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    rootOf: (file) => (taken.has(file) ? directory : config.root),
    findings,
    remove,
  };
}

/** The digest in a pointer file of Git LFS; undefined for any other file. Source: git-lfs, docs/spec.md. */
function lfsDigest(bytes: Buffer): string | undefined {
  if (bytes.length > 1024) return undefined;
  const match = /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n(?:.*\n)*?oid (sha256:[0-9a-f]{64})\n/.exec(
    bytes.toString('latin1'),
  );
  return match?.[1];
}

/** What decides about the plugins of these jobs and is a file of the repository. */
export function decidingFiles(jobs: readonly Job[]): readonly DecidingFile[] {
  return jobs.flatMap(({ plugin, tokens, baseline, signature, rollback }): DecidingFile[] => {
    const file = baseline?.file;
    return [
      ...(file === undefined
        ? []
        : [
            {
              file: expandTokens(file, tokens, `baseline of plugin ${plugin.name}`),
              what: 'previous release' as const,
              limit: ARTIFACT_LIMITS.maxSize,
            },
          ]),
      ...[signature, baseline?.signature].flatMap((section) =>
        DECIDING.flatMap(([name, what, limit]): DecidingFile[] => {
          const named = section?.[name];
          return named === undefined ? [] : [{ file: named, what, limit }];
        }),
      ),
      ...(rollback?.ledger === undefined
        ? []
        : [{ file: rollback.ledger, what: 'ledger of releases' as const, limit: LEDGER_BYTES }]),
    ];
  });
}
