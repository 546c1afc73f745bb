import { z } from 'zod';
import { catalogue, isRuleId } from '../rules/catalogue.ts';
import { hasWildcard } from '../rules/pattern.ts';
import { hasFixedLevel } from '../rules/policy.ts';
import { isAboutGate, mustBeNamed, type Waiver } from '../rules/waivers.ts';
import { type Fault, valueAt } from './issues.ts';
import { type Loaded, loadYaml } from './load.ts';
import { name, target, text } from './scalars.ts';

/** The waivers file: findings that were accepted, reviewed like code. */

const RULE_IDS = Object.keys(catalogue).filter(isRuleId);

const EXPECTS_DAY = 'expected a day such as 2027-01-31';

export const waiverSchema = z
  .strictObject({
    rule: z
      .enum(RULE_IDS, { error: 'expected the id of a rule, such as sym/removed' })
      .meta({ description: 'Rule whose finding is accepted; docs/rules.md lists the rules.' }),
    subject: text(
      'What the finding is about: its subject, symbol or type. `*` stands for any characters, `\\*` for an asterisk. A removed symbol is accepted by exact name only.',
      'expected the name that the finding is about, in quotes',
    ),
    plugin: name('Only for the plugin of this name; without it, for all.').optional(),
    target: target('Only for this target; without it, for all.').optional(),
    reason: text('Why it is accepted; shown in every report.', 'expected the reason why it is accepted').regex(/\S/, {
      error: 'expected the reason why it is accepted, in words',
    }),
    owner: text('Who answers for it: a person or a team.', 'expected who answers for it, such as "@team-api"').regex(
      /\S/,
      { error: 'expected who answers for it, such as "@team-api"' },
    ),
    expires: z.iso
      .date({ error: EXPECTS_DAY })
      .meta({ description: 'Last day on which it holds (UTC). 14 days before it, the report warns.' }),
  })
  .meta({ description: 'One accepted finding.' });

export const waiversSchema = z
  .strictObject({
    $schema: z.string().max(2048).meta({ description: 'For editors: where the JSON Schema is.' }).optional(),
    version: z
      .literal(1, { error: 'expected 1, the version of this format' })
      .meta({ description: 'Version of this format.' }),
    waivers: z
      .array(waiverSchema, { error: 'expected a list of waivers' })
      .max(5000, { error: 'expected at most 5000 waivers' })
      .meta({ description: 'The accepted findings.' }),
  })
  .meta({ title: 'plugin-gate waivers', description: 'Findings of plugin-gate that were accepted until a day.' });

/**
 * Reads a waivers file.
 * @param file name that problems and locations carry
 * @returns the waivers in the order of the file, or every problem
 */
export function loadWaivers(file: string, text: string): Loaded<{ readonly waivers: readonly Waiver[] }> {
  const loaded = loadYaml(file, text, waiversSchema, crossChecks);
  if ('problems' in loaded) return loaded;
  const { value, source } = loaded;
  return {
    waivers: value.waivers.map((waiver, index) => ({
      ...waiver,
      location: { file, ...source.placeOf(['waivers', index], 'value') },
    })),
  };
}

function crossChecks(data: unknown): Fault[] {
  const list = valueAt(data, ['waivers']);
  if (!Array.isArray(list)) return [];
  const seen = new Map<string, number>();
  return list.slice(0, 5000).flatMap((_, index): Fault[] => {
    const at = ['waivers', index];
    const [rule, subject, plugin, target] = ['rule', 'subject', 'plugin', 'target'].map((field) =>
      valueAt(data, [...at, field]),
    );
    const faults: Fault[] = [];
    const say = (field: string, message: string) => faults.push({ path: [...at, field], at: 'value', message });
    if (typeof rule === 'string' && isAboutGate(rule)) {
      const instead = hasFixedLevel(rule) ? 'mend what it says' : 'its level can be set in the policy';
      say('rule', `is about the gate itself and cannot be waived; ${instead}`);
    }
    if (typeof rule === 'string' && typeof subject === 'string' && mustBeNamed(rule) && hasWildcard(subject)) {
      say('subject', `has a *, but findings of ${rule} are accepted by exact name only; write \\* for an asterisk`);
    }
    const identity = JSON.stringify([rule, subject, plugin ?? null, target ?? null]);
    const first = seen.get(identity);
    if (first === undefined) seen.set(identity, index);
    else say('subject', `is the same as in waivers[${first}]; keep one`);
    return faults;
  });
}
