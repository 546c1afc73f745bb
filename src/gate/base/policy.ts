import { createHash } from 'node:crypto';
import { posix, relative } from 'node:path';
import { loadConfig } from '../../config/load.ts';
import type { ConfigFiles } from '../../config/read.ts';
import { DEFAULT_WAIVERS_FILE } from '../../config/schema.ts';
import { loadWaivers } from '../../config/waivers.ts';
import type { CommitFiles } from '../../process/git-files.ts';
import type { PlacedFinding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import { policyDigest } from '../../rules/policy.ts';
import type { Waiver } from '../../rules/waivers.ts';
import { judgedBy } from './apply.ts';
import { type Relaxation, relaxations } from './relaxed.ts';

/** What judges a change, and what is to be said about where it comes from. */
export interface BasePolicy {
  /** The configuration of the change under the policy of the base, with the base's waivers. */
  readonly config: ConfigFiles;
  readonly findings: readonly PlacedFinding[];
  /** Absent when the base has no policy of its own. */
  readonly base?: { readonly commit: string; readonly digest: string };
}

/** Bytes of a configuration or waivers file. */
const LARGEST = 4 * 1024 * 1024;

/**
 * The policy of the base commit, applied to the configuration of a change.
 * @param head configuration and waivers as the change has them
 * @param files of the base commit, by paths from `repository`
 * @param repository absolute
 */
export async function policyOfBase(head: ConfigFiles, files: CommitFiles, repository: string): Promise<BasePolicy> {
  const root = relative(repository, head.root);
  const shown = files.commit.slice(0, 12);
  const ownPolicy = (why: string): BasePolicy => ({
    config: head,
    findings: [
      {
        ...finding('policy/own', `${why}, so this change is judged by the configuration that it brings itself.`, {
          subject: head.file,
        }),
        location: { file: head.file, line: 1 },
      },
    ],
  });

  const path = posix.join(root, posix.basename(head.file));
  const bytes = await files.read(path, LARGEST);
  if (bytes === undefined) return ownPolicy(`The base commit ${shown} has no ${head.file}`);
  const loaded = loadConfig(head.file, bytes.toString('utf8'));
  if ('problems' in loaded) return ownPolicy(`The ${head.file} of the base commit ${shown} cannot be used`);
  const base = loaded.config;
  const waiversFile = base.policy.waivers ?? DEFAULT_WAIVERS_FILE;
  const accepted = await waiversOf(
    files,
    posix.join(root, waiversFile),
    posix.join(posix.dirname(head.file), waiversFile),
  );
  if (accepted === undefined) return ownPolicy(`The ${waiversFile} of the base commit ${shown} cannot be used`);

  const config = judgedBy(base, head.config);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return {
    config: { ...head, config, waivers: accepted, policyDigest: policyDigest(config.policy, accepted) },
    findings: relaxations({ config: base, waivers: accepted }, head).map((one) => relaxed(one, head.file)),
    base: { commit: files.commit, digest },
  };
}

async function waiversOf(files: CommitFiles, path: string, shown: string): Promise<readonly Waiver[] | undefined> {
  const bytes = await files.read(path, LARGEST);
  if (bytes === undefined) return [];
  const loaded = loadWaivers(shown, bytes.toString('utf8'));
  return 'problems' in loaded ? undefined : loaded.waivers;
}

/** A relaxation as a finding, at the waiver it is about or at the top of the configuration. */
export function relaxed({ subject, what, old, new: now, plugin, waiver }: Relaxation, file: string): PlacedFinding {
  return {
    ...finding('policy/relaxed', `This change relaxes the gate: it ${what}.`, {
      subject,
      ...(old === undefined ? {} : { old }),
      ...(now === undefined ? {} : { new: now }),
    }),
    location: waiver?.location ?? { file, line: 1 },
    ...(plugin === undefined ? {} : { plugin }),
  };
}
