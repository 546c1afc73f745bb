import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readArtifact } from '../artifact/read.ts';
import type { GateReport, PluginResult } from '../gate/report.ts';
import type { ReleaseFile } from '../github/draft-release.ts';
import type { WrittenReport } from '../report/write.ts';

/**
 * What a release keeps of the gate: for each plugin a snapshot, which the next release is compared with, and the signed
 * verdict; and the report.
 * @param root absolute path of the directory that artifacts' paths start from
 * @returns the files, and for what could not be made, why
 */
export async function releaseFiles(
  report: GateReport,
  root: string,
  written: readonly WrittenReport[],
): Promise<{ readonly files: readonly ReleaseFile[]; readonly problems: readonly string[] }> {
  const files: ReleaseFile[] = [];
  const problems: string[] = [];
  for (const plugin of report.plugins) {
    const name = `${plugin.plugin}-${plugin.target.replaceAll('/', '-')}`;
    const snapshot = await snapshotOf(plugin, root);
    if (typeof snapshot === 'string') problems.push(snapshot);
    else if (snapshot !== undefined) files.push({ name: `${name}.abi.json.gz`, bytes: snapshot });
    for (const signed of [plugin.verdict?.summary, plugin.verdict?.testResult]) {
      if (signed === undefined) continue;
      const { artifact } = readArtifact(root, signed.file);
      if (artifact?.digest !== signed.digest) problems.push(`${signed.file} is not what the gate signed any more`);
      else
        files.push({ name: `${name}.${basename(signed.file).split('.').slice(-3).join('.')}`, bytes: artifact.bytes });
    }
  }
  for (const { path } of written.filter(({ format }) => format === 'html' || format === 'json' || format === 'audit')) {
    const bytes = await read(path);
    if (bytes !== undefined) files.push({ name: `plugin-gate-${basename(path)}`, bytes });
  }
  return { files, problems };
}

/** The snapshot of what was judged: a file that changed since is none. */
async function snapshotOf({ plugin, artifact }: PluginResult, root: string): Promise<Uint8Array | string | undefined> {
  if (artifact === undefined) return undefined;
  const { artifact: now } = readArtifact(root, artifact.file);
  if (now?.digest !== artifact.digest) return `${artifact.file} of ${plugin} is not what the gate judged any more`;
  const [{ makeSnapshot }, { writeSnapshot }] = await Promise.all([
    import('../snapshot/make.ts'),
    import('../snapshot/format.ts'),
  ]);
  const { snapshot, problem } = makeSnapshot(now.bytes, { file: join(root, artifact.file), directories: [] });
  return snapshot === undefined ? `there is no snapshot of ${artifact.file}: ${problem}` : writeSnapshot(snapshot);
}

async function read(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch {
    return undefined;
  }
}
