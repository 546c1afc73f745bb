import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { elfFindings } from '../elf/findings.ts';
import { mayBeGo } from '../elf/go.ts';
import { LARGEST_FILE } from '../elf/header.ts';
import type { ElfImage } from '../elf/model.ts';
import { readElf } from '../elf/read.ts';
import { UsageError } from '../errors.ts';
import { isAboutTheFile, renderInspection } from '../report/inspect.ts';
import { type GoInspection, type Inspection, toInspectJson } from '../report/inspect-json.ts';
import { isSnapshotFile } from '../snapshot/detect.ts';
import { styleFor } from '../text/style.ts';
import type { ExitCode, Format, Terminal } from './command.ts';

export { toInspectJson };

export interface InspectOptions {
  readonly format: Format;
}

/** Bytes that are read at a time. */
const CHUNK = 4 * 1024 * 1024;

/**
 * `plugin-gate inspect FILE`: tells what a file is. Exit 0 when it could be read, whatever its hardening; 1 when it is not
 * ELF, damaged, or of a form that cannot be read.
 * @throws UsageError when there is no such file, or it is not one that can be read
 */
export async function inspectCommand(file: string, options: InspectOptions, terminal: Terminal): Promise<ExitCode> {
  const { format } = options;
  if (format !== 'text' && format !== 'json') {
    throw new UsageError(`inspect cannot write ${format}; use --format text or --format json.`);
  }
  const inspection = await inspectFile(file, { digest: format === 'json' });
  if (format === 'json') {
    terminal.out(`${JSON.stringify(toInspectJson(inspection), null, 2)}\n`);
  } else {
    terminal.out(renderInspection(inspection, { style: styleFor(terminal.colour), width: terminal.width }));
  }
  return inspection.findings.some(isAboutTheFile) ? 1 : 0;
}

/**
 * Reads a file and everything that `inspect` tells of it. What it tells is all from one reading of the bytes.
 * @param want the digest is taken only when it is asked for: loading the hash takes longer than most files do
 * @throws UsageError when the file cannot be read
 */
export async function inspectFile(file: string, want: { readonly digest: boolean }): Promise<Inspection> {
  const bytes = readWhole(file);
  if (isSnapshotFile(bytes)) {
    throw new UsageError(
      `${file} is a snapshot or another gzip file. diff and the baseline take it; give the plugin file itself.`,
    );
  }
  const reading = readElf(bytes);
  const { image } = reading;
  const go = image === undefined || !mayBeGo(image) ? undefined : await inspectGo(bytes, image);
  return {
    file,
    ...(want.digest ? { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}` } : {}),
    size: bytes.length,
    ...(image === undefined ? {} : { image }),
    ...(go === undefined ? {} : { go }),
    findings: elfFindings(reading, { plugin: false }),
  };
}

async function inspectGo(bytes: Uint8Array, image: ElfImage): Promise<GoInspection | undefined> {
  const part = await import('../parts/inspect-go.ts');
  return part.inspectGo(bytes, image);
}

function readWhole(file: string): Uint8Array {
  let descriptor: number | undefined;
  try {
    // A named pipe would keep open() waiting for a writer.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new UsageError(`${file} is ${kindOf(stat)}, not a file. Give the path of a plugin file.`);
    if (stat.size > LARGEST_FILE) {
      throw new UsageError(`${file} has ${stat.size} bytes; files of up to ${LARGEST_FILE} bytes can be inspected.`);
    }
    const bytes = new Uint8Array(stat.size);
    let filled = 0;
    while (filled < bytes.length) {
      const count = readSync(descriptor, bytes, filled, Math.min(CHUNK, bytes.length - filled), filled);
      if (count === 0) throw new UsageError(`${file} became shorter while it was read; something still writes to it.`);
      filled += count;
    }
    return bytes;
  } catch (error) {
    throw asUsageError(error, file);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return 'a directory';
  if (stat.isFIFO()) return 'a named pipe';
  if (stat.isSocket()) return 'a socket';
  return 'a device';
}

function asUsageError(error: unknown, file: string): unknown {
  // By shape, not by class: an error of node:fs can come from another realm than this code.
  if (typeof error !== 'object' || error === null || !('code' in error)) return error;
  switch (error.code) {
    case 'ENOENT':
      return new UsageError(`There is no file ${file}.`);
    case 'ENOTDIR':
      return new UsageError(`There is no file ${file}: a part of the path before the last is not a directory.`);
    case 'EACCES':
    case 'EPERM':
      return new UsageError(`${file} may not be read by this user.`);
    case 'ELOOP':
      return new UsageError(`${file} is a symbolic link that leads back to itself.`);
    case 'ENXIO':
      return new UsageError(`${file} is a socket or a device, not a file. Give the path of a plugin file.`);
    default:
      return new UsageError(`${file} cannot be read: ${'message' in error ? error.message : error.code}`);
  }
}
