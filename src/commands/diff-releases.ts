import { basename } from 'node:path';
import { type AbiInput, compareAbi, type ReadAbi } from '../abi/abi.ts';
import { followHost } from '../abi/host/follow-host.ts';
import { type CompareFilesOptions, type Comparison, compareFiles, type SideContent } from '../compare/files.ts';
import type { ElfImage } from '../elf/model.ts';
import { UsageError } from '../errors.ts';
import { publicHeaders } from '../gate/headers.ts';
import { locate } from '../gate/sources.ts';
import { placedInGo } from '../golang/cgo-places.ts';
import { compareGo, goReadingOf } from '../golang/compare.ts';
import type { GoReading } from '../golang/read.ts';
import { renderDiffJson } from '../report/diff-json.ts';
import { renderDiffText } from '../report/diff-text.ts';
import { type DiffVerdict, worstEffect } from '../rules/effects.ts';
import type { Format, Terminal } from './command.ts';
import type { DiffCommandOptions } from './diff.ts';
import { parseEntries } from './parse-entries.ts';
import { readInput } from './read-input.ts';
import type { ReleaseFile } from './release-file.ts';

/**
 * Compares two releases that were read, and prints what changed.
 * @returns the verdict
 * @throws UsageError for a format that `diff` does not have, and for a version script that cannot be read
 */
export async function diffReleases(
  old: ReleaseFile,
  now: ReleaseFile,
  options: DiffCommandOptions,
  terminal: Terminal,
): Promise<DiffVerdict> {
  const compare: CompareFilesOptions<SideContent> = {
    compareTypes: typeComparison(old, now, options),
    compareGo: goComparison(old, now, options),
    ...(options.required !== undefined && { required: options.required }),
    ...(options.versionScript !== undefined && { versionScript: await readScript(options.versionScript) }),
  };
  const comparison = await withHost(compareFiles(old, now, compare), now, options);
  terminal.out(await render(comparison, options.format ?? 'text', terminal));
  return comparison.verdict;
}

function typeComparison(
  oldFile: ReleaseFile,
  newFile: ReleaseFile,
  { headers = [], hostHeaders = [], debugDir = [] }: DiffCommandOptions,
): NonNullable<CompareFilesOptions<SideContent>['compareTypes']> {
  const directories = typeof debugDir === 'string' ? [debugDir] : debugDir;
  const here = { root: process.cwd(), repository: process.cwd() };
  const side = (image: ElfImage, file: ReleaseFile): AbiInput | ReadAbi =>
    'bytes' in file ? { image, bytes: file.bytes, search: { file: file.name, directories } } : file;
  const known = publicHeaders(headers, here);
  const ofHost = publicHeaders(hostHeaders, here);
  return (old, now) => {
    const types = compareAbi(side(old.image, oldFile), side(now.image, newFile), {
      locate: (file) => locate(file, here),
      ...(headers.length > 0 && { isPublicHeader: known.isPublic }),
      ...(hostHeaders.length > 0 && { isHostHeader: ofHost.isPublic }),
    });
    // A misspelt pattern would make every type private, and no change of a type would count.
    const findings =
      'bytes' in newFile
        ? placedInGo(types.findings, { image: now.image, bytes: newFile.bytes }, (file) => locate(file, here))
        : types.findings;
    return { ...types, findings: [...known.unmatched(), ...findings] };
  };
}

function goComparison(
  old: ReleaseFile,
  now: ReleaseFile,
  { debugDir = [] }: DiffCommandOptions,
): NonNullable<CompareFilesOptions<SideContent>['compareGo']> {
  const directories = typeof debugDir === 'string' ? [debugDir] : debugDir;
  const here = { root: process.cwd(), repository: process.cwd() };
  return (before, after) =>
    compareGo(goOf(old, before.image), goOf(now, after.image), {
      locate: (file) => locate(file, here),
      ...('bytes' in now && {
        debug: { image: after.image, bytes: now.bytes, search: { file: now.name, directories } },
      }),
    });
}

function goOf(file: ReleaseFile, image: ElfImage): GoReading | undefined {
  return goReadingOf('bytes' in file ? { bytes: file.bytes, image } : file);
}

/** Adds what the new file and the host that it is for disagree about. */
async function withHost(
  comparison: Comparison,
  now: ReleaseFile,
  { host, hostHeaders = [], entries = [], debugDir = [] }: DiffCommandOptions,
): Promise<Comparison> {
  if (host === undefined && entries.length > 0)
    throw new UsageError('--entry names types of a host: give it with --host.');
  if (host === undefined) return comparison;
  const { hostTypes } = await import('../abi/host/read-host-file.ts');
  const here = { root: process.cwd(), repository: process.cwd() };
  const known = publicHeaders(hostHeaders, here);
  const directories = typeof debugDir === 'string' ? [debugDir] : debugDir;
  const types = hostTypes(
    'bytes' in now ? { bytes: now.bytes, search: { file: now.name, directories } } : now.types,
    { bytes: await readInput(host, 'the host'), search: { file: host, directories } },
    {
      name: basename(host),
      locate: (file) => locate(file, here),
      ...(hostHeaders.length > 0 && { isHostHeader: known.isPublic }),
      entries: parseEntries(entries),
    },
  );
  const findings = [
    ...followHost(comparison.findings, types.agreed, basename(host)),
    ...types.findings,
    ...known.unmatched('fit/host-headers-unmatched'),
  ];
  return { ...comparison, findings, verdict: worstEffect(findings) };
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
