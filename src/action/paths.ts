import { posix, relative, sep } from 'node:path';
import type { GateReport } from '../gate/report.ts';
import type { GitHubContext } from '../github/context.ts';

/**
 * Turns paths that are relative to the working directory into paths relative to the repository, which is what GitHub
 * knows. Absolute paths stay as they are.
 * @param workspace absolute path of the checkout
 * @param workingDirectory absolute, in the checkout
 */
export function relocation(workspace: string, workingDirectory: string): (file: string) => string {
  const prefix = relative(workspace, workingDirectory).split(sep).join('/');
  return (file) => (prefix === '' || posix.isAbsolute(file) ? file : posix.join(prefix, file));
}

/** The report as GitHub knows its places: files from the root of the repository, at the commit that people see. */
export function placedOnGitHub(
  report: GateReport,
  relocate: (file: string) => string,
  { repository, headSha, ref }: GitHubContext,
): GateReport {
  return {
    ...report,
    config: { ...report.config, file: relocate(report.config.file) },
    ...(repository &&
      headSha && {
        source: {
          ...report.source,
          repository: `${repository.owner}/${repository.repo}`,
          commit: headSha,
          ...(ref && { ref }),
        },
      }),
    findings: report.findings.map((finding) =>
      finding.location === undefined
        ? finding
        : { ...finding, location: { ...finding.location, file: relocate(finding.location.file) } },
    ),
  };
}
