import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Terminal } from '../../src/commands/command.ts';
import { type LoadCommandOptions, loadCommand } from '../../src/commands/load.ts';
import { UsageError } from '../../src/errors.ts';
import { loadJsonSchema } from '../../src/report/load-schema.ts';
import { misbehaving } from '../loader/support.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';

const SCHEMA = join(import.meta.dirname, '../../schema/load.v1.json');

async function run(file: string, options: LoadCommandOptions = {}, terminal: Partial<Terminal> = {}) {
  let out = '';
  let err = '';
  const code = await loadCommand(file, options, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    colour: false,
    interactive: false,
    width: 100,
    ...terminal,
  });
  return { code, out, err };
}

describeWith(['cc'], 'plugin-gate load', () => {
  const directory = workspace();
  const validate = new Ajv2020({ strict: false }).compile(JSON.parse(readFileSync(SCHEMA, 'utf8')));
  const plain = () => compileC(directory, 'plain', 'int entry(void) { return 0; } int sick(void) { return 3; }');

  it('does not write the audit trail over what it loads', async () => {
    const file = compileC(directory, 'kept', 'int entry(void) { return 0; }');
    const before = readFileSync(file);
    const link = join(directory, 'other-name.so');
    symlinkSync(file, link);
    for (const audit of [file, link]) {
      await expect(run(file, { audit })).rejects.toThrow(/would overwrite .*kept/);
      await expect(run(plain(), { audit, previous: file })).rejects.toThrow(UsageError);
    }
    expect(readFileSync(file)).toEqual(before);
    expect((await run(file, { audit: join(directory, 'trail.jsonl') })).code).toBe(0);
  });

  it('publishes the schema that the code has', () => {
    expect(JSON.parse(readFileSync(SCHEMA, 'utf8'))).toEqual(JSON.parse(JSON.stringify(loadJsonSchema())));
  });

  it('exits 0 for a healthy plugin and shows phases', async () => {
    const { code, out, err } = await run(plain(), { symbols: ['entry'], probes: ['entry'] });
    expect(code).toBe(0);
    expect(err).toBe('');
    expect(out).toMatch(
      /^✓ loaded {2}.*plain\.so\n {2}loaded in [\d.]+ ms, 1 of 1 symbols found, 1 probes? called, unloaded\n/,
    );
    expect(out).toMatch(/probe entry +[\d.]+ ms +[\d.]+ [KM]iB resident, 1 thread/);
    expect(out).toContain('entry() → 0');
  });

  it('exits 1 for a plugin that fails, and says why', async () => {
    const { code, out } = await run(plain(), { symbols: ['absent'], probes: ['sick'] });
    expect(code).toBe(1);
    expect(out).toMatch(/^✗ failed/);
    expect(out).toContain('load/symbol-missing');
    expect(out).toContain('sick() returned 3, expected 0.');
  });

  it('exits 3 when it cannot be told', async () => {
    const file = plain();
    const bytes = readFileSync(file);
    bytes.writeUInt16LE(22, 18); // EM_S390
    const other = join(directory, 's390.so');
    const { writeFileSync } = await import('node:fs');
    writeFileSync(other, bytes);
    const { code, out } = await run(other);
    expect(code).toBe(3);
    expect(out).toMatch(/^\? undecided/);
  });

  it('gives JSON that its schema describes, for every kind of result', async () => {
    const files = [
      plain(),
      misbehaving(directory, 'crashes'),
      misbehaving(directory, 'leavesDaemon'),
      misbehaving(directory, 'closesDescriptors'),
      misbehaving(directory, 'printsCommands'),
      compileC(directory, 'unbound', 'extern int host; int *entry = &host;'),
    ];
    const verdicts: string[] = [];
    for (const file of files) {
      const { out } = await run(file, { format: 'json', symbols: ['entry'] });
      const report = JSON.parse(out);
      expect(validate(report) ? [] : validate.errors).toEqual([]);
      verdicts.push(`${report.evidence.result} ${report.verdict}`);
    }
    expect(verdicts).toEqual([
      'loaded loaded',
      'crashed failed',
      'loaded failed',
      'interfered failed',
      'loaded failed',
      'refused failed',
    ]);
  });

  it('shows what the plugin prints harmlessly', async () => {
    const { out } = await run(misbehaving(directory, 'printsCommands'));
    expect(out).not.toMatch(/^::/m);
    expect(out).not.toContain('\x1b');
    expect(out).toContain('│ ::error::owned');
  });

  it('tells a person at a terminal what it is doing, and nobody else', async () => {
    const { err } = await run(plain(), {}, { interactive: true });
    expect(err).toBe('loading plain.so …\r\x1b[K');
  });

  it('refuses what it cannot do', async () => {
    await expect(run(join(directory, 'missing.so'))).rejects.toThrow(UsageError);
    await expect(run(plain(), { format: 'sarif' })).rejects.toThrow(/text or --format json/);
    await expect(run(plain(), { timeout: -1 })).rejects.toThrow(/timeout/);
  });
});
