import type { Finding } from '../rules/finding.ts';

/** A finding with its keys in the order in which a person wants to read them; absent ones are left out. */
export function findingJson(finding: Finding): Readonly<Record<string, unknown>> {
  const { rule, severity, effect, subject, symbol, type, message } = finding;
  const { old, new: now, location, path, affected, fix, details } = finding;
  const all = {
    rule,
    severity,
    effect,
    subject,
    symbol,
    type,
    message,
    old,
    new: now,
    location,
    path,
    affected,
    fix,
    details,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && !isEmptyList(value)));
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
