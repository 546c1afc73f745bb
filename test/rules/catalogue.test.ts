import { describe, expect, it } from '@jest/globals';
import { catalogue, isRuleId, ruleOf } from '../../src/rules/catalogue.ts';
import { controls } from '../../src/rules/controls.ts';
import { familyOf, familyTitle } from '../../src/rules/families.ts';
import { STEPS } from '../../src/rules/finding.ts';

const ids = Object.keys(catalogue).filter(isRuleId);

/** The forms that ids of each framework have; a typing error in an id would be a claim that nobody can check. */
const CONTROL_FORMS: Readonly<Record<string, RegExp>> = {
  'NIST SSDF 1.1': /^(?:PO|PS|PW|RV)\.\d\.\d$/,
  'OSPS Baseline 2026.02.19': /^OSPS-(?:AC|BR|DO|GV|LE|QA|SA|VM)-\d\d\.\d\d$/,
  'SLSA v1.2': /^(?:Build L[123]|Source L[1234]|Verifying artifacts)$/,
  'CNCF SSCP v2': /^(?:Concepts|Source Code|Materials|Build Pipelines|Artifacts|Deployments and Distribution): /,
};

describe('the catalogue', () => {
  it.each(ids)('%s is complete', (id) => {
    const rule = ruleOf(id);
    expect(id).toMatch(/^[a-z]+\/[a-z0-9]+(?:-[a-z0-9]+)*$/);
    expect(rule.title).toMatch(/^\S.*[^.\s]$/);
    expect(rule.title.length).toBeLessThanOrEqual(80);
    expect(rule.why).toMatch(/^\S.{8,}[.]$/s);
    expect(rule.fix).toMatch(/^\S.{8,}[.]$/s);
    expect([...STEPS, 'config']).toContain(rule.step);
    expect(rule.controls.length).toBeGreaterThan(0);
  });

  it('names controls in the form of their framework', () => {
    const all = [...Object.values(controls), ...ids.flatMap((id) => ruleOf(id).controls)];
    const wrong = all.filter(({ framework, id }) => CONTROL_FORMS[framework]?.test(id) !== true);
    expect(wrong).toEqual([]);
  });

  it('gives no control twice to a rule, and no control two titles', () => {
    const titles = new Map<string, string>();
    for (const id of ids) {
      const names = ruleOf(id).controls.map(({ framework, id: control }) => `${framework} ${control}`);
      expect(new Set(names).size).toBe(names.length);
      for (const { framework, id: control, title } of ruleOf(id).controls) {
        const known = titles.get(`${framework} ${control}`) ?? title;
        expect(title).toBe(known);
        titles.set(`${framework} ${control}`, title);
      }
    }
  });

  it('has a heading for each family', () => {
    const bare = [...new Set(ids.map(familyOf))].filter((family) => familyTitle(family) === family);
    expect(bare).toEqual([]);
  });
});
