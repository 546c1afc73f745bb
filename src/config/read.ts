import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { EnvironmentError, UsageError } from '../errors.ts';
import { policyDigest } from '../rules/policy.ts';
import type { Waiver } from '../rules/waivers.ts';
import { errorCode } from './error-code.ts';
import { loadConfig } from './load.ts';
import { ConfigError } from './problem.ts';
import { CONFIG_FILE, DEFAULT_WAIVERS_FILE, type GateConfig } from './schema.ts';
import { loadWaivers } from './waivers.ts';

/** A configuration and the waivers that belong to it, as they are on the disk. */
export interface ConfigFiles {
  readonly config: GateConfig;
  /** As the user named it. */
  readonly file: string;
  /** Absolute path of the directory that paths of the configuration start from. */
  readonly root: string;
  /** `sha256:<hex>` of the configuration's bytes. */
  readonly digest: string;
  readonly waivers: readonly Waiver[];
  /** `sha256:<hex>` of what decides the verdict: policy and waivers. */
  readonly policyDigest: string;
}

/** Bytes; far above what the loader takes, so that the loader can say what is too much. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads plugin-gate.yml and its waivers file.
 * @param file relative to `directory`, or absolute
 * @param directory absolute path that the user's paths start from
 * @throws ConfigError with all problems of both files; UsageError when a file that was named is not there
 */
export function readConfigFiles(file: string, directory: string): ConfigFiles {
  const path = resolve(directory, file);
  const bytes = readSmallFile(path, file);
  if (bytes === undefined) {
    const hint = file === CONFIG_FILE ? 'write one with `plugin-gate init`' : 'name another one with --config';
    throw new UsageError(`${file}: there is no such file; ${hint}.`);
  }
  const root = dirname(path);
  const loaded = loadConfig(file, decodeUtf8(bytes, file));
  if ('problems' in loaded) throw new ConfigError(loaded.problems);
  const { config } = loaded;
  const waivers = readWaivers(config.policy.waivers, file, root);
  return {
    config,
    file,
    root,
    digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
    waivers,
    policyDigest: policyDigest(config.policy, waivers),
  };
}

/** The default file may be missing, one that the policy names may not. Paths in problems are as the user sees them. */
function readWaivers(named: string | undefined, configFile: string, root: string): readonly Waiver[] {
  const relative = named ?? DEFAULT_WAIVERS_FILE;
  const shown = join(dirname(configFile), relative);
  const bytes = readSmallFile(join(root, relative), shown);
  if (bytes === undefined) {
    if (named === undefined) return [];
    throw new UsageError(`${shown}: there is no such file, but policy.waivers of ${configFile} names it.`);
  }
  const loaded = loadWaivers(shown, decodeUtf8(bytes, shown));
  if ('problems' in loaded) throw new ConfigError(loaded.problems);
  return loaded.waivers;
}

/**
 * Bytes of a regular file; undefined when there is none. Does not wait on a pipe and does not read a device.
 * @param shown how the user knows the file
 */
export function readSmallFile(path: string, shown: string, limit = MAX_BYTES): Buffer | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code === 'EACCES' || code === 'EPERM') throw new UsageError(`${shown}: no permission to read it.`);
    throw new EnvironmentError(`${shown}: cannot be opened (${code}).`);
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new UsageError(`${shown}: not a regular file.`);
    if (stat.size > limit) throw new UsageError(`${shown}: larger than ${limit} bytes.`);
    const bytes = Buffer.alloc(stat.size);
    let length = 0;
    while (length < bytes.length) {
      const count = readSync(descriptor, bytes, length, bytes.length - length, length);
      if (count === 0) break;
      length += count;
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

/** @throws UsageError for bytes that are no UTF-8 */
export function decodeUtf8(bytes: Buffer, shown: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`${shown}: not text in UTF-8.`);
  }
}
