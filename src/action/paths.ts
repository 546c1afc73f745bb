import { posix, relative, sep } from 'node:path';
import type { GateReport } from '../gate/report.ts';

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

/** The report with every place in a file, and the configuration file, as GitHub names it. */
export function relocated(report: GateReport, relocate: (file: string) => string): GateReport {
  return {
    ...report,
    config: { ...report.config, file: relocate(report.config.file) },
    findings: report.findings.map((finding) =>
      finding.location === undefined
        ? finding
        : { ...finding, location: { ...finding.location, file: relocate(finding.location.file) } },
    ),
  };
}
