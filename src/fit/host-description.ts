import type { GoBuildInfo } from '../golang/build-info.ts';
import { readBuildInfoDump } from './build-info-dump.ts';
import { type GoMod, isGoMod, parseGoMod } from './go-mod.ts';

/** A Go host that is not at hand, by what is known of it. */
export type HostDescription =
  | { readonly kind: 'go.mod'; readonly file: string; readonly goMod: GoMod; readonly sums: boolean }
  | { readonly kind: 'build-info'; readonly file: string; readonly build: GoBuildInfo };

/** Bytes; a go.mod or a dump of thousands of modules has less than one megabyte. */
export const LARGEST_DESCRIPTION = 32 * 1024 * 1024;

/**
 * What a file that is no program says of a Go host, by its content. Undefined when it is none of the known kinds.
 * @param goSum text of the go.sum beside it; asked for only where it is a go.mod
 * @throws UsageError as readBuildInfoDump()
 */
export function describeHost(
  file: string,
  bytes: Uint8Array,
  goSum: () => string | undefined,
): HostDescription | undefined {
  if (bytes.length > LARGEST_DESCRIPTION || bytes.includes(0)) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
  const build = readBuildInfoDump(text);
  if (build !== undefined) return { kind: 'build-info', file, build };
  if (!isGoMod(text)) return undefined;
  const sums = goSum();
  return { kind: 'go.mod', file, goMod: parseGoMod(text, sums), sums: sums !== undefined };
}
