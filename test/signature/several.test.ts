import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bundlesIn } from '../../src/signature/bundle-lines.ts';
import type { SignaturePolicy } from '../../src/signature/policy.ts';
import type { Trust } from '../../src/signature/trust.ts';
import { type SignatureFile, verifyArtifact } from '../../src/signature/verify.ts';
import { email, type Json, PREDICATE, SigstoreStack, statement } from '../support/sigstore-stack.ts';
import { copy, FILE, POLICY, trustOf } from './verifying.ts';

// What `gh attestation download` writes: one bundle a line.
let stack: SigstoreStack;
let trust: Trust;
let about: { ours: Json; other: Json; sbom: Json; stranger: Json };
beforeAll(async () => {
  stack = await SigstoreStack.start();
  trust = trustOf(stack);
  about = {
    ours: await stack.attest(statement(FILE)),
    other: await stack.attest(statement(Buffer.from('another file'))),
    sbom: await stack.attest(statement(FILE, { predicateType: 'https://spdx.dev/Document' })),
    stranger: await stack.attest(
      statement(FILE),
      stack.signer({ names: [email('a@example.org')], issuer: 'https://x.example' }),
    ),
  };
});
afterAll(() => stack.stop());

const policy: SignaturePolicy = { ...POLICY, predicateTypes: [PREDICATE] };
const lines = (...bundles: readonly unknown[]): SignatureFile => ({
  form: 'bundle',
  bytes: Buffer.from(bundles.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))).join('\n')),
  name: 'sha256.jsonl',
});
const ask = (signature: SignatureFile) => verifyArtifact({ artifact: FILE, signature, policy, trust });

describe('several bundles in one file', () => {
  it('one of them is enough, and the evidence says which', async () => {
    for (const [file, line] of [
      [lines(about.ours, about.other), 1],
      [lines(about.other, about.sbom, about.stranger, about.ours), 4],
      [lines(about.sbom, '', '  ', about.ours, ''), 2],
    ] as const) {
      const { findings, evidence } = await ask(file);
      expect(findings).toEqual([]);
      expect(evidence.signature.line).toBe(line);
    }
  });

  it('lines that end with carriage returns', async () => {
    const text = `${JSON.stringify(about.other)}\r\n${JSON.stringify(about.ours)}\r\n`;
    expect((await ask({ form: 'bundle', bytes: Buffer.from(text), name: 'x' })).findings).toEqual([]);
  });

  it('none holds: the nearest is told, the one about this file', async () => {
    const { findings } = await ask(lines(about.other, about.sbom, about.stranger));
    expect(findings.map(({ rule }) => rule)).toEqual(['sig/wrong-identity', 'sig/wrong-issuer']);
    expect(findings[0]?.message).toContain('None of the 3 bundles holds; the nearest is number 3.');
  });

  it('only about other files', async () => {
    const { findings } = await ask(lines(about.other, about.other));
    expect(findings.map(({ rule }) => rule)).toEqual(['sig/wrong-subject']);
  });

  it('a bundle is not made of parts of others', async () => {
    const mixed = copy(about.ours);
    mixed.verificationMaterial = copy(about.stranger).verificationMaterial;
    expect((await ask(lines(about.stranger, mixed))).findings.length).toBeGreaterThan(0);
  });

  it('a line that is damaged makes the whole file a damaged one', async () => {
    for (const line of ['{"mediaType":', 'null', '[]', '"text"']) {
      const { findings } = await ask(lines(about.ours, line));
      expect(findings.map(({ rule }) => rule)).toEqual(['sig/malformed']);
    }
  });

  it('more than are read', async () => {
    const { findings } = await ask(lines(...Array.from({ length: 65 }, () => '{"a":1}')));
    expect(findings.map(({ rule }) => rule)).toEqual(['sig/too-large']);
  });

  it('an indented bundle is one bundle', () => {
    expect(bundlesIn(Buffer.from(JSON.stringify(about.ours, null, 2)))).toMatchObject({ bundles: [expect.anything()] });
  });
});
