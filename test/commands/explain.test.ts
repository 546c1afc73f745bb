import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { explainCommand } from '../../src/commands/explain.ts';
import { isUsageError } from '../../src/errors.ts';
import { catalogue, isRuleId, ruleOf } from '../../src/rules/catalogue.ts';
import { recordingTerminal } from '../support/terminal.ts';

const validates = new Ajv2020({ strict: true }).compile(
  JSON.parse(readFileSync(new URL('../../schema/rule.v1.json', import.meta.url), 'utf8')),
);

function explain(rule: string, format: 'text' | 'json' | 'markdown', width = 100, colour = false): string {
  const terminal = recordingTerminal({ width, colour });
  expect(explainCommand({ rule, format }, terminal)).toBe(0);
  return terminal.written.out;
}

function failure(rule: string): string {
  try {
    explainCommand({ rule, format: 'text' }, recordingTerminal());
  } catch (error) {
    if (isUsageError(error)) return error.message;
    throw error;
  }
  return 'no error';
}

describe('explain', () => {
  it('says what a rule is, why and what to do', () => {
    expect(explain('policy/waiver-unused', 'text')).toBe(`policy/waiver-unused  A waiver matches nothing
warning: does not block the release; step config

Why it matters
  The finding it was written for is gone, or it never matched: a name was mistyped, or something was
  renamed. Left in place it can one day cover a finding that nobody has seen.

How to fix it
  Remove the waiver, or correct its rule, subject or plugin.

Evidence for
  NIST SSDF 1.1 PW.1.2: Track and maintain the software's security requirements, risks and design
    decisions
  NIST SSDF 1.1 PO.4.1: Define criteria for software security checks and track them throughout the
    life cycle
`);
  });

  it('stays inside a narrow terminal', () => {
    const lines = explain('policy/waiver-unused', 'text', 50).split('\n').slice(2);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(50);
  });

  it('uses colour only where it may', () => {
    expect(explain('policy/waiver-unused', 'text', 100, true)).toContain('\u001b[1m');
    expect(explain('policy/waiver-unused', 'text')).not.toContain('\u001b');
  });

  it('gives JSON with all that the catalogue has', () => {
    const rule = 'policy/waiver-expired';
    expect(JSON.parse(explain(rule, 'json'))).toEqual({ schema: 'plugin-gate/rule/v1', id: rule, ...ruleOf(rule) });
  });

  it.each(Object.keys(catalogue).filter(isRuleId))('%s in every form', (rule) => {
    expect({ valid: validates(JSON.parse(explain(rule, 'json'))), errors: validates.errors }).toEqual({
      valid: true,
      errors: null,
    });
    expect(explain(rule, 'text')).toContain(rule);
    expect(explain(rule, 'markdown')).toMatch(new RegExp(`^### ${rule}\n\n\\*\\*`));
  });
});

describe('an unknown rule', () => {
  it.each([
    ['sym/remved', 'There is no rule "sym/remved". Did you mean sym/removed?'],
    ['SYM/REMOVED', 'There is no rule "SYM/REMOVED". Did you mean sym/removed?'],
  ])('%s', (rule, message) => {
    expect(failure(rule)).toBe(message);
  });

  it('lists its family where no name is near', () => {
    expect(failure('policy/x')).toBe(
      'There is no rule "policy/x". There are:\n  policy/waiver-expiring\n  policy/waiver-expired\n  policy/waiver-unused\n  policy/relaxed\n  policy/own',
    );
  });

  it.each(['', 'nonsense', '../../etc/passwd', '__proto__', 'constructor', '\u001b[31m', 'x'.repeat(100_000)])(
    'nothing odd comes of %j',
    (rule) => {
      expect(failure(rule)).toMatch(/^There is no rule "/);
      expect(failure(rule).length).toBeLessThan(2000);
      expect(failure(rule)).not.toContain('\u001b');
    },
  );
});
