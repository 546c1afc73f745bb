import { describe, expect, it } from '@jest/globals';
import { member, parseStrictJson } from '../../src/signature/json.ts';

const BOUNDS = { bytes: 1000, depth: 4, values: 20 };
const parse = (text: string) => parseStrictJson(Buffer.from(text), BOUNDS);

describe('strict JSON', () => {
  it.each([
    '{}',
    '[]',
    '{"a":1,"b":{"a":2}}',
    '[{"a":1},{"a":1}]',
    '{"a":"\\"a\\": 1, \\"a\\": 2"}',
    '{"a":"\\\\","b":"\\\\\\""}',
    ' { "a" : [ 1 , -2.5e3 , true , null ] } ',
    '{"__proto__":1,"constructor":2}',
    '"text"',
    '[[[[]]]]',
  ])('reads %s as JSON.parse does', (text) => {
    expect(parse(text)).toEqual({ ok: true, value: JSON.parse(text) });
  });

  it.each([
    ['{"a":1,"a":2}', 'given twice'],
    ['{"a":1,"\\u0061":2}', 'given twice'],
    ['{"x":{"b":[],"c":0,"b":1}}', 'given twice'],
    ['{"a":1', 'JSON'],
    ['{"a":"', 'not closed'],
    ['{"a":1}{"a":1}', 'JSON'],
    ['{a:1}', 'JSON'],
    ['[1,]', 'JSON'],
    ['', 'JSON'],
    [']]]]', 'JSON'],
    ['{"\\x":1}', 'not a valid string'],
  ])('refuses %s', (text, why) => {
    expect(parse(text)).toMatchObject({ ok: false, reason: 'malformed', problem: expect.stringContaining(why) });
  });

  it.each([
    ['[[[[[]]]]]', 'deep'],
    ['{"a":{"a":{"a":{"a":{}}}}}', 'deep'],
    [`[${'1,'.repeat(20)}1]`, 'values'],
    [`{${Array.from({ length: 21 }, (_, index) => `"k${index}"`).join()}`, 'values'],
    [`"${'x'.repeat(1000)}"`, 'bytes'],
  ])('refuses %s as too large', (text, why) => {
    expect(parse(text)).toMatchObject({ ok: false, reason: 'too-large', problem: expect.stringContaining(why) });
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(parseStrictJson(Uint8Array.of(0x22, 0xc3, 0x22), BOUNDS)).toMatchObject({ ok: false, reason: 'malformed' });
  });

  it('reads members only of plain objects and only their own', () => {
    expect(member({ a: { b: 1 } }, 'a', 'b')).toBe(1);
    expect(member({ a: [1] }, 'a', '0')).toBeUndefined();
    expect(member({}, 'toString')).toBeUndefined();
    expect(member(null, 'a')).toBeUndefined();
  });
});
