import { posix, relative } from 'node:path';
import type { ConfigFiles } from '../config/read.ts';
import { DEFAULT_WAIVERS_FILE } from '../config/schema.ts';
import { type CommitFiles, changedPaths, uncommittedPaths } from '../process/git-files.ts';
import type { PlacedFinding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { decidingFiles } from './base/files.ts';
import { selectChanged } from './changed.ts';
import type { Job } from './plan.ts';

export interface LeftOut {
  /** Names of plugins that need no check. */
  readonly unchanged: ReadonlySet<string>;
  /** That they were left out, or why none was. */
  readonly findings: readonly PlacedFinding[];
}

const NOTHING: LeftOut = { unchanged: new Set(), findings: [] };

/** Plugins that a change does not touch, where the run was asked for those that it does. */
export async function leftOut(
  jobs: readonly Job[],
  config: ConfigFiles,
  repository: string,
  request: {
    readonly onlyChanged?: boolean;
    readonly base?: CommitFiles;
    readonly head?: CommitFiles;
    readonly environment: Readonly<Record<string, string | undefined>>;
  },
): Promise<LeftOut> {
  const { base, head, environment } = request;
  if (request.onlyChanged !== true || base === undefined) return NOTHING;
  const committed =
    head === undefined ? undefined : await changedPaths(repository, base.commit, head.commit, environment);
  // What is judged is what lies here, which is more than what was committed.
  const here = await uncommittedPaths(repository, environment);
  const below = relative(repository, config.root);
  const path = (file: string) => posix.normalize(posix.join(below, file));
  const reports = `${path(config.config.report.directory)}/`;
  const others = (paths: readonly string[]) => paths.filter((one) => !one.startsWith(reports));
  const changed = committed === undefined || here === undefined ? undefined : [...committed, ...others(here.changed)];
  const own = new Map<string, readonly string[]>();
  const built = new Set<string>();
  for (const job of jobs) {
    const { hosts, symbols, artifact } = job.plugin;
    const files = [
      ...decidingFiles([job]).map(({ file }) => file),
      ...hosts.flatMap(({ file }) => (file === undefined ? [] : [file])),
      ...(symbols.versionScript === undefined ? [] : [symbols.versionScript]),
      artifact,
      job.artifact,
    ];
    // What a build will write is no matter; a file that is taken as it is can have been put there by anything.
    if (job.plugin.build !== undefined) for (const file of [artifact, job.artifact]) built.add(path(file));
    own.set(job.plugin.name, [...(own.get(job.plugin.name) ?? []), ...files.map(path)]);
  }
  const shared = [path(posix.basename(config.file)), path(config.config.policy.waivers ?? DEFAULT_WAIVERS_FILE)];
  const ignored = here?.ignored.filter((one) => !built.has(one)) ?? [];
  const { unchanged, unsure } = selectChanged({ jobs, config: config.config, below, shared, own, changed, ignored });
  const since = base.commit.slice(0, 12);
  if (unsure !== undefined) {
    const message = `All plugins were checked, although only changed ones were asked for: ${unsure}.`;
    return { unchanged, findings: [finding('gate/unchanged', message, { subject: 'all' })] };
  }
  const findings = [...unchanged].map((plugin): PlacedFinding => {
    const message = `${plugin} was not checked: nothing that it is made of changed since ${since}.`;
    return { ...finding('gate/unchanged', message, { subject: plugin }), plugin };
  });
  return { unchanged, findings };
}
