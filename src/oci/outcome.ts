import type { RuleId } from '../rules/catalogue.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';

/** The rules of this folder. */
export type OciRule = Extract<RuleId, `oci/${string}`>;

/**
 * Why something cannot be had from a registry, thrown inside this folder only: the borders turn it into a finding.
 */
export class Refusal extends Error {
  override readonly name = 'OciRefusal';
  readonly finding: Finding;

  constructor(rule: OciRule, message: string, details?: string) {
    super(message);
    this.finding = finding(rule, message, details === undefined ? {} : { details });
  }
}

export type OciOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly finding: Finding };

/** The result, or the finding that says why there is none. What is no refusal is malformed input that nobody expected. */
export async function settled<T>(work: () => Promise<T>): Promise<OciOutcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, finding: error.finding };
    if (error instanceof Error && (error.name === 'UsageError' || error.name === 'EnvironmentError')) throw error;
    const why = error instanceof Error ? error.message.slice(0, 300) : String(error);
    const refusal = new Refusal('oci/malformed', `What the registry served cannot be read: ${why}.`);
    return { ok: false, finding: refusal.finding };
  }
}
