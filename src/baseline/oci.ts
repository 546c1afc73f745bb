import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ARTIFACT_LIMITS } from '../artifact/read.ts';
import { expandTokens, type Tokens } from '../build/tokens.ts';
import type { BaselineConfig } from '../config/schema.ts';
import { parseReference } from '../oci/reference.ts';
import { finding } from '../rules/make.ts';
import type { FetchOutcome } from './fetched.ts';

export interface OciBaselineRequest {
  readonly config: BaselineConfig & { readonly oci: string };
  readonly tokens: Tokens;
  /** In Go's terms: `linux/amd64`. */
  readonly target: string;
  /** Absolute path of the directory that the file is put in. */
  readonly directory: string;
  /** Where docker's configuration is found. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Fetches the previous release from a registry, with the signatures that the registry has for its image.
 * @throws UsageError for a reference that is none, or that leaves the file open
 */
export async function fetchFromRegistry(request: OciBaselineRequest): Promise<FetchOutcome> {
  const { config, tokens, target, environment, directory } = request;
  const { version: _, ...others } = tokens;
  const { version, signature } = config;
  const previous = version === undefined ? others : { ...others, version };
  const text = expandTokens(config.oci, previous, `baseline of plugin ${tokens.name}`);
  const { deliver } = await import('../parts/oci.ts');
  const inRegistry = signature !== undefined && signature.bundle === undefined && signature.signature === undefined;
  const outcome = await deliver({
    reference: parseReference(text),
    target,
    environment,
    file: 'needed',
    signatures: inRegistry,
  });
  const subject = tokens.name;
  if (!outcome.ok) {
    const { rule, severity, message } = outcome.finding;
    const told = `The previous release of ${subject} (${text}) cannot be taken. ${message}`;
    // What lies there and cannot be believed is worse than what cannot be reached.
    const own = rule === 'oci/unavailable' ? 'baseline/unreachable' : 'baseline/unusable';
    return { findings: [finding(own, told, { subject, ...(severity === 'error' ? { severity } : {}) })] };
  }
  const { chain, file, signatures } = outcome.value;
  if (file === undefined || file.bytes.length > ARTIFACT_LIMITS.maxSize) {
    return {
      findings: [
        finding('baseline/unusable', `The previous release ${text} is no file that can be read.`, { subject }),
      ],
    };
  }
  if (`sha256:${createHash('sha256').update(file.bytes).digest('hex')}` !== file.digest) {
    throw new Error('the digest of a file from a registry was not computed from its bytes');
  }
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'release'), file.bytes);
  return {
    fetched: {
      root: directory,
      file: 'release',
      source: `${text} (${chain.manifest.slice(0, 'sha256:'.length + 12)})`,
      ...(version === undefined ? {} : { version }),
      ...(inRegistry ? { signatures: { about: chain.resolved, found: signatures } } : {}),
    },
  };
}
