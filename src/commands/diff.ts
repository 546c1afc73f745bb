import { sameFileContent } from '../compare/loaded-content.ts';
import { readElf } from '../elf/read.ts';
import { UsageError } from '../errors.ts';
import { renderDiffHead } from '../report/diff-head.ts';
import { DIFF_VERDICTS, type DiffVerdict } from '../rules/effects.ts';
import type { ExitCode, Format, Terminal } from './command.ts';
import { type ReleaseFile, readRelease, sameBytes } from './release-file.ts';

export interface DiffCommandOptions {
  readonly format?: Format;
  /** The mildest verdict that makes the command fail: `compatible`, `risky`, `source-breaking` or `breaking`. */
  readonly failOn?: string;
  /** Globs of the public headers; for the comparison of types. */
  readonly headers?: readonly string[];
  /** Directories with separate debug information; for the comparison of types. */
  readonly debugDir?: string | readonly string[];
  /** The host that the new file is for, a build with debug information: types that both know are compared. */
  readonly host?: string;
  /** Globs of the host's headers: what they declare is the host's. */
  readonly hostHeaders?: readonly string[];
  /** What the host takes symbols for that it looks up, each as `SYMBOL=TYPE`. */
  readonly entries?: readonly string[];
  /** A version script of the GNU linker that the new file is compared with. */
  readonly versionScript?: string;
  /** Symbols that the new file must export. */
  readonly required?: readonly string[];
}

const LINES = ['compatible', 'risky', 'source-breaking', 'breaking'] as const;
type FailLine = (typeof LINES)[number];

/**
 * `plugin-gate diff OLD NEW`: compares two releases of a shared object and prints what changed.
 * @returns 0 up to `risky`, 1 for `source-breaking` and `breaking`, 3 for `undecided`; failOn moves the line
 * @throws UsageError for files that cannot be opened and for options that are not known
 */
export async function diffCommand(
  oldFile: string,
  newFile: string,
  options: DiffCommandOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const line = failLine(options.failOn);
  const [old, now] = await Promise.all([readRelease(oldFile, 'the old file'), readRelease(newFile, 'the new file')]);
  const asText = options.format === undefined || options.format === 'text';
  if (asText && isUnchanged(old, now, options)) {
    const unchanged = { verdict: 'identical', findings: [], old: old.name, now: now.name } as const;
    terminal.out(renderDiffHead(unchanged, { colour: terminal.colour, width: terminal.width }));
    return exitOfDiff('identical', line);
  }
  // Comparing is the larger part of the program, and a plugin that nobody touched the usual case.
  const { diffReleases } = await import('../parts/compare.ts');
  return exitOfDiff(await diffReleases(old, now, options, terminal), line);
}

/** Whether it is plain without a comparison that nothing changed: the same bytes, and nothing else is asked of the file. */
function isUnchanged(
  old: ReleaseFile,
  now: ReleaseFile,
  { required, versionScript, host }: DiffCommandOptions,
): boolean {
  if (!('bytes' in old && 'bytes' in now) || !sameBytes(old, now)) return false;
  if (required !== undefined || versionScript !== undefined || host !== undefined) return false;
  const { image, problems } = readElf(now.bytes);
  if (image === undefined || problems.length > 0) return false;
  const content = { bytes: now.bytes, image };
  return sameFileContent(content, content);
}

/** Exit status of a verdict; undecided is never a pass, wherever the line is. */
export function exitOfDiff(verdict: DiffVerdict, line: FailLine = 'source-breaking'): ExitCode {
  if (verdict === 'undecided') return 3;
  return DIFF_VERDICTS.indexOf(verdict) >= DIFF_VERDICTS.indexOf(line) ? 1 : 0;
}

function failLine(text: string | undefined): FailLine | undefined {
  if (text === undefined) return undefined;
  const found = LINES.find((line) => line === text);
  if (found === undefined) throw new UsageError(`--fail-on ${text} is not known; use one of ${LINES.join(', ')}.`);
  return found;
}
