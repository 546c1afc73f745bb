import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import { configJsonSchema, waiversJsonSchema } from '../../src/config/json-schema.ts';
import { loadConfig } from '../../src/config/load.ts';
import { loadWaivers } from '../../src/config/waivers.ts';

const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true });
formats.default(ajv);
const configValidator = ajv.compile(configJsonSchema());
const waiversValidator = ajv.compile(waiversJsonSchema());

const one = (lines: string) =>
  `version: 1\nplugins:\n  - name: greet\n    kind: elf\n    artifact: build/greet.so\n${lines}\n`;

/** Texts that both must take. */
const GOOD: Readonly<Record<string, string>> = {
  'the least': one(''),
  'a command': one('    build: { command: [make, -C, plugin], env: { CC: clang }, timeout: 90s }'),
  commands: one('    build: { command: [[./configure], [make]] }'),
  go: 'version: 1\nplugins: [{ name: a, kind: go-plugin, artifact: a.so, build: { go: { tags: [x], goamd64: v3, toolchain: go1.24.4 } } }]',
  targets: one('    targets: [linux/amd64]\n    version: "1.2.0-rc.1+b5"'),
  hosts: one('    hosts: [{ name: a, file: /usr/sbin/nginx }, { name: b, target: "rhel:8" }]'),
  probe: one('    probe: { symbol: ok, expect: -1, timeout: 500ms }'),
  'baseline file': one('baseline: { file: "old/{name}-{arch}.so" }'),
  'baseline none': one('baseline: { none: first release }'),
  bundle: one('signature: { bundle: "{artifact}.json", identity: a@b.example, issuer: "https://x.example" }'),
  key: one('signature: { key: k.pem, signature: "{artifact}.sig", required: false }'),
  policy: one('policy: { undecided: warn, rules: { sym/added: error, hard/no-relro: "off" }, waivers: w.yml }'),
  report: one('report: { directory: out, comment: never, key: nightly, checkRun: false }'),
  schema: `$schema: ./config.v1.json\n${one('')}`,
  symbols: one(
    '    symbols: { required: [greet_init, "operator*(V)"], versionScript: p.map }'.replace(
      'operator*(V)',
      'operator*',
    ),
  ),
};

/** Texts that both must refuse. */
const BAD: Readonly<Record<string, string>> = {
  'no version': 'plugins: [{ name: a, kind: elf, artifact: a.so }]',
  'another version': one('').replace('version: 1', 'version: 2'),
  'no plugins': 'version: 1\nplugins: []',
  'unknown key': one('name: x'),
  'unknown plugin key': one('    knd: elf'),
  'no artifact': 'version: 1\nplugins: [{ name: a, kind: elf }]',
  'name with a space': one('').replace('name: greet', 'name: gr eet'),
  'name that is a path': one('').replace('name: greet', 'name: ..'),
  'other kind': one('').replace('kind: elf', 'kind: dll'),
  'path outside': one('').replace('build/greet.so', '../greet.so'),
  'path outside, inside': one('').replace('build/greet.so', 'a/../../greet.so'),
  'absolute path': one('').replace('build/greet.so', '/greet.so'),
  'empty path': one('').replace('build/greet.so', '""'),
  'control character': one('').replace('build/greet.so', '"a\\tb"'),
  'unknown token': one('').replace('build/greet.so', '"{artifact}.so"'),
  'half a token': one('').replace('build/greet.so', '"{name.so"'),
  'command and go': one('    build: { command: [make], go: {} }'),
  neither: one('    build: { timeout: 5m }'),
  'empty command': one('    build: { command: [] }'),
  'command as text': one('    build: { command: make }'),
  'number in command': one('    build: { command: [make, -j, 4] }'),
  'mixed commands': one('    build: { command: [make, [make]] }'),
  'number in env': one('    build: { command: [make], env: { A: 1 } }'),
  'name in env': one('    build: { command: [make], env: { "A B": x } }'),
  'bare number as duration': one('    build: { command: [make], timeout: 5 }'),
  'duration with a fraction': one('    build: { command: [make], timeout: 1.5h }'),
  'zero duration': one('    build: { command: [make], timeout: 0s }'),
  goamd64: 'version: 1\nplugins: [{ name: a, kind: go-plugin, artifact: a.so, build: { go: { goamd64: v9 } } }]',
  toolchain:
    'version: 1\nplugins: [{ name: a, kind: go-plugin, artifact: a.so, build: { go: { toolchain: "1.24" } } }]',
  target: one('    targets: [linux/x86_64]'),
  'no targets': one('    targets: []'),
  'version number': one('    version: 1.2'),
  'v before version': one('    version: v1.2.0'),
  'host without anything': one('    hosts: [{ name: a }]'),
  'host target': one('    hosts: [{ name: a, target: Debian 11 }]'),
  'unknown release': one('    hosts: [{ name: a, target: "debian:99" }]'),
  'probe signature': one('    probe: { symbol: a, signature: "int(int)" }'),
  'probe fraction': one('    probe: { symbol: a, expect: 1.5 }'),
  'symbol with space': one('    symbols: { required: ["a b"] }'),
  'two baselines': one('baseline: { file: a.so, none: first }'),
  'empty baseline': one('baseline: {}'),
  'github baseline, which is not there yet': one('baseline: { github: { repository: o/r } }'),
  'identity without issuer': one('signature: { bundle: a.json, identity: x }'),
  'issuer without identity': one('signature: { bundle: a.json, issuer: "https://x.example" }'),
  'no bundle': one('signature: { identity: x, issuer: "https://x.example" }'),
  'empty identity': one('signature: { bundle: a.json, identity: "", issuer: "https://x.example" }'),
  'issuer over http': one('signature: { bundle: a.json, identity: x, issuer: "http://x.example" }'),
  'key and identity': one('signature: { key: k.pem, signature: a.sig, identity: x }'),
  'key and bundle': one('signature: { key: k.pem, signature: a.sig, bundle: a.json }'),
  'key alone': one('signature: { key: k.pem }'),
  'signature alone': one('signature: { signature: a.sig }'),
  'bundle and signature': one(
    'signature: { bundle: a.json, signature: a.sig, identity: x, issuer: "https://x.example" }',
  ),
  'sandbox key that does nothing': one('sandbox: { network: none }'),
  'unknown rule': one('policy: { rules: { sym/nothing: error } }'),
  'unknown level': one('policy: { rules: { sym/added: fatal } }'),
  undecided: one('policy: { undecided: true }'),
  comment: one('report: { comment: sometimes }'),
  'a list': '- a',
};

/** What only the loader can see; the schema takes it. */
const BEYOND: Readonly<Record<string, string>> = {
  'two plugins of one name':
    'version: 1\nplugins: [{ name: a, kind: elf, artifact: a.so }, { name: a, kind: elf, artifact: b.so }]',
  'one file for two targets': one('    targets: [linux/amd64, linux/arm64]'),
  'a target twice': one('').replace('build/greet.so', '"{arch}.so"').concat('    targets: [linux/amd64, linux/amd64]'),
  'go for elf': one('    build: { go: {} }'),
  'removed symbols off': one('policy: { rules: { sym/removed: "off" } }'),
};

describe('schema/config.v1.json and the loader', () => {
  const loads = (text: string) => 'config' in loadConfig('plugin-gate.yml', text);

  it.each(Object.keys(GOOD))('both take: %s', (name) => {
    const text = GOOD[name] ?? '';
    expect(loadConfig('plugin-gate.yml', text)).toHaveProperty('config');
    expect({ valid: configValidator(parse(text)), errors: configValidator.errors }).toEqual({
      valid: true,
      errors: null,
    });
  });

  it.each(Object.keys(BAD))('both refuse: %s', (name) => {
    const text = BAD[name] ?? '';
    expect(loads(text)).toBe(false);
    expect(configValidator(parse(text))).toBe(false);
  });

  it.each(Object.keys(BEYOND))('the loader alone refuses: %s', (name) => {
    const text = BEYOND[name] ?? '';
    expect(loads(text)).toBe(false);
    expect(configValidator(parse(text))).toBe(true);
  });
});

describe('schema/waivers.v1.json and the loader', () => {
  const entry = (more: Record<string, unknown>) =>
    JSON.stringify({
      version: 1,
      waivers: [{ rule: 'sym/removed', subject: 'x', reason: 'r', owner: 'o', expires: '2027-01-31', ...more }],
    });

  it.each<[string, string]>([
    ['the least', entry({})],
    ['all fields', entry({ plugin: 'greet', target: 'linux/amd64' })],
    ['none', 'version: 1\nwaivers: []'],
    [
      'a plain date',
      'version: 1\nwaivers: [{ rule: sym/removed, subject: x, reason: r, owner: o, expires: 2027-01-31 }]',
    ],
  ])('both take: %s', (_, text) => {
    expect(loadWaivers('w.yml', text)).toHaveProperty('waivers');
    expect({ valid: waiversValidator(parse(text)), errors: waiversValidator.errors }).toEqual({
      valid: true,
      errors: null,
    });
  });

  it.each<[string, string]>([
    ['no reason', entry({ reason: undefined })],
    ['an empty reason', entry({ reason: '' })],
    ['a blank reason', entry({ reason: '  ' })],
    ['a blank owner', entry({ owner: ' ' })],
    ['no owner', entry({ owner: undefined })],
    ['no subject', entry({ subject: undefined })],
    ['no end', entry({ expires: undefined })],
    ['another date', entry({ expires: '31.01.2027' })],
    ['no day of the calendar', entry({ expires: '2027-02-29' })],
    ['unknown rule', entry({ rule: 'sym/nothing' })],
    ['unknown key', entry({ until: 'x' })],
    ['unknown target', entry({ target: 'amd64' })],
    ['no version', 'waivers: []'],
  ])('both refuse: %s', (_, text) => {
    expect(loadWaivers('w.yml', text)).toHaveProperty('problems');
    expect(waiversValidator(parse(text))).toBe(false);
  });
});

describe('the schemas', () => {
  it.each([
    ['config', configJsonSchema()],
    ['waivers', waiversJsonSchema()],
  ])('%s: every key has a description', (_, schema) => {
    const bare: string[] = [];
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      if ('properties' in node && typeof node.properties === 'object' && node.properties !== null) {
        for (const [key, value] of Object.entries(node.properties)) {
          if (typeof value?.description !== 'string' || value.description === '') bare.push(`${path}.${key}`);
          walk(value, `${path}.${key}`);
        }
      }
      if ('items' in node) walk(node.items, `${path}[]`);
    };
    walk(schema, '');
    expect(bare).toEqual([]);
  });
});
