import { describe, expect, it } from '@jest/globals';
import { worstEffect } from '../../src/rules/effects.ts';
import type { Effect, Finding } from '../../src/rules/finding.ts';
import { finding } from '../../src/rules/make.ts';
import { adviseVersion, type VersionsGiven, versionFindings } from '../../src/version/advice.ts';

const made = (rule: Finding['rule'], effect?: Effect) =>
  finding(rule, 'm', { subject: 'f', ...(effect && { effect }) });
const BREAK = made('sym/removed', 'breaking');
const SOURCE = made('abi/member-renamed', 'source-breaking');
const ADDED = made('sym/added', 'compatible');
const RISK = made('change/floor-raised', 'risky');
const OPEN = made('abi/types-not-compared', 'undecided');
const ABSENT = made('sym/required-missing');

function judge(changes: readonly Finding[], versions: VersionsGiven) {
  const advice = adviseVersion(changes, worstEffect(changes), versions);
  return { advice, rules: versionFindings(advice, changes).map(({ rule }) => rule) };
}

describe('what changes ask for', () => {
  it.each<[string, readonly Finding[], string, boolean]>([
    ['nothing', [], 'none', true],
    ['a break', [ADDED, BREAK], 'major', true],
    ['a source that no longer builds', [SOURCE], 'major', true],
    ['an addition', [RISK, ADDED], 'minor', true],
    ['an added enumerator', [made('abi/enumerator-added', 'compatible')], 'minor', true],
    ['a longer table', [made('abi/vtable-extended', 'risky')], 'minor', true],
    ['an added need, which nobody can use', [made('change/needed-added', 'risky')], 'patch', true],
    ['a private type', [made('abi/private-type-changed', 'compatible')], 'patch', true],
    ['what cannot be seen', [OPEN, ADDED], 'minor', false],
    ['what cannot be seen beside a break', [OPEN, BREAK], 'major', true],
    ['a promise of the configuration, no change', [ABSENT], 'none', true],
  ])('%s', (_name, changes, asks, certain) => {
    expect(judge(changes, {}).advice).toEqual({ asks, certain });
  });
});

describe('the version that is claimed', () => {
  it.each<[string, string, readonly Finding[], string, 'enough' | 'too low']>([
    ['1.4.2', '2.0.0', [BREAK], '2.0.0', 'enough'],
    ['1.4.2', '2.0.0-rc.1', [BREAK], '2.0.0', 'enough'],
    ['1.4.2', '3.1.0', [BREAK], '2.0.0', 'enough'],
    ['1.4.2', '1.5.0', [BREAK], '2.0.0', 'too low'],
    ['1.4.2', '1.5.0', [SOURCE], '2.0.0', 'too low'],
    ['1.4.2', '1.5.0', [ADDED], '1.5.0', 'enough'],
    ['1.4.2', '2.0.0', [ADDED], '1.5.0', 'enough'],
    ['1.4.2', '1.4.3', [ADDED], '1.5.0', 'too low'],
    ['1.4.2', '1.4.3', [RISK], '1.4.3', 'enough'],
    ['1.4.2', '1.4.3+build.7', [RISK], '1.4.3', 'enough'],
    ['1.4.2', '1.4.2', [RISK], '1.4.3', 'too low'],
    ['1.4.2', '1.4.2+build.7', [RISK], '1.4.3', 'too low'],
    ['1.4.2', '1.4.2', [], '1.4.2', 'enough'],
    ['1.4.2', '1.4.1', [], '1.4.2', 'too low'],
    ['1.4.2', '1.10.0', [ADDED], '1.5.0', 'enough'],
    // Below 1.0.0, as npm and Cargo read it.
    ['0.3.1', '0.4.0', [BREAK], '0.4.0', 'enough'],
    ['0.3.1', '0.3.2', [BREAK], '0.4.0', 'too low'],
    ['0.3.1', '0.3.2', [ADDED], '0.3.2', 'enough'],
    ['0.3.1', '1.0.0', [BREAK], '0.4.0', 'enough'],
    ['0.0.3', '0.0.4', [BREAK], '0.0.4', 'enough'],
    ['0.0.3', '0.0.3', [BREAK], '0.0.4', 'too low'],
    // A pre-release has promised nothing.
    ['2.0.0-rc.1', '2.0.0-rc.2', [BREAK], '2.0.0', 'enough'],
    ['2.0.0-rc.1', '2.0.0', [BREAK], '2.0.0', 'enough'],
    ['2.0.0-rc.2', '2.0.0-rc.1', [RISK], '2.0.0', 'too low'],
    ['2.0.0-rc.1', '2.0.0-rc.1', [], '2.0.0', 'enough'],
  ])('%s to %s', (previous, claimed, changes, least, expected) => {
    const { advice, rules } = judge(changes, { previous, claimed });
    expect(advice).toMatchObject({ least, enough: expected === 'enough' });
    expect(rules).toEqual(expected === 'enough' ? [] : ['version/too-low']);
  });

  it('is not judged without the previous one, nor the other way round', () => {
    expect(judge([BREAK], { claimed: '1.0.1' })).toEqual({
      advice: { asks: 'major', certain: true, claimed: '1.0.1' },
      rules: [],
    });
    expect(judge([BREAK], { previous: '1.0.0' })).toEqual({
      advice: { asks: 'major', certain: true, previous: '1.0.0', least: '2.0.0' },
      rules: [],
    });
    expect(judge([BREAK], { previous: 'yesterday', claimed: '1.0.1' }).rules).toEqual([]);
  });

  it('is told as not known where the comparison is open and a break would not have been announced', () => {
    expect(judge([OPEN], { previous: '1.0.0', claimed: '1.1.0' }).rules).toEqual(['version/unknown']);
    expect(judge([OPEN], { previous: '1.0.0', claimed: '2.0.0' }).rules).toEqual([]);
    expect(judge([OPEN, ADDED], { previous: '1.0.0', claimed: '1.0.1' }).rules).toEqual(['version/too-low']);
  });

  it('says what would do, and why', () => {
    const changes = [BREAK, made('sym/removed', 'breaking')];
    const [found] = versionFindings(judge(changes, { previous: '1.0.0', claimed: '1.1.0' }).advice, changes);
    expect(found?.message).toBe(
      'The release claims version 1.1.0 after 1.0.0, but what breaks consumers asks for a major version (sym/removed on f, and 1 more): 2.0.0 or later.',
    );
    expect(found).toMatchObject({ subject: '1.1.0', fix: 'Release it as 2.0.0, or take back what breaks.' });
  });
});
