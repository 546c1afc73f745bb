import { readFileSync } from 'node:fs';
import { ElfBytes } from '../../src/elf/cursor.ts';
import { readElf } from '../../src/elf/read.ts';
import type { LoadableFile } from '../../src/fit/model.ts';
import { readGo } from '../../src/golang/read.ts';

/** A file with everything that fit asks of it. */
export function loadFile(file: string): LoadableFile {
  const bytes = readFileSync(file);
  const { image, problems } = readElf(bytes);
  if (image === undefined) throw new Error(`${file}: ${problems[0]?.message}`);
  const go = readGo(bytes, image);
  const { endian, class: width } = image.header;
  return {
    file,
    image,
    bytes: new ElfBytes(bytes, endian === 'little', width === 64),
    ...(go === undefined ? {} : { go }),
  };
}

/** Severity, rule and subject of findings, sorted. */
export function told(
  findings: readonly { readonly severity: string; readonly rule: string; readonly subject?: string }[],
): readonly string[] {
  return findings.map(({ severity, rule, subject }) => `${severity} ${rule} ${subject}`).sort();
}
