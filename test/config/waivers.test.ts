import { describe, expect, it } from '@jest/globals';
import { renderProblem } from '../../src/config/problem.ts';
import { loadWaivers } from '../../src/config/waivers.ts';

const FILE = 'waivers.yml';
const problemsOf = (text: string) => {
  const loaded = loadWaivers(FILE, text);
  return 'problems' in loaded ? loaded.problems.map(renderProblem) : [];
};

describe('a waivers file', () => {
  it('gives waivers with their places', () => {
    const text = `# accepted
version: 1
waivers:
  - rule: sym/removed
    subject: greet_old
    plugin: greet
    reason: never documented
    owner: "@team"
    expires: 2027-06-30
`;
    expect(loadWaivers(FILE, text)).toEqual({
      waivers: [
        {
          rule: 'sym/removed',
          subject: 'greet_old',
          plugin: 'greet',
          reason: 'never documented',
          owner: '@team',
          expires: '2027-06-30',
          location: { file: FILE, line: 4, column: 5 },
        },
      ],
    });
  });

  it('tells all that is wrong, each at its place', () => {
    const text = `version: 1
waivers:
  - rule: sym/remved
    subject: a
    reson: typed wrong
    owner: 7
    expires: next year
  - rule: sym/removed
    subject: greet_*
    reason: all of them
    owner: me
    expires: 2027-06-30
  - rule: policy/waiver-expired
    subject: "*"
    reason: never again
    owner: me
    expires: 2027-06-30
  - { rule: sym/added, subject: b, reason: r, owner: o, expires: 2027-06-30 }
  - { rule: sym/added, subject: b, reason: s, owner: p, expires: 2028-06-30 }
`;
    expect(problemsOf(text)).toEqual([
      'waivers.yml:3:5: waivers[0].reason: missing; expected the reason why it is accepted',
      'waivers.yml:3:11: waivers[0].rule: expected the id of a rule, such as sym/removed, found "sym/remved"; did you mean sym/removed?',
      'waivers.yml:5:5: waivers[0].reson: unknown key; did you mean "reason"?',
      'waivers.yml:6:12: waivers[0].owner: expected who answers for it, such as "@team-api", found the number 7',
      'waivers.yml:7:14: waivers[0].expires: expected a day such as 2027-01-31, found "next year"',
      'waivers.yml:9:14: waivers[1].subject: has a *, but findings of sym/removed are accepted by exact name only; write \\* for an asterisk',
      'waivers.yml:13:11: waivers[2].rule: is about the gate itself and cannot be waived; its level can be set in the policy',
      'waivers.yml:19:33: waivers[4].subject: is the same as in waivers[3]; keep one',
    ]);
  });

  it('may accept a removed operator by its escaped name', () => {
    const text =
      'version: 1\nwaivers: [{ rule: sym/removed, subject: "operator\\\\*", reason: r, owner: o, expires: 2027-06-30 }]';
    expect(problemsOf(text)).toEqual([]);
  });
});
