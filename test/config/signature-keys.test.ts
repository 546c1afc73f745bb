import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { loadConfig } from '../../src/config/load.ts';

const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true });
formats.default(ajv);
const validator = ajv.compile(configJsonSchema());
const one = (line: string) =>
  `version: 1\nplugins:\n  - name: greet\n    kind: elf\n    artifact: greet.so\n    version: "1.2.0"\n    ${line}\n`;
const signature = (text: string) => one(`signature: { ${text} }`);
const baseline = (text: string) => one(`baseline: { ${text} }`);
const WHO = 'identity: a@b.example, issuer: "https://x.example"';
const SLSA = 'https://slsa.dev/provenance/v1';

const GOOD: Readonly<Record<string, string>> = {
  'a bundle with a key': signature('key: k.pub, bundle: b.json'),
  'a key with a trusted root for its log': signature('key: k.pub, bundle: b.json, trustedRoot: root.json'),
  'a certificate of its own': signature(`signature: a.sig, certificate: a.crt, ${WHO}`),
  'an own authority': signature(
    'bundle: b.json, identity: "spiffe://x.example/ci", caRoots: r.pem, caIntermediates: i.pem',
  ),
  'an own authority without proof of time': signature(
    'signature: a.sig, certificate: a.crt, identity: "spiffe://x.example/ci", caRoots: r.pem, unprovenTime: true',
  ),
  'a workflow in place of the identity': signature(
    'bundle: b.json, signerWorkflow: "https://github.com/o/r/.github/workflows/r.yml", issuer: "https://x.example"',
  ),
  claims: signature(
    `bundle: b.json, ${WHO}, claims: { runnerEnvironment: github-hosted, sourceRepositoryRef: "refs/tags/v{version}" }`,
  ),
  'an otherName digest': signature(`bundle: b.json, ${WHO}, digestOid: 1.3.6.1.4.1.99999.1`),
  'a kind of name, offline': signature(`bundle: b.json, ${WHO}, identityType: uri, offline: true`),
  'predicate types': signature(`bundle: b.json, ${WHO}, predicateTypes: ["${SLSA}"]`),
  provenance: signature(
    `bundle: b.json, ${WHO}, provenance: { builder: x, sourceDigest: ${'a'.repeat(40)}, runner: github-hosted }`,
  ),
  'an instance without logs': signature(`bundle: b.json, ${WHO}, trustedRoot: root.json, log: optional, sct: waived`),
  'a timestamp authority': signature(`bundle: b.json, ${WHO}, timestampAuthority: tsa.pem`),
  'a previous release in a registry': baseline(
    'oci: "oci://ghcr.io/o/{name}:{version}#usr/lib/a.so", version: "1.1.0"',
  ),
  'with the signatures of the registry': baseline(`oci: "oci://ghcr.io/o/p:1", signature: { ${WHO} }`),
  'a previous release with its signature': baseline(`file: old.so, signature: { bundle: b.json, ${WHO} }`),
  'OpenPGP keys': signature('gpgKey: keys/release.asc, signature: "{artifact}.asc"'),
  'OpenPGP keys of a previous release': baseline(
    'oci: "oci://ghcr.io/o/p:1#a.so", signature: { gpgKey: k.asc, signature: a.asc }',
  ),
  'a floor': one('rollback: { floor: "1.0.0" }'),
  'a ledger': one('rollback: { ledger: releases.jsonl }'),
};

const BAD: Readonly<Record<string, string>> = {
  'a key, and a certificate': signature('key: k.pub, signature: a.sig, certificate: a.crt'),
  'a key, and an authority': signature('key: k.pub, bundle: b.json, caRoots: r.pem'),
  'a key, and claims': signature('key: k.pub, bundle: b.json, claims: { buildTrigger: push }'),
  'a key, and a workflow': signature('key: k.pub, bundle: b.json, signerWorkflow: "https://github.com/o/r/r.yml"'),
  'OpenPGP keys, and a key': signature('gpgKey: k.asc, key: k.pub, signature: a.asc'),
  'OpenPGP keys, and a bundle': signature('gpgKey: k.asc, bundle: b.json'),
  'OpenPGP keys without signature': signature('gpgKey: k.asc'),
  'OpenPGP keys, and an identity': signature(`gpgKey: k.asc, signature: a.asc, ${WHO}`),
  'OpenPGP keys, and a log': signature('gpgKey: k.asc, signature: a.asc, log: required'),
  'OpenPGP keys, and an attestation': signature('gpgKey: k.asc, signature: a.asc, predicateTypes: [x]'),
  'a certificate without signature': signature(`certificate: a.crt, ${WHO}`),
  'a signature without certificate': signature(`signature: a.sig, ${WHO}`),
  'intermediates without roots': signature(`bundle: b.json, ${WHO}, caIntermediates: i.pem`),
  'roots without identity': signature('bundle: b.json, caRoots: r.pem'),
  'a workflow with a ref': signature(
    'bundle: b.json, signerWorkflow: "https://github.com/o/r/r.yml@main", issuer: "https://x.example"',
  ),
  'an unknown claim': signature(`bundle: b.json, ${WHO}, claims: { anything: x }`),
  'an empty claim': signature(`bundle: b.json, ${WHO}, claims: { buildTrigger: "" }`),
  'an OID that is none': signature(`bundle: b.json, ${WHO}, digestOid: 1.02.3`),
  'a kind of name that is none': signature(`bundle: b.json, ${WHO}, identityType: ip`),
  'a log that is neither': signature(`bundle: b.json, ${WHO}, log: none`),
  'no predicate types': signature(`bundle: b.json, ${WHO}, predicateTypes: []`),
  'a commit that is none': signature(`bundle: b.json, ${WHO}, provenance: { sourceDigest: main }`),
  'runners of its own': signature(`bundle: b.json, ${WHO}, provenance: { runner: self-hosted }`),
  'a registry without scheme': baseline('oci: ghcr.io/o/p:1'),
  'a registry and a file': baseline('oci: "oci://ghcr.io/o/p:1", file: old.so'),
  'an unknown key in the signature of a baseline': baseline(
    `file: old.so, signature: { required: true, bundle: b.json, ${WHO} }`,
  ),
  'an empty rollback': one('rollback: {}'),
  'a floor that is none': one('rollback: { floor: v1 }'),
};

/** What only the loader can see. */
const BEYOND: Readonly<Record<string, string>> = {
  'a time that is waived without roots': signature(`bundle: b.json, ${WHO}, unprovenTime: true`),
  'certificates in no log, of the public instance': signature(`bundle: b.json, ${WHO}, sct: waived`),
  'provenance, and another type is accepted': signature(
    `bundle: b.json, ${WHO}, predicateTypes: [x], provenance: { builder: x }`,
  ),
  'a version in the identity without one': signature(
    'bundle: b.json, identity: "x@{version}.example", issuer: "https://x.example"',
  ).replace('    version: "1.2.0"\n', ''),
  'a signature of a baseline that names nobody': baseline('file: old.so, signature: { offline: true }'),
  'a signature of nothing': baseline(`none: first release, signature: { bundle: b.json, ${WHO} }`),
  'a rollback without version': one('rollback: { floor: "1.0.0" }').replace('    version: "1.2.0"\n', ''),
};

describe('keys about signatures', () => {
  const loads = (text: string) => 'config' in loadConfig('plugin-gate.yml', text);

  it.each(Object.entries(GOOD))('schema and loader take: %s', (_, text) => {
    expect(loadConfig('plugin-gate.yml', text)).toHaveProperty('config');
    expect({ valid: validator(parse(text)), errors: validator.errors }).toEqual({ valid: true, errors: null });
  });

  it.each(Object.entries(BAD))('schema and loader refuse: %s', (_, text) => {
    expect(loads(text)).toBe(false);
    expect(validator(parse(text))).toBe(false);
  });

  it.each(Object.entries(BEYOND))('the loader alone refuses: %s', (_, text) => {
    expect(loads(text)).toBe(false);
    expect(validator(parse(text))).toBe(true);
  });
});
