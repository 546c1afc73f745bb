import { resolve } from 'node:path';
import semver from 'semver';
import { replaceFile } from '../config/replace-file.ts';
import { UsageError } from '../errors.ts';
import { isSnapshotError } from '../snapshot/columns.ts';
import { isSnapshotFile } from '../snapshot/detect.ts';
import { writeSnapshot } from '../snapshot/format.ts';
import { makeSnapshot } from '../snapshot/make.ts';
import { escapeTerminal } from '../text/terminal.ts';
import { formatBytes } from '../text/units.ts';
import type { ExitCode, Terminal } from './command.ts';
import { readInput } from './read-input.ts';

export interface SnapshotCommandOptions {
  /** Path of the snapshot. */
  readonly output: string;
  /** Directories with separate debug information. */
  readonly debugDir?: readonly string[];
  /** Version of the release. */
  readonly release?: string;
}

/**
 * `plugin-gate snapshot FILE -o NAME.abi.json.gz`: records of a file what `diff` and the gate need to compare with it.
 * What is missing in it is told on standard error; comparisons with it will be undecided there.
 * @throws UsageError for a file that no snapshot can be made of, EnvironmentError when it cannot be written
 */
export async function snapshotCommand(
  file: string,
  options: SnapshotCommandOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { output, debugDir = [], release } = options;
  if (resolve(file) === resolve(output)) throw new UsageError('The snapshot would overwrite the file itself.');
  if (release !== undefined && semver.valid(release) !== release) {
    throw new UsageError(`--release ${release}: expected a semantic version such as 1.2.0, without v.`);
  }
  const bytes = await readInput(file, 'the file');
  if (isSnapshotFile(bytes)) throw new UsageError(`${file} is a snapshot already, or another gzip file.`);
  const { snapshot, problem } = makeSnapshot(bytes, { file, directories: debugDir }, release);
  if (snapshot === undefined) throw new UsageError(`No snapshot can be made of ${file}. ${problem}`);
  const packed = packedOf(file, () => writeSnapshot(snapshot));
  replaceFile(resolve(output), output, packed, true);
  const { missing, symbols } = snapshot.types;
  const typed = symbols.filter(({ type }) => type !== undefined).length;
  terminal.out(
    `${escapeTerminal(output)}: ${formatBytes(packed.length)}, types of ${typed} of ${symbols.length} exported symbols\n`,
  );
  for (const { message, fix } of missing) terminal.err(`plugin-gate: ${escapeTerminal(`${message} ${fix}`)}\n`);
  return 0;
}

function packedOf(file: string, pack: () => Uint8Array): Uint8Array {
  try {
    return pack();
  } catch (error) {
    if (isSnapshotError(error)) throw new UsageError(`No snapshot can be made of ${file}. ${error.message}`);
    throw error;
  }
}
