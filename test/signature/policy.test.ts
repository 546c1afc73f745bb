import { describe, expect, it } from '@jest/globals';
import { checkPolicy, identityTypeOf, matches, type NameMatch } from '../../src/signature/policy.ts';
import { POLICY, signedBy } from './verifying.ts';

const exact = (value: string): NameMatch => ({ kind: 'exact', value });
const pattern = (text: string): NameMatch => ({ kind: 'pattern', pattern: text });

describe('matching a name', () => {
  it.each([
    [exact('a.b'), 'a.b', true],
    [exact('a.b'), 'axb', false],
    [exact('a.b'), 'a.b ', false],
    [pattern('a\\.b/.*'), 'a.b/c', true],
    [pattern('a\\.b'), 'xa.b', false],
    [pattern('a\\.b'), 'a.b/evil', false],
    [pattern('a|b'), 'ab', false],
    [pattern('a|b'), 'b', true],
    [pattern('a.*'), 'a\nb', false],
    [pattern('a'), 'a\n', false],
    [pattern('a+'), 'a'.repeat(2048), true],
    [pattern('a+'), 'a'.repeat(2049), false],
  ])('%j against %j is %p', (match, name, expected) => {
    expect(matches(match, name)).toBe(expected);
  });
});

describe('a policy that names nobody or anybody', () => {
  it.each([
    ['empty identity', signedBy({ identity: exact('') })],
    ['blank identity', signedBy({ identity: exact('  ') })],
    ['empty issuer', signedBy({ issuer: exact('') })],
    ['empty pattern', signedBy({ identity: pattern('') })],
    ['pattern for anybody', signedBy({ identity: pattern('.*') })],
    ['pattern for anybody with a text', signedBy({ identity: pattern('.+') })],
    ['pattern for any issuer', signedBy({ issuer: pattern('https://.*') })],
    ['broken pattern', signedBy({ identity: pattern('a(') })],
    ['pattern that closes the group around it', signedBy({ identity: pattern('a)|(b') })],
    ['a digest OID that is none', signedBy({ digestOid: '1.2.x' })],
    ['empty claim', signedBy({ claims: { sourceRepositoryRef: exact('') } })],
    ['no predicate type', { ...POLICY, predicateTypes: [] }],
    ['empty predicate type', { ...POLICY, predicateTypes: [''] }],
  ])('%s is a usage error', (_, policy) => {
    expect(() => checkPolicy(policy)).toThrow(expect.objectContaining({ name: 'UsageError' }));
  });

  it.each([
    ['exact names', POLICY],
    ['a pattern with a fixed part', signedBy({ identity: pattern('https://github\\.com/org/repo/.*') })],
    ['no issuer by choice', signedBy({ issuer: 'absent' })],
  ])('%s is accepted', (_, policy) => {
    expect(() => checkPolicy(policy)).not.toThrow();
  });
});

it.each([
  ['https://github.com/org/repo/.github/workflows/r.yml@refs/heads/main', 'uri'],
  ['spiffe://example.org/ns/ci', 'uri'],
  ['release@example.org', 'email'],
  ['build.example.org', 'dns'],
])('the kind of the identity %s is %s', (identity, type) => {
  expect(identityTypeOf(identity)).toBe(type);
});
