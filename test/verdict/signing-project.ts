import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GateRequest } from '../../src/gate/run.ts';
import { compile, functions } from '../gate/project.ts';
import type { Json } from '../support/sigstore-stack.ts';
import { writeTree } from '../support/workspace.ts';

/** Projects whose gate signs, and what it signed. */

export const VERIFIER = 'https://example.org/release-gate';
export const KEYS = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
export const PUBLIC = KEYS.publicKey.export({ type: 'spki', format: 'pem' }).toString();
export const PRIVATE = KEYS.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** A gate that gets the key in a variable, as the configuration below names it. */
export const WITH_KEY: Partial<GateRequest> = { environment: { PATH: process.env.PATH, GATE_KEY: PRIVATE } };

export const SIGNED = `verdict: { verifier: "${VERIFIER}", key: { environment: GATE_KEY } }\nreport: { record: audit.jsonl }\n`;

/** A project with the plugin p.so, which exports p_init, and more lines for the plugin and for the whole. */
export function signingProject(root: string, plugin = '', whole = SIGNED): string {
  const directory = mkdtempSync(join(root, 'v-'));
  writeTree(directory, {
    'plugin-gate.yml': `version: 1
plugins:
  - name: p
    kind: elf
    artifact: p.so
    version: 1.2.0
${plugin}
${plugin.includes('baseline') ? '' : 'baseline: { none: first release }\n'}${whole}`,
  });
  compile(directory, 'p.so', functions('p_init'));
  writeFileSync(join(directory, 'gate.pub'), PUBLIC);
  return directory;
}

/** The statement in a bundle; its signature is not looked at. */
export function statementIn(directory: string, file: string): Json {
  const bundle: Json = JSON.parse(readFileSync(join(directory, file), 'utf8'));
  return JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString());
}

export const summaryIn = (directory: string): Json => statementIn(directory, 'p.so.vsa.sigstore.json').predicate;
export const testsIn = (directory: string): Json => statementIn(directory, 'p.so.test-result.sigstore.json').predicate;

/** The lines of the audit record. */
export function recordIn(directory: string, file = 'audit.jsonl'): Json[] {
  const text = readFileSync(join(directory, file), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line): Json => JSON.parse(line));
}
