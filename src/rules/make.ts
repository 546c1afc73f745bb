import { type RuleId, ruleOf } from './catalogue.ts';
import type { Finding } from './finding.ts';

/**
 * A finding of a rule, with the rule's default severity unless given.
 * @param rule id from the catalogue
 * @param message one sentence for a person, raw text (reports escape it)
 */
export function finding(
  rule: RuleId,
  message: string,
  more: Omit<Finding, 'rule' | 'message' | 'severity'> & Partial<Pick<Finding, 'severity'>> = {},
): Finding {
  return { rule, severity: ruleOf(rule).severity, message, ...more };
}
