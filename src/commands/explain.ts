import { suggest } from '../config/suggest.ts';
import { UsageError } from '../errors.ts';
import { catalogue, isRuleId, type RuleId, ruleOf } from '../rules/catalogue.ts';
import type { Rule } from '../rules/rule.ts';
import { wrapIndented } from '../text/columns.ts';
import { proseMarkdown } from '../text/markdown.ts';
import { styleFor } from '../text/style.ts';
import { escapeTerminal } from '../text/terminal.ts';
import type { ExitCode, Terminal } from './command.ts';

export interface ExplainOptions {
  /** Id of a rule, as the user typed it. */
  readonly rule: string;
  readonly format: 'text' | 'json' | 'markdown';
}

/**
 * `plugin-gate explain RULE`: what a rule means, why it matters and what to do.
 * @throws UsageError for an unknown rule, with the one that was probably meant
 */
export function explainCommand({ rule, format }: ExplainOptions, terminal: Terminal): ExitCode {
  if (!isRuleId(rule)) throw new UsageError(unknownRule(rule));
  switch (format) {
    case 'text':
      terminal.out(asText(rule, ruleOf(rule), terminal));
      break;
    case 'json':
      terminal.out(`${JSON.stringify({ schema: 'plugin-gate/rule/v1', id: rule, ...ruleOf(rule) }, null, 2)}\n`);
      break;
    case 'markdown':
      terminal.out(asMarkdown(rule, ruleOf(rule)));
      break;
  }
  return 0;
}

/** What to say of a rule that does not exist; its family's rules where nothing is near. */
export function unknownRule(rule: string): string {
  const shown = JSON.stringify(rule.length > 100 ? `${rule.slice(0, 100)}…` : rule);
  const ids = Object.keys(catalogue);
  const near = suggest(rule, ids);
  if (near !== undefined) return `There is no rule ${shown}. Did you mean ${near}?`;
  const family = ids.filter((id) => id.startsWith(`${rule.split('/', 1)[0]}/`) || id.endsWith(`/${rule}`));
  if (family.length > 0) return `There is no rule ${shown}. There are:\n${family.map((id) => `  ${id}`).join('\n')}`;
  const families = [...new Set(ids.map((id) => id.split('/', 1)[0]))].join(', ');
  return `There is no rule ${shown}. A rule is a family and a name, such as ${ids[0] ?? ''}; the families are ${families}.`;
}

function effectOf({ severity }: Rule): string {
  switch (severity) {
    case 'error':
      return 'error: blocks the release';
    case 'undecided':
      return 'undecided: blocks the release unless policy.undecided says otherwise';
    case 'warning':
    case 'note':
      return `${severity}: does not block the release`;
  }
}

function asText(id: RuleId, rule: Rule, terminal: Terminal): string {
  const style = styleFor(terminal.colour);
  const width = Math.max(40, Math.min(terminal.width, 100));
  const paragraph = (text: string) => wrapIndented(escapeTerminal(text), width, '  ');
  return [
    `${style.bold(id)}  ${rule.title}`,
    style.dim(`${effectOf(rule)}; step ${rule.step}`),
    '',
    style.bold('Why it matters'),
    paragraph(rule.why),
    '',
    style.bold('How to fix it'),
    paragraph(rule.fix),
    '',
    style.bold('Evidence for'),
    ...rule.controls.map(({ framework, id: control, title }) =>
      wrapIndented(`${framework} ${control}: ${title}`, width, '    ', '  '),
    ),
    '',
  ].join('\n');
}

function asMarkdown(id: RuleId, rule: Rule): string {
  return [
    `### ${id}`,
    '',
    `**${proseMarkdown(rule.title)}** (${effectOf(rule)}; step ${rule.step})`,
    '',
    proseMarkdown(rule.why),
    '',
    `To fix it: ${proseMarkdown(rule.fix)}`,
    '',
    'Evidence for:',
    ...rule.controls.map(({ framework, id: control, title }) => `- ${framework} ${control}: ${proseMarkdown(title)}`),
    '',
  ].join('\n');
}
