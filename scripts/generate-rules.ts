import { catalogue, isRuleId, ruleOf } from '../src/rules/catalogue.ts';
import { byFamily, familyOf, familyTitle } from '../src/rules/families.ts';
import type { Rule } from '../src/rules/rule.ts';

const SEVERITIES: Readonly<Record<Rule['severity'], string>> = {
  error: 'error: blocks the release',
  undecided: 'undecided: blocks the release unless `policy.undecided` says otherwise',
  warning: 'warning: does not block',
  note: 'note: does not block',
};

/** docs/rules.md, from the catalogue. */
export function rulesPage(): string {
  const ids = Object.keys(catalogue).filter(isRuleId);
  const families = [...new Set(ids.map(familyOf))].sort(byFamily);
  const lines = [
    '# Rules',
    '',
    '<!-- Made from src/rules/catalogue/ by scripts/generate.ts. Change the catalogue, not this page. -->',
    '',
    'Everything that plugin-gate can find. `plugin-gate explain RULE` shows one of them on the terminal;',
    '`policy.rules` in the [configuration](configuration.md) changes the level of a rule; a single finding is accepted',
    'with `plugin-gate accept`.',
    '',
    'The controls that are named are those for which a finding, or its absence, is evidence. That a rule is silent never',
    'means that a control is met.',
    '',
    ...families.map((family) => `- [${familyTitle(family)}](#${anchorOf(familyTitle(family))})`),
  ];
  for (const family of families) {
    const members = ids.filter((id) => familyOf(id) === family).sort();
    lines.push('', `## ${familyTitle(family)}`, '', '| Rule | What | Severity |', '|---|---|---|');
    for (const id of members) {
      const { title, severity } = ruleOf(id);
      lines.push(`| [${id}](#${anchorOf(id)}) | ${cell(title)} | ${severity} |`);
    }
    for (const id of members) lines.push('', ...ruleSection(id, ruleOf(id)));
  }
  return `${lines.join('\n')}\n`;
}

function ruleSection(id: string, rule: Rule): string[] {
  return [
    `### ${id}`,
    '',
    `**${prose(rule.title)}** (${SEVERITIES[rule.severity]}; step: ${rule.step})`,
    '',
    prose(rule.why),
    '',
    `To fix it: ${prose(rule.fix)}`,
    '',
    `Evidence for: ${rule.controls.map(({ framework, id: control, title }) => `${framework} ${control} (${prose(title)})`).join('; ')}`,
  ];
}

/** The anchor that GitHub gives to a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 _-]/g, '')
    .replaceAll(' ', '-');
}

/** The catalogue is ours and may use code spans; outside of them, what Markdown or HTML would swallow is escaped. */
function prose(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll('<', '&lt;').replaceAll(/[*_[\]]/g, '\\$&')))
    .join('');
}

function cell(text: string): string {
  return prose(text).replaceAll('|', '\\|');
}
