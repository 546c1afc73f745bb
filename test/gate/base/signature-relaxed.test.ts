import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../src/config/load.ts';
import type { GateConfig } from '../../../src/config/schema.ts';
import { relaxations } from '../../../src/gate/base/relaxed.ts';

/** A configuration with these lines below its plugin. */
function config(...lines: readonly string[]): GateConfig {
  const text = [
    'version: 1',
    'plugins:',
    '  - name: greet',
    '    kind: elf',
    '    artifact: greet.so',
    '    version: "1.2.3"',
    ...lines.map((line) => `    ${line}`),
  ];
  const loaded = loadConfig('plugin-gate.yml', `${text.join('\n')}\n`);
  if (!('config' in loaded)) throw new Error(JSON.stringify(loaded));
  return loaded.config;
}
const OWN = 'signature: { bundle: b.json, identity: "spiffe://example.org/ci", caRoots: r.pem';
const told = (base: GateConfig, head: GateConfig) =>
  relaxations({ config: base, waivers: [] }, { config: head, waivers: [] }).map(({ subject }) => subject);

describe('a change that asks less of signatures and of the order of releases', () => {
  it.each([
    ['a waived time', `${OWN} }`, `${OWN}, unprovenTime: true }`, ['plugins.greet.signature.unprovenTime']],
    ['a proven time', `${OWN}, unprovenTime: true }`, `${OWN} }`, []],
    ['other roots', `${OWN} }`, `${OWN.replace('r.pem', 's.pem')} }`, ['plugins.greet.signature.caRoots']],
    ['no claims', `${OWN}, claims: { buildTrigger: push } }`, `${OWN} }`, ['plugins.greet.signature.claims']],
    [
      'other predicate types',
      `${OWN}, predicateTypes: [a] }`,
      `${OWN}, predicateTypes: [b] }`,
      ['plugins.greet.signature.predicateTypes'],
    ],
    ['a lower floor', 'rollback: { floor: "1.2.0" }', 'rollback: { floor: "1.1.0" }', ['plugins.greet.rollback.floor']],
    ['a higher floor', 'rollback: { floor: "1.2.0" }', 'rollback: { floor: "1.2.1" }', []],
    [
      'no floor',
      'rollback: { floor: "1.2.0", ledger: l }',
      'rollback: { ledger: l }',
      ['plugins.greet.rollback.floor'],
    ],
    ['another ledger', 'rollback: { ledger: l }', 'rollback: { ledger: m }', ['plugins.greet.rollback.ledger']],
    ['no rollback at all', 'rollback: { ledger: l }', 'probe: { symbol: a }', ['plugins.greet.rollback']],
    [
      'no signature of the previous release',
      'baseline: { file: o, signature: { key: k, signature: s } }',
      'baseline: { file: o }',
      ['plugins.greet.baseline.signature'],
    ],
  ])('%s', (_, base, head, expected) => {
    expect(told(config(base), config(head))).toEqual(expect.arrayContaining(expected));
    if (expected.length === 0) expect(told(config(base), config(head))).toEqual([]);
  });

  it('a log that is no longer needed', () => {
    const signed = (more: string) =>
      `signature: { bundle: b.json, identity: a@b.example, issuer: "https://x.example", trustedRoot: r.json${more} }`;
    expect(told(config(signed('')), config(signed(', log: optional')))).toEqual(['plugins.greet.signature.log']);
    expect(told(config(signed('')), config(signed(', sct: waived')))).toEqual(['plugins.greet.signature.sct']);
    expect(told(config(signed(', log: optional')), config(signed(', log: required')))).toEqual([]);
  });
});
