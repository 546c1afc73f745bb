import type { RuleId } from './catalogue.ts';
import type { Location, PlacedFinding } from './finding.ts';
import { hasWildcard, matchesPattern } from './pattern.ts';

/** A finding that somebody accepted, for a reason and until a day. */
export interface Waiver {
  readonly rule: RuleId;
  /** Name, or pattern with `*`, of the finding's subject, symbol or type. */
  readonly subject: string;
  /** Only for this plugin; absent for all. */
  readonly plugin?: string;
  /** Only for this target, such as `linux/amd64`; absent for all. */
  readonly target?: string;
  readonly reason: string;
  /** Who answers for it: a person or a team. */
  readonly owner: string;
  /** The last day on which it holds, `YYYY-MM-DD`, UTC. */
  readonly expires: string;
  /** Where it is written. */
  readonly location?: Location;
}

/** Days before the end from which a waiver is announced to expire. */
export const NOTICE_DAYS = 14;

/**
 * Rules whose findings are accepted one by one, by exact name: a pattern for lost symbols would also cover an entry
 * point that somebody removes by mistake next year.
 */
const BY_NAME_ONLY: ReadonlySet<string> = new Set([
  'sym/removed',
  'sym/required-missing',
  'sym/version-removed',
  'sym/default-removed',
  'go/symbol-removed',
]);

/** Whether findings of a rule can be accepted by exact name only. */
export function mustBeNamed(rule: string): boolean {
  return BY_NAME_ONLY.has(rule);
}

/**
 * Rules about the gate, its configuration and its waivers. They say nothing about a plugin, so there is nothing to
 * accept.
 */
export function isAboutGate(rule: string): boolean {
  return /^(?:policy|config|gate)\//.test(rule);
}

/** Whether a waiver covers a finding, its date left aside. */
export function covers(waiver: Waiver, finding: PlacedFinding): boolean {
  if (waiver.rule !== finding.rule || isAboutGate(waiver.rule)) return false;
  if (waiver.plugin !== undefined && waiver.plugin !== finding.plugin) return false;
  if (waiver.target !== undefined && waiver.target !== finding.target) return false;
  if (mustBeNamed(waiver.rule) && hasWildcard(waiver.subject)) return false;
  return namesOf(finding).some((name) => matchesPattern(waiver.subject, name));
}

/** The names that a waiver's subject is compared with; the empty one for a finding about nothing in particular. */
export function namesOf({ subject, symbol, type }: PlacedFinding): string[] {
  const names = [subject, symbol, type].filter((name) => name !== undefined);
  return names.length > 0 ? names : [''];
}

/** Days from one day to another, both `YYYY-MM-DD`; negative when the second is earlier. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}

/** Whether a text is a day of the calendar in the form `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

export type Standing = 'valid' | 'expiring' | 'expired';

/** How a waiver stands on a day. It holds through its last day. A date that cannot be read counts as past. */
export function standingOn(waiver: Waiver, today: string): Standing {
  const left = daysBetween(today, waiver.expires);
  if (!(left >= 0)) return 'expired';
  return left <= NOTICE_DAYS ? 'expiring' : 'valid';
}
