import type { AbiInput, ReadAbi } from '../abi/abi.ts';
import { type CompareFilesOptions, type Comparison, compareFiles, type SideContent } from '../compare/files.ts';
import type { ElfImage } from '../elf/model.ts';
import { UsageError } from '../errors.ts';
import { publicHeaders } from '../gate/headers.ts';
import { locate } from '../gate/sources.ts';
import { compareGoFiles } from '../golang/compare.ts';
import { renderDiffJson } from '../report/diff-json.ts';
import { renderDiffText } from '../report/diff-text.ts';
import { DIFF_VERDICTS, type DiffVerdict } from '../rules/effects.ts';
import type { ExitCode, Format, Terminal } from './command.ts';
import { readInput } from './read-input.ts';
import { type ReleaseFile, readRelease, sameBytes } from './release-file.ts';

export interface DiffCommandOptions {
  readonly format?: Format;
  /** The mildest verdict that makes the command fail: `compatible`, `risky`, `source-breaking` or `breaking`. */
  readonly failOn?: string;
  /** Globs of the public headers; for the comparison of types. */
  readonly headers?: readonly string[];
  /** Directories with separate debug information; for the comparison of types. */
  readonly debugDir?: string | readonly string[];
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
  const compare: CompareFilesOptions<SideContent> = {
    // Reading debug information is the larger part of the program: not loaded for a file compared with itself.
    ...(!sameBytes(old, now) && { compareTypes: await typeComparison(old, now, options) }),
    compareGo: compareGoFiles,
    ...(options.required !== undefined && { required: options.required }),
    ...(options.versionScript !== undefined && { versionScript: await readScript(options.versionScript) }),
  };
  const comparison = compareFiles(old, now, compare);
  terminal.out(await render(comparison, options.format ?? 'text', terminal));
  return exitOfDiff(comparison.verdict, line);
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

async function typeComparison(
  oldFile: ReleaseFile,
  newFile: ReleaseFile,
  { headers = [], debugDir = [] }: DiffCommandOptions,
): Promise<NonNullable<CompareFilesOptions<SideContent>['compareTypes']>> {
  const { compareAbi } = await import('../parts/abi.ts');
  const directories = typeof debugDir === 'string' ? [debugDir] : debugDir;
  const here = { root: process.cwd(), repository: process.cwd() };
  const side = (image: ElfImage, file: ReleaseFile): AbiInput | ReadAbi =>
    'bytes' in file ? { image, bytes: file.bytes, search: { file: file.name, directories } } : file;
  const known = publicHeaders(headers, here);
  return (old, now) => {
    const types = compareAbi(side(old.image, oldFile), side(now.image, newFile), {
      locate: (file) => locate(file, here),
      ...(headers.length > 0 && { isPublicHeader: known.isPublic }),
    });
    // A misspelt pattern would make every type private, and no change of a type would count.
    return { ...types, findings: [...known.unmatched(), ...types.findings] };
  };
}

async function readScript(file: string): Promise<NonNullable<CompareFilesOptions['versionScript']>> {
  const { parseVersionScript } = await import('../compare/version-script.ts');
  const bytes = await readInput(file, 'the version script');
  return parseVersionScript(new TextDecoder('latin1').decode(bytes), file);
}

async function render(comparison: Comparison, format: Format, terminal: Terminal): Promise<string> {
  switch (format) {
    case 'json':
      return renderDiffJson(comparison);
    case 'text':
      return renderDiffText(comparison, { colour: terminal.colour, width: terminal.width });
    case 'markdown': {
      const { renderDiffMarkdown } = await import('../report/diff-markdown.ts');
      return renderDiffMarkdown(comparison);
    }
    case 'sarif':
      throw new UsageError('diff has no SARIF output; use --format json, or the report of the check command.');
  }
}
