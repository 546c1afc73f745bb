import { catalogue, isRuleId, type RuleId, ruleOf } from '../rules/catalogue.ts';
import type { Severity } from '../rules/finding.ts';
import type { Rule } from '../rules/rule.ts';

const MAX_TAGS = 20;

/** The order of the rules in a run; `ruleIndex` of a result points into it. */
export const SARIF_RULE_IDS: readonly RuleId[] = Object.keys(catalogue).filter(isRuleId);

const INDEXES: ReadonlyMap<string, number> = new Map(SARIF_RULE_IDS.map((id, index) => [id, index]));

/** Index of a rule in {@link sarifRules}. */
export function ruleIndexes(): ReadonlyMap<string, number> {
  return INDEXES;
}

/** The whole catalogue as SARIF reportingDescriptors (section 3.49). */
export function sarifRules(): object[] {
  return SARIF_RULE_IDS.map((id) => descriptorOf(id, ruleOf(id)));
}

function descriptorOf(id: RuleId, rule: Rule): object {
  const family = id.split('/')[0] ?? id;
  const score = securityScore(family, rule.severity);
  const controls = rule.controls.map((control) => `${control.framework} ${control.id}`);
  const tags = [...(score === undefined ? [] : ['security']), 'plugin-gate', family, rule.step, ...controls];
  return {
    id,
    name: identifierOf(id),
    shortDescription: { text: rule.title },
    fullDescription: { text: rule.why },
    help: { text: helpText(rule), markdown: helpMarkdown(rule) },
    defaultConfiguration: { level: rule.severity === 'undecided' ? 'error' : rule.severity },
    properties: {
      tags: [...new Set(tags)].slice(0, MAX_TAGS),
      'problem.severity': problemSeverity(rule.severity),
      ...(score === undefined ? {} : { 'security-severity': score }),
    },
  };
}

/** `sym/version-removed` as `SymVersionRemoved`: the form that SARIF asks for in names of rules (section 3.49.7). */
function identifierOf(id: string): string {
  return id
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

/**
 * A score makes GitHub list the finding as a vulnerability. That is true of hardening and signatures; a broken
 * interface is a fault, not a vulnerability.
 */
function securityScore(family: string, severity: Severity): string | undefined {
  if (family !== 'hard' && family !== 'sig') return undefined;
  switch (severity) {
    case 'error':
      return family === 'sig' ? '8.0' : '7.0';
    case 'undecided':
    case 'warning':
      return '5.0';
    case 'note':
      return '2.0';
  }
}

function problemSeverity(severity: Severity): 'error' | 'warning' | 'recommendation' {
  switch (severity) {
    case 'error':
    case 'undecided':
      return 'error';
    case 'warning':
      return 'warning';
    case 'note':
      return 'recommendation';
  }
}

function helpText(rule: Rule): string {
  return `${rule.why}\n\nHow to fix: ${rule.fix}`;
}

function helpMarkdown(rule: Rule): string {
  const parts = [rule.why, `**How to fix:** ${rule.fix}`];
  if (rule.controls.length > 0) {
    const lines = rule.controls.map(({ framework, id, title }) => `- ${framework} ${id}: ${title}`);
    parts.push(`**Gives evidence for:**\n${lines.join('\n')}`);
  }
  return parts.join('\n\n');
}
