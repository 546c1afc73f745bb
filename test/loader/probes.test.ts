import { expect, it } from '@jest/globals';
import { UsageError } from '../../src/errors.ts';
import type { Probe } from '../../src/loader/model.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { load, misbehaving, rulesOf } from './support.ts';

describeWith(['cc'], 'symbols and probes', () => {
  const directory = workspace();
  const probe = (symbol: string, more: Partial<Probe> = {}): Probe => ({ symbol, signature: 'int(void)', ...more });
  const run = (...probes: readonly Probe[]) =>
    load(misbehaving(directory, 'probes'), { probes, timeouts: { probe: 300 } });

  it('calls every signature and reports what came back', async () => {
    const { findings, evidence } = await run(
      probe('healthy'),
      probe('broken', { expect: -7 }),
      probe('nothing', { signature: 'void(void)' }),
      probe('named', { signature: 'const char *(void)' }),
    );
    expect(findings).toEqual([]);
    expect(evidence.probes).toMatchObject([
      { symbol: 'healthy', number: 0 },
      { symbol: 'broken', number: -7 },
      { symbol: 'nothing', found: true },
      { symbol: 'named', text: 'fish "\n\ufffd' },
    ]);
  });

  it('judges what a probe returns', async () => {
    const { findings } = await run(
      probe('broken'),
      probe('nameless', { signature: 'const char *(void)' }),
      probe('named', { signature: 'const char *(void)', expect: 'meat' }),
      probe('absent'),
    );
    expect(findings.map(({ rule, message }) => `${rule}: ${message}`)).toEqual([
      'load/probe-failed: broken() returned -7, expected 0.',
      'load/probe-failed: nameless() returned NULL, expected text.',
      'load/probe-failed: named() returned "fish \\"\\n\ufffd", expected "meat".',
      'load/symbol-missing: The probe absent is not in the loaded plugin.',
    ]);
  });

  it('reads text as UTF-8, in what a probe returns and in what is printed', async () => {
    const file = compileC(
      directory,
      'utf8',
      '#include <stdio.h>\nconst char *name(void) { puts("h\u00e9llo \u2713"); return "caf\u00e9"; }',
      ['-w'],
    );
    const probes = [probe('name', { signature: 'const char *(void)', expect: 'caf\u00e9' })];
    const { findings, evidence } = await load(file, { probes });
    expect(findings.map(({ rule }) => rule)).toEqual(['load/output']);
    expect(evidence.output.stdout).toMatchObject({ text: 'h\u00e9llo \u2713\n', bytes: 11, cut: false });
  });

  it('holds each probe to its own timeout', async () => {
    const file = compileC(
      directory,
      'slow',
      '#include <unistd.h>\nint slow(void) { usleep(400000); return 0; } int fast(void) { return 0; }',
      ['-w'],
    );
    const probes = [probe('slow', { timeout: 200 }), probe('fast', { timeout: 5000 })];
    const { findings } = await load(file, { probes, timeouts: { probe: 5000 } });
    expect(findings).toEqual([
      expect.objectContaining({
        rule: 'load/timeout',
        message: expect.stringMatching(/^The probe slow took [4-9]\d\d ms, and its timeout is 200 ms\.$/),
      }),
    ]);
    const patient = probes.map((one) => ({ ...one, timeout: 5000 }));
    expect((await load(file, { probes: patient, timeouts: { probe: 5000 } })).findings).toEqual([]);
  });

  it.each([
    [
      'crashing',
      'load/crashed',
      'It crashed with SIGSEGV (invalid memory access) in the probe crashing(), in crashing.',
    ],
    ['aborting', 'load/crashed', 'It crashed with SIGABRT (abort) in the probe aborting(), in aborting.'],
    ['exiting', 'load/exited', 'It ended the process with exit code 0 in the probe exiting().'],
    ['hanging', 'load/timeout', 'It did not come back within 300 ms in the probe hanging().'],
  ])('%s: %s', async (symbol, rule, message) => {
    const { findings } = await run(probe('healthy'), probe(symbol), probe('healthy'));
    expect(findings).toMatchObject([{ rule, message }]);
  });

  it('survives a pointer to nowhere as text', async () => {
    const outcome = await run(probe('wild', { signature: 'const char *(void)' }));
    expect(rulesOf(outcome)).toEqual(['error load/crashed']);
  });

  it('looks up thousands of symbols', async () => {
    const symbols = Array.from({ length: 3000 }, (_, index) => (index % 1000 === 0 ? 'healthy' : `missing_${index}`));
    const { findings, evidence } = await load(misbehaving(directory, 'probes'), { symbols });
    expect(evidence.symbols.filter(({ found }) => found)).toHaveLength(3);
    expect(findings).toHaveLength(2997);
    expect(findings[0]).toMatchObject({ rule: 'load/symbol-missing', symbol: 'missing_1' });
  });

  it('refuses names and timeouts that cannot be passed on', async () => {
    const file = misbehaving(directory, 'probes');
    await expect(load(file, { symbols: ['a\nprobe int b'] })).rejects.toThrow(UsageError);
    await expect(load(file, { symbols: [''] })).rejects.toThrow(/empty/);
    await expect(load(file, { timeouts: { open: 0 } })).rejects.toThrow(/timeout/);
  });
});
