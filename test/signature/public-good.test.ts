import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { SignaturePolicy } from '../../src/signature/policy.ts';
import type { SignatureFile } from '../../src/signature/verify.ts';
import { verifyArtifact } from '../../src/signature/verify.ts';
import { rulesOf } from './verifying.ts';

// Real bundles of the public-good instance, verified with the root that is built in and no connection.
const bundle = (name: string): SignatureFile => ({
  form: 'bundle',
  bytes: readFileSync(new URL(`../fixtures/signature/public-good/${name}.sigstore.json`, import.meta.url)),
  name: `${name}.sigstore.json`,
});
const policyFor = (
  value: string,
  identityType: 'uri' | 'email',
  issuer: string,
  predicateType: string,
): SignaturePolicy => ({
  signer: {
    kind: 'certificate',
    identity: { kind: 'exact', value },
    identityType,
    issuer: { kind: 'exact', value: issuer },
    sct: 'required',
  },
  log: 'required',
  predicateTypes: [predicateType],
});

const IMAGE = 'sha256:732112270d7e59418a8c080b134b24cabd67d250d0d0147a97ed95ba5c280aa4';
const OTHER = `sha256:${'0'.repeat(64)}` as const;
const LOGIN = 'https://github.com/login/oauth';
const COSIGN = 'https://cosign.sigstore.dev/attestation/v1';
const byEmail = policyFor('cody@soyland.com', 'email', LOGIN, COSIGN);

describe('an attestation by cosign from 2025', () => {
  it('verifies, with its signer, time and log entry', async () => {
    const artifact = IMAGE;
    const { findings, evidence } = await verifyArtifact({
      artifact,
      signature: bundle('oci-attestation'),
      policy: byEmail,
    });
    expect(findings).toEqual([]);
    expect(evidence).toMatchObject({
      verified: true,
      artifact: { digest: IMAGE },
      signer: { names: [{ type: 'email', value: 'cody@soyland.com' }], issuer: LOGIN },
      times: [{ source: 'log', time: '2025-02-28T19:18:11.000Z' }],
      logEntries: [{ log: 'https://rekor.sigstore.dev', index: '175508996', kind: 'dsse 0.0.1' }],
      statement: { predicateType: COSIGN, subjects: 1 },
      trust: { source: 'sigstore public-good root, built in' },
    });
  });

  it.each([
    ['another digest', OTHER, byEmail, ['sig/wrong-subject']],
    ['another person', IMAGE, policyFor('cody@soyland.co', 'email', LOGIN, COSIGN), ['sig/wrong-identity']],
    ['the address as a URI', IMAGE, policyFor('cody@soyland.com', 'uri', LOGIN, COSIGN), ['sig/wrong-identity']],
    [
      'another issuer',
      IMAGE,
      policyFor('cody@soyland.com', 'email', 'https://accounts.google.com', COSIGN),
      ['sig/wrong-issuer'],
    ],
    [
      'another predicate',
      IMAGE,
      policyFor('cody@soyland.com', 'email', LOGIN, 'https://slsa.dev/provenance/v1'),
      ['sig/wrong-predicate'],
    ],
  ] as const)('is refused for %s', async (_, file, policy, rules) => {
    expect(await rulesOf(bundle('oci-attestation'), { file, policy })).toEqual(rules);
  });
});

const workflow = 'https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main';
const byWorkflow = policyFor(
  workflow,
  'uri',
  'https://token.actions.githubusercontent.com',
  'https://slsa.dev/provenance/v1',
);

it('npm provenance from 2023 is from its workflow, but names its package by SHA-512 alone, which does not suffice', async () => {
  const signature = bundle('sigstore-js-2.0.0-provenance');
  const result = await verifyArtifact({ artifact: IMAGE, signature, policy: byWorkflow });
  expect(result.findings.map(({ rule }) => rule)).toEqual(['sig/wrong-subject']);
  expect(result.evidence).toMatchObject({
    signer: {
      names: [{ type: 'uri', value: workflow }],
      issuer: 'https://token.actions.githubusercontent.com',
      claims: { sourceRepositoryUri: 'https://github.com/sigstore/sigstore-js', runnerEnvironment: 'github-hosted' },
    },
    times: [{ time: '2023-08-18T16:05:35.000Z' }],
  });
});

it('an envelope with two signatures is refused', async () => {
  expect(await rulesOf(bundle('dsse-2sigs'), { file: IMAGE, policy: byWorkflow })).toEqual(['sig/malformed']);
});
