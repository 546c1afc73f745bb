import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { GateConfig } from '../../src/config/schema.ts';
import { judgedBy } from '../../src/gate/base/apply.ts';
import { relaxations } from '../../src/gate/base/relaxed.ts';

const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true });
formats.default(ajv);
const validator = ajv.compile(configJsonSchema());

const ID = 'verifier: "https://example.org/gate"';
const one = (verdict: string, plugin = 'version: 1.2.0') =>
  `version: 1\nplugins:\n  - { name: greet, kind: elf, artifact: greet.so, ${plugin.replace(/(\d.*)/, '"$1"')} }\n${verdict}\n`;
const loaded = (text: string): GateConfig => {
  const result = loadConfig('plugin-gate.yml', text);
  if ('problems' in result)
    throw new Error(result.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
  return result.config;
};
const problems = (text: string): string[] => {
  const result = loadConfig('plugin-gate.yml', text);
  return 'problems' in result ? result.problems.map(({ path, message }) => `${path}: ${message}`) : [];
};

describe('the section verdict', () => {
  it.each([
    ['a key in a file', `verdict: { ${ID}, key: { file: /run/secrets/gate.pem } }`],
    [
      'a key in a variable, with a password',
      `verdict: { ${ID}, key: { environment: K, password: P }, required: false }`,
    ],
    ['Sigstore', `verdict: { ${ID}, sigstore: {} }`],
    [
      'an instance of its own',
      `verdict: { ${ID}, sigstore: { fulcio: "https://f.example", rekor: "https://r.example/x", timestamp: "https://t.example" } }`,
    ],
    [
      'an instance without a log',
      `verdict: { ${ID}, sigstore: { fulcio: "http://127.0.0.1:5555", rekor: none, timestamp: "http://localhost" } }`,
    ],
    ['a resource', `verdict: { ${ID}, sigstore: {}, resource: "https://example.org/{name}/{version}/{os}-{arch}" }`],
    ['a record', 'report: { record: .plugin-gate/audit.jsonl }'],
  ])('takes %s', (_, verdict) => {
    expect(problems(one(verdict))).toEqual([]);
    expect({ valid: validator(parse(one(verdict))), errors: validator.errors }).toEqual({ valid: true, errors: null });
  });

  it.each([
    ['no verifier', 'verdict: { sigstore: {} }', /^verdict\.verifier: missing/],
    ['a verifier that is no URI', 'verdict: { verifier: gate, sigstore: {} }', /^verdict\.verifier: expected a URI/],
    ['nothing to sign with', `verdict: { ${ID} }`, /^verdict: expected key or sigstore in it/],
    [
      'two things to sign with',
      `verdict: { ${ID}, key: { file: k }, sigstore: {} }`,
      /^verdict\.sigstore: does not go with key/,
    ],
    ['an empty key', `verdict: { ${ID}, key: {} }`, /^verdict\.key: expected file or environment in it/],
    [
      'a key twice',
      `verdict: { ${ID}, key: { file: k, environment: K } }`,
      /^verdict\.key\.environment: does not go with file/,
    ],
    [
      'the key itself',
      `verdict: { ${ID}, key: { environment: "-----BEGIN PRIVATE KEY-----" } }`,
      /expected the name of an environment variable/,
    ],
    [
      'a service over http',
      `verdict: { ${ID}, sigstore: { timestamp: "http://t.example" } }`,
      /expected the URL of the service/,
    ],
    [
      'a service with a password in it',
      `verdict: { ${ID}, sigstore: { timestamp: "https://a:b@t.example" } }`,
      /expected the URL of the service/,
    ],
    ['a record outside', 'report: { record: ../audit.jsonl }', /^report\.record: expected a path/],
  ])('refuses %s, as the schema does', (_, verdict, why) => {
    expect(problems(one(verdict)).join('\n')).toMatch(why);
    expect(validator(parse(one(verdict)))).toBe(false);
  });

  it.each([
    [
      'a log of its own left open',
      `verdict: { ${ID}, sigstore: { fulcio: "https://f.example" } }`,
      /^verdict\.sigstore\.fulcio: is an instance of your own, so name its log too/,
    ],
    [
      'no proof of time',
      `verdict: { ${ID}, sigstore: { rekor: none } }`,
      /^verdict\.sigstore\.rekor: leaves nothing that proves when it was signed/,
    ],
    [
      'unknown words in braces',
      `verdict: { ${ID}, sigstore: {}, resource: "https://x.example/{artifact}" }`,
      /^verdict\.resource: expected only the tokens \{name\}/,
    ],
  ])('refuses %s', (_, verdict, why) => {
    expect(problems(one(verdict)).join('\n')).toMatch(why);
  });

  it('refuses a resource that is the same for several plugins, or lacks a version', () => {
    const two = one(`verdict: { ${ID}, sigstore: {}, resource: "https://x.example/{version}" }`).replace(
      'plugins:',
      'plugins:\n  - { name: other, kind: elf, artifact: other.so }',
    );
    expect(problems(two).join('\n')).toMatch(
      /put \{name\} into it[\s\S]*uses \{version\}, but plugins\[0\] has no version/,
    );
  });
});

describe('a change of the section', () => {
  const base = loaded(one(`verdict: { ${ID}, key: { environment: K } }\nreport: { record: audit.jsonl }`));

  it.each([
    [
      'another key',
      `verdict: { ${ID}, key: { environment: MINE } }\nreport: { record: audit.jsonl }`,
      ['changes verdict.key from {"environment":"K"} to {"environment":"MINE"}'],
    ],
    [
      'no longer required',
      `verdict: { ${ID}, required: false, key: { environment: K } }\nreport: { record: audit.jsonl }`,
      ['changes verdict.required from true to false'],
    ],
    ['no record', `verdict: { ${ID}, key: { environment: K } }`, ['removes report.record']],
    [
      'no verdict',
      'report: { record: audit.jsonl }',
      ['removes verdict.verifier', 'removes verdict.required', 'removes verdict.key'],
    ],
    ['the same', `verdict: { key: { environment: K }, ${ID} }\nreport: { record: audit.jsonl }`, []],
  ])('is told, and the base decides: %s', (_, text, expected) => {
    const head = loaded(one(text));
    const told = relaxations({ config: base, waivers: [] }, { config: head, waivers: [] }).map(({ what }) => what);
    expect(told.toSorted()).toEqual(expected.toSorted());
    expect(judgedBy(base, head)).toMatchObject({ verdict: base.verdict, report: { record: 'audit.jsonl' } });
  });
});
