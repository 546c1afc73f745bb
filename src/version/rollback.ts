import { compare, lt, major } from 'semver';
import { UsageError } from '../errors.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { member, parseStrictJson } from '../signature/json.ts';

/** One release of a plugin for a target. */
export interface Release {
  readonly plugin: string;
  readonly target: string;
  /** Semantic version without `v`. */
  readonly version: string;
  /** `sha256:<hex>` */
  readonly digest: string;
}

export interface AgainstRollback {
  /** Lowest version that may be released. */
  readonly floor?: string | undefined;
  /** What was released so far; see {@link parseLedger}. */
  readonly ledger?: readonly Release[] | undefined;
}

/** Bytes of a ledger; about 50,000 releases. */
export const LEDGER_BYTES = 8 * 1024 * 1024;
const VERSION = /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;

/**
 * The releases of a ledger: JSON Lines with `plugin`, `target`, `version` and `digest`; other members are passed over.
 * @param name for messages
 * @throws UsageError for a line that is none: a ledger that is half read would let old releases through
 */
export function parseLedger(bytes: Uint8Array, name: string): readonly Release[] {
  const lines = Buffer.from(bytes).toString('utf8').split('\n');
  return lines.flatMap((line, index): Release[] => {
    if (line.trim() === '') return [];
    const parsed = parseStrictJson(Buffer.from(line), { bytes: 64 * 1024, depth: 8, values: 1000 });
    const refuse = (why: string): never => {
      throw new UsageError(`Line ${index + 1} of the ledger ${name} is no release: ${why}.`);
    };
    if (!parsed.ok) return refuse(parsed.problem);
    const text = (key: string): string => {
      const value = member(parsed.value, key);
      return typeof value === 'string' ? value : refuse(`${key} is missing`);
    };
    const release = {
      plugin: text('plugin'),
      target: text('target'),
      version: text('version'),
      digest: text('digest'),
    };
    if (!VERSION.test(release.version)) refuse(`"${release.version.slice(0, 80)}" is not a semantic version`);
    if (!/^sha256:[0-9a-f]{64}$/.test(release.digest)) refuse('its digest is not sha256: and 64 lower-case hex digits');
    return [release];
  });
}

/**
 * What speaks against releasing this now: a version below the floor, a version that was released with other content,
 * content that was released under another version, or a version that is older than one of its major line. A signature
 * says nothing about any of that: it stays valid for the oldest release.
 */
export function rollbackFindings(release: Release, { floor, ledger = [] }: AgainstRollback): readonly Finding[] {
  const findings: Finding[] = [];
  const { plugin, target, version, digest } = release;
  if (floor !== undefined && lt(version, floor)) {
    const message = `${plugin} ${version} is below ${floor}, the lowest version that may be released.`;
    findings.push(finding('release/below-floor', message, { subject: plugin }));
  }
  const own = ledger.filter((each) => each.plugin === plugin && each.target === target);
  const reused = own.find((each) => each.version === version && each.digest !== digest);
  if (reused !== undefined) {
    const message = `${plugin} ${version} for ${target} was released with the digest ${reused.digest}; this file has ${digest}.`;
    findings.push(finding('release/version-reused', message, { subject: plugin }));
  }
  const renamed = own.find((each) => each.digest === digest && each.version !== version);
  if (renamed !== undefined) {
    const message = `This file of ${plugin} for ${target} was released as ${renamed.version} before; now it is to be ${version}.`;
    findings.push(finding('release/known-content', message, { subject: plugin }));
  }
  const isOld = own.some((each) => each.version === version);
  // A new release of an older line is no rollback; what was released once and is not the newest of all is.
  const rivals = isOld ? own : own.filter((each) => major(each.version) === major(version));
  const newest = rivals
    .map((each) => each.version)
    .sort(compare)
    .at(-1);
  if (newest !== undefined && lt(version, newest)) {
    const message = `${plugin} ${version} for ${target} is older than ${newest}, which was released before.`;
    findings.push(finding('release/rollback', message, { subject: plugin }));
  }
  return findings;
}
