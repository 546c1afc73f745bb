import semver from 'semver';
import type { DiffVerdict } from '../rules/effects.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { type Bump, raises } from './raise.ts';

/** What Semantic Versioning asks of a release for what changed in it, beside what the release claims. */
export interface VersionAdvice {
  /** The least that has to be raised; `none` when nothing changed. */
  readonly asks: Bump;
  /** False where parts of the comparison stayed undecided: it may ask for more. */
  readonly certain: boolean;
  /** Version of this release, from the configuration. */
  readonly claimed?: string;
  /** Version of the previous release. */
  readonly previous?: string;
  /** The lowest version that would do; known when the previous one is. */
  readonly least?: string;
  /** Whether the claimed version is that high; known when both versions are. */
  readonly enough?: boolean;
}

export interface VersionsGiven {
  readonly claimed?: string;
  readonly previous?: string;
}

/** What is offered in addition, and what takes the place of something reserved: a consumer may come to rely on it. */
const ADDITION = /^(?:sym|abi|go)\/(?:(?:[a-z-]+-)?(?:added|extended)|version-given|reserved-used)$/;

/**
 * What the changes between two releases ask for: major where a consumer can break, minor where something was added, patch
 * otherwise (semver.org, items 6 to 8). Below 1.0.0, where everything may change, the convention of npm and Cargo: the
 * leftmost number that is not zero stands for what breaks.
 * @param findings of the comparison
 * @param verdict of the comparison
 */
export function adviseVersion(
  findings: readonly Finding[],
  verdict: DiffVerdict,
  { claimed, previous }: VersionsGiven,
): VersionAdvice {
  const asks = askedFor(findings, verdict);
  const certain = asks === 'major' || !findings.some(({ effect }) => effect === 'undecided');
  const given = {
    ...(claimed === undefined ? {} : { claimed }),
    ...(previous === undefined ? {} : { previous }),
  };
  const before = previous === undefined ? null : semver.parse(previous);
  if (before === null) return { asks, certain, ...given };
  const { least, reachedBy } = raises(before, asks);
  const after = claimed === undefined ? null : semver.parse(claimed);
  return { asks, certain, ...given, least, ...(after === null ? {} : { enough: reachedBy(after) }) };
}

function askedFor(findings: readonly Finding[], verdict: DiffVerdict): Bump {
  if (verdict === 'identical') return 'none';
  if (findings.some(({ effect }) => effect === 'breaking' || effect === 'source-breaking')) return 'major';
  return findings.some(({ rule, effect }) => effect !== undefined && ADDITION.test(rule)) ? 'minor' : 'patch';
}

const KINDS: Readonly<Record<Bump, string>> = {
  major: 'what breaks consumers asks for a major version',
  minor: 'what was added asks for a minor version',
  patch: 'what changed asks for a new version',
  none: 'nothing changed',
};

/** What is wrong with the version that a release claims. */
export function versionFindings(advice: VersionAdvice, findings: readonly Finding[]): readonly Finding[] {
  const { asks, certain, claimed, previous, least, enough } = advice;
  if (claimed === undefined || previous === undefined || enough === undefined) return [];
  if (!enough) {
    const because = asks === 'major' ? `${KINDS.major} (${examples(findings)})` : KINDS[asks];
    const message = `The release claims version ${claimed} after ${previous}, but ${because}: ${least} or later.`;
    const fix = `Release it as ${least}${asks === 'major' ? ', or take back what breaks' : ''}.`;
    return [finding('version/too-low', message, { subject: claimed, old: previous, new: claimed, fix })];
  }
  if (certain || isMajorAfter(claimed, previous)) return [];
  const message = `Whether version ${claimed} is high enough after ${previous} is not known: what stayed undecided may ask for a major version.`;
  return [finding('version/unknown', message, { subject: claimed, old: previous, new: claimed })];
}

/** Even a break would have been announced. */
function isMajorAfter(claimed: string, previous: string): boolean {
  const [after, before] = [semver.parse(claimed), semver.parse(previous)];
  return after !== null && before !== null && raises(before, 'major').reachedBy(after);
}

function examples(findings: readonly Finding[]): string {
  const breaking = findings.filter(({ effect }) => effect === 'breaking' || effect === 'source-breaking');
  const [first] = breaking;
  if (first === undefined) return '';
  const name = first.subject === undefined ? first.rule : `${first.rule} on ${first.subject}`;
  return breaking.length === 1 ? name : `${name}, and ${breaking.length - 1} more`;
}
