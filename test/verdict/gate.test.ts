import { createHash, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { UsageError } from '../../src/errors.ts';
import { renderJson } from '../../src/report/json.ts';
import { parseReport } from '../../src/report/schema.ts';
import { renderText } from '../../src/report/text.ts';
import { verifyArtifact } from '../../src/signature/verify.ts';
import { compile, functions, gate, OTHER, RUNNER, rules } from '../gate/project.ts';
import { keyPolicy } from '../signature/verifying.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import {
  PRIVATE,
  PUBLIC,
  recordIn,
  SIGNED,
  signingProject,
  statementIn,
  summaryIn,
  testsIn,
  VERIFIER,
  WITH_KEY,
} from './signing-project.ts';

const root = workspace();
const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
const bundleAt = (directory: string, file: string) => ({
  form: 'bundle' as const,
  bytes: readFileSync(join(directory, file)),
  name: file,
});

describeWith(['cc'], 'the signed verdict of the gate', () => {
  it('says PASSED of what passed, with what was seen and no more', async () => {
    const directory = signingProject(root);
    const { report } = await gate(directory, WITH_KEY);
    expect(report.verdict).toBe('pass');
    const statement = statementIn(directory, 'p.so.vsa.sigstore.json');
    expect(statement).toEqual({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'p.so', digest: { sha256: sha256(join(directory, 'p.so')) } }],
      predicateType: 'https://slsa.dev/verification_summary/v1',
      predicate: {
        verifier: { id: VERIFIER, version: { 'plugin-gate': '0.0.0-test' } },
        timeVerified: expect.stringMatching(/^2026-11-22T12:0\d:\d\d\.\d{3}Z$/),
        resourceUri: `pkg:generic/p@1.2.0?arch=${RUNNER.slice(6)}&os=linux`,
        policy: { uri: 'plugin-gate.yml#policy', digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } },
        inputAttestations: [],
        verificationResult: 'PASSED',
        verifiedLevels: ['SLSA_BUILD_LEVEL_UNEVALUATED', 'PLUGIN_GATE_READ', 'PLUGIN_GATE_LOADED'],
        slsaVersion: '1.2',
      },
    });
    expect(testsIn(directory)).toMatchObject({
      result: 'PASSED',
      passedTests: ['read', 'load'],
      warnedTests: [],
      failedTests: [],
      configuration: [
        { name: 'plugin-gate.yml', digest: { sha256: sha256(join(directory, 'plugin-gate.yml')) } },
        { name: 'plugin-gate.yml#policy' },
      ],
    });
    const [line] = recordIn(directory);
    expect(line).toMatchObject({
      previous: null,
      plugin: 'p',
      result: 'passed',
      artifact: { file: 'p.so', digest: report.plugins[0]?.artifact?.digest },
      policy: { digest: `sha256:${statement.predicate.policy.digest.sha256}` },
      verdict: { summary: { name: 'p.so.vsa.sigstore.json' } },
    });
    expect(report.plugins[0]?.verdict).toMatchObject({
      result: 'passed',
      summary: {
        file: 'p.so.vsa.sigstore.json',
        digest: `sha256:${sha256(join(directory, 'p.so.vsa.sigstore.json'))}`,
      },
      signer: expect.stringMatching(/^ECDSA P-256 key sha256:/),
    });
    const text = renderText(report);
    expect(text).toContain('p.so.vsa.sigstore.json');
    expect(text).toContain(`policy ${report.plugins[0]?.verdict?.policy}`);
    // What is published of a report is what its schema says.
    expect(parseReport(renderJson(report)).plugins[0]?.verdict).toEqual(report.plugins[0]?.verdict);
  });

  it('signs so that the signature verifies, for both statements', async () => {
    const directory = signingProject(root);
    await gate(directory, WITH_KEY);
    const artifact = readFileSync(join(directory, 'p.so'));
    for (const [file, type] of [
      ['p.so.vsa.sigstore.json', 'https://slsa.dev/verification_summary/v1'],
      ['p.so.test-result.sigstore.json', 'https://in-toto.io/attestation/test-result/v0.1'],
    ] as const) {
      const policy = keyPolicy(PUBLIC, { predicateTypes: [type] });
      const { findings } = await verifyArtifact({ artifact, signature: bundleAt(directory, file), policy });
      expect(findings).toEqual([]);
    }
  });

  it('says FAILED of what failed, with the reason in the record', async () => {
    const directory = signingProject(root, '    symbols: { required: [p_gone] }');
    const { report } = await gate(directory, WITH_KEY);
    expect(report.verdict).toBe('fail');
    expect(summaryIn(directory)).toMatchObject({ verificationResult: 'FAILED', verifiedLevels: ['FAILED'] });
    expect(testsIn(directory)).toMatchObject({ result: 'FAILED', failedTests: expect.arrayContaining(['load']) });
    const [line] = recordIn(directory);
    expect(line.result).toBe('failed');
    expect(line.reason).toContain('p_gone');
    expect(line.blocking.map(({ rule }: { rule: string }) => rule)).toContain('sym/required-missing');
  });

  it.each(['fail', 'warn', 'ignore'])(
    'never says PASSED of what is undecided, with policy.undecided: %s',
    async (mode) => {
      const directory = signingProject(root, '', `policy: { undecided: ${mode} }\n${SIGNED}`);
      compile(directory, 'old.so', functions('p_init'), ['-g0', '-s']);
      const text = readFileSync(join(directory, 'plugin-gate.yml'), 'utf8');
      writeFileSync(join(directory, 'plugin-gate.yml'), text.replace('none: first release', 'file: old.so'));
      const { report } = await gate(directory, WITH_KEY);
      expect(report.verdict).toBe(mode === 'fail' ? 'undecided' : 'pass');
      expect(summaryIn(directory).verificationResult).toBe('FAILED');
      expect(testsIn(directory).result).toBe('FAILED');
      expect(report.plugins[0]?.verdict?.result).toBe('undecided');
      expect(recordIn(directory)[0].result).toBe('undecided');
    },
  );

  it('gives no level for a step whose findings were let pass', async () => {
    const lowered = 'policy: { rules: { load/symbol-missing: warning, sym/required-missing: warning } }\n';
    const directory = signingProject(root, '    symbols: { required: [p_gone] }', `${lowered}${SIGNED}`);
    const { report } = await gate(directory, WITH_KEY);
    expect(report.verdict).toBe('pass');
    expect(summaryIn(directory)).toMatchObject({
      verificationResult: 'PASSED',
      verifiedLevels: expect.not.arrayContaining(['PLUGIN_GATE_LOADED']),
    });
    expect(testsIn(directory)).toMatchObject({ result: 'WARNED', warnedTests: expect.arrayContaining(['load']) });
  });

  it('judges each target for itself, and says nothing of a file that is not there', async () => {
    const directory = signingProject(root, `    targets: [${RUNNER}, ${OTHER}]`.replace('', ''));
    const text = readFileSync(join(directory, 'plugin-gate.yml'), 'utf8');
    writeFileSync(join(directory, 'plugin-gate.yml'), text.replace('artifact: p.so', 'artifact: "{arch}.so"'));
    compile(directory, `${RUNNER.slice(6)}.so`, functions('p_init'));
    const { report } = await gate(directory, WITH_KEY);
    expect(report.plugins.map(({ verdict }) => [verdict?.result, verdict?.summary !== undefined])).toEqual([
      ['passed', true],
      ['failed', false],
    ]);
    expect(recordIn(directory).map(({ result, artifact }) => [result, artifact === null])).toEqual([
      ['passed', false],
      ['failed', true],
    ]);
  });

  it('keeps the policy digest from release to release, and changes it with what is asked', async () => {
    const digestOf = async (change: (text: string) => string): Promise<string> => {
      const directory = signingProject(root);
      const text = readFileSync(join(directory, 'plugin-gate.yml'), 'utf8');
      writeFileSync(join(directory, 'plugin-gate.yml'), change(text));
      const { report } = await gate(directory, WITH_KEY);
      return report.plugins[0]?.verdict?.policy ?? 'none';
    };
    const digest = await digestOf((text) => text);
    expect(await digestOf((text) => text.replace('1.2.0', '1.3.0'))).toBe(digest);
    expect(await digestOf((text) => `${text}\n# a remark\n`)).toBe(digest);
    expect(await digestOf((text) => `${text}\npolicy: { undecided: warn }\n`)).not.toBe(digest);
    expect(await digestOf((text) => text.replace('none: first release', 'file: p.c'))).not.toBe(digest);
    expect(await digestOf((text) => `${text}\nrollback: { floor: "1.0.0" }\n`)).not.toBe(digest);
    expect(await digestOf((text) => text.replace('version: 1.2.0', 'symbols: { required: [p_init] }'))).not.toBe(
      digest,
    );
  });

  it('gives the level of a signature only where one was verified', async () => {
    const directory = signingProject(root, '', `rollback: { floor: "1.0.0" }\n${SIGNED}`);
    const { report } = await gate(directory, WITH_KEY);
    expect(report.verdict).toBe('pass');
    expect(summaryIn(directory)).toMatchObject({
      inputAttestations: [],
      verifiedLevels: expect.not.arrayContaining(['PLUGIN_GATE_SIGNATURE_VERIFIED']),
    });
  });

  it('names the signature that it verified as an input', async () => {
    const keys = generateKeyPairSync('ed25519');
    const directory = signingProject(root, '    signature: { key: vendor.pub, signature: "{artifact}.sig" }');
    const { sign } = await import('node:crypto');
    writeFileSync(join(directory, 'vendor.pub'), keys.publicKey.export({ type: 'spki', format: 'pem' }));
    writeFileSync(join(directory, 'p.so.sig'), sign(null, readFileSync(join(directory, 'p.so')), keys.privateKey));
    const { report } = await gate(directory, WITH_KEY);
    expect(report.verdict).toBe('pass');
    expect(summaryIn(directory)).toMatchObject({
      inputAttestations: [{ uri: 'p.so.sig', digest: { sha256: sha256(join(directory, 'p.so.sig')) } }],
      verifiedLevels: expect.arrayContaining(['PLUGIN_GATE_SIGNATURE_VERIFIED']),
    });
  });
});

describeWith(['cc'], 'a gate that cannot sign', () => {
  const environment = { PATH: process.env.PATH };

  it('fails, says why, and records it', async () => {
    const directory = signingProject(root);
    const { report } = await gate(directory, { environment });
    expect(report.verdict).toBe('fail');
    expect(rules(report)).toContain('!verdict/not-signed');
    expect(report.findings.find(({ rule }) => rule === 'verdict/not-signed')?.message).toBe(
      `The verdict about p for ${RUNNER} is not signed: the environment variable GATE_KEY, which holds the key, is not set.`,
    );
    expect(existsSync(join(directory, 'p.so.vsa.sigstore.json'))).toBe(false);
    expect(recordIn(directory)[0]).toMatchObject({
      result: 'passed',
      verdict: { unsigned: expect.stringContaining('GATE_KEY') },
    });
  });

  it('leaves no verdict of an earlier run', async () => {
    const directory = signingProject(root);
    await gate(directory, WITH_KEY);
    expect(existsSync(join(directory, 'p.so.vsa.sigstore.json'))).toBe(true);
    await gate(directory, { environment });
    expect(existsSync(join(directory, 'p.so.vsa.sigstore.json'))).toBe(false);
    expect(existsSync(join(directory, 'p.so.test-result.sigstore.json'))).toBe(false);
  });

  it('warns where the configuration does not require it', async () => {
    const directory = signingProject(root, '', SIGNED.replace('key:', 'required: false, key:'));
    const { report } = await gate(directory, { environment });
    expect(report.verdict).toBe('pass');
    expect(rules(report)).toContain('verdict/not-signed');
  });

  it('is silent where it was told not to sign', async () => {
    const directory = signingProject(root);
    const { report } = await gate(directory, { environment, sign: false });
    expect(report.verdict).toBe('pass');
    expect(rules(report)).not.toContain('verdict/not-signed');
    expect(existsSync(join(directory, 'p.so.vsa.sigstore.json'))).toBe(false);
    expect(recordIn(directory)[0].verdict).toBeNull();
  });

  it('signs no change that nobody merged, unless it is asked to', async () => {
    const directory = signingProject(root);
    const base = {
      commit: 'b'.repeat(40),
      read: async (path: string) => (path === 'plugin-gate.yml' ? readFileSync(join(directory, path)) : undefined),
    };
    const { report } = await gate(directory, { ...WITH_KEY, base });
    expect([report.verdict, report.policy?.commit]).toEqual(['pass', base.commit]);
    expect(existsSync(join(directory, 'p.so.vsa.sigstore.json'))).toBe(false);
    expect(recordIn(directory)[0].verdict).toBeNull();
    await gate(directory, { ...WITH_KEY, base, sign: true });
    expect(summaryIn(directory).verificationResult).toBe('PASSED');
  });

  it('says that a run without an identity token cannot sign with Sigstore', async () => {
    const directory = signingProject(root, '', SIGNED.replace('key: { environment: GATE_KEY }', 'sigstore: {}'));
    const { report } = await gate(directory, { environment });
    expect(report.findings.find(({ rule }) => rule === 'verdict/not-signed')?.message).toContain('id-token: write');
  });

  it.each([
    ['no key at all', 'hello', /no "-----BEGIN" line/],
    ['a public key', PUBLIC, /holds a "PUBLIC KEY", not a private key/],
    ['a damaged key', PRIVATE.replace(/[A-Za-z0-9+/]{20}/, 'A'.repeat(20)), /cannot be read/],
    [
      "a key in cosign's own form",
      '-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n',
      /cosign's own encryption/,
    ],
  ])('refuses %s before anything runs, without printing it', async (_, pem, why) => {
    const directory = signingProject(root);
    const run = gate(directory, { environment: { ...environment, GATE_KEY: pem } });
    await expect(run).rejects.toThrow(UsageError);
    await expect(run).rejects.toThrow(why);
    const message = await run.then(
      () => '',
      (error: Error) => error.message,
    );
    expect(message).not.toContain(pem.split('\n')[1] ?? pem);
    expect(existsSync(join(directory, 'audit.jsonl'))).toBe(false);
  });

  it('takes an encrypted key with its password, and not with another or none', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' });
    const configured = SIGNED.replace('GATE_KEY', 'GATE_KEY, password: GATE_PASSWORD');
    const directory = signingProject(root, '', configured);
    const secrets = { ...environment, GATE_KEY: pem.toString(), GATE_PASSWORD: 'open sesame' };
    const { report } = await gate(directory, { environment: secrets });
    expect(report.verdict).toBe('pass');
    const policy = keyPolicy(publicKey.export({ type: 'spki', format: 'pem' }).toString(), {
      predicateTypes: ['https://slsa.dev/verification_summary/v1'],
    });
    const signature = bundleAt(directory, 'p.so.vsa.sigstore.json');
    const { findings } = await verifyArtifact({ artifact: readFileSync(join(directory, 'p.so')), signature, policy });
    expect(findings).toEqual([]);
    await expect(gate(directory, { environment: { ...secrets, GATE_PASSWORD: 'wrong' } })).rejects.toThrow(
      /the password is wrong/,
    );
    const without = await gate(directory, { environment: { ...environment, GATE_KEY: pem.toString() } });
    expect(rules(without.report)).toContain('!verdict/not-signed');
  });

  it('takes a key from a file, and says when there is none', async () => {
    const directory = signingProject(root, '', SIGNED.replace('environment: GATE_KEY', 'file: secret/gate.pem'));
    expect(rules((await gate(directory, { environment })).report)).toContain('!verdict/not-signed');
    mkdirSync(join(directory, 'secret'));
    writeFileSync(join(directory, 'secret/gate.pem'), PRIVATE);
    expect((await gate(directory, { environment })).report.verdict).toBe('pass');
  });

  it('writes nothing through a link out of the repository', async () => {
    const directory = signingProject(root);
    const outside = signingProject(root);
    const text = readFileSync(join(directory, 'plugin-gate.yml'), 'utf8');
    symlinkSync(outside, join(directory, 'out'));
    writeFileSync(join(directory, 'plugin-gate.yml'), text.replace('record: audit.jsonl', 'record: out/audit.jsonl'));
    const { report } = await gate(directory, WITH_KEY);
    expect(rules(report)).toContain('!verdict/not-recorded');
    expect(existsSync(join(outside, 'audit.jsonl'))).toBe(false);
  });
});

describeWith(['cc'], 'secrets of the signing', () => {
  it('are not in the environment of a build, nor in anything that the gate returns', async () => {
    const build = '    build: { command: [sh, -c, "env > seen.txt; cc -shared -fPIC -o p.so source.c"] }';
    const directory = signingProject(root, build);
    const { report } = await gate(directory, {
      environment: {
        ...WITH_KEY.environment,
        ACTIONS_ID_TOKEN_REQUEST_URL: 'https://token.example/secret-url',
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'secret-token',
      },
    });
    const seen = readFileSync(join(directory, 'seen.txt'), 'utf8');
    const secret = PRIVATE.split('\n')[1] ?? '';
    for (const text of [seen, JSON.stringify(report), readFileSync(join(directory, 'audit.jsonl'), 'utf8')]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain('secret-token');
      expect(text).not.toContain('GATE_KEY=');
    }
  });
});
