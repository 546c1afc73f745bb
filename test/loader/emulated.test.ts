import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { MISBEHAVING, type Misbehaving } from './misbehaving.ts';
import { load, rulesOf, survivors } from './support.ts';

/** On an aarch64 machine nothing is emulated: all other tests are about that. */
const PROGRAMS = process.arch === 'arm64' ? undefined : ['aarch64-linux-gnu-gcc', 'qemu-aarch64'];

const describeEmulated = (title: string, body: () => void) => {
  if (PROGRAMS !== undefined) describeWith(PROGRAMS, title, body);
  else describe(title, () => it('needs no emulator here', () => expect(process.arch).toBe('arm64')));
};

describeEmulated('a plugin for aarch64', () => {
  const directory = workspace();

  function compile(name: string, source: string): string {
    const output = join(directory, `${name}.so`);
    writeFileSync(join(directory, `${name}.c`), source);
    execFileSync('aarch64-linux-gnu-gcc', [
      '-w',
      '-shared',
      '-fPIC',
      '-o',
      output,
      join(directory, `${name}.c`),
      '-pthread',
    ]);
    return output;
  }
  const bad = (name: Misbehaving) => compile(name, MISBEHAVING[name]);

  it('loads under the emulator', async () => {
    const file = compile('plain', 'int entry(void) { return 0; }');
    const { findings, evidence } = await load(file, {
      symbols: ['entry', 'nothing'],
      probes: [{ symbol: 'entry', signature: 'int(void)' }],
    });
    expect(findings.map(({ rule, symbol }) => `${rule} ${symbol}`)).toEqual([
      'load/symbol-missing nothing',
      'load/sandbox-missing undefined',
    ]);
    expect(evidence).toMatchObject({
      result: 'loaded',
      loader: { machine: 'aarch64', emulator: 'qemu-aarch64' },
      probes: [{ number: 0 }],
      unload: { mapped: false },
      audit: { linker: true },
    });
    // The dynamic linker of the other architecture tells, not the emulator's own.
    const told = evidence.trail.filter(({ by }) => by === 'linker');
    expect(told).toContainEqual(expect.objectContaining({ event: 'object', path: 'plain.so', handle: 1 }));
    expect(told).toContainEqual(expect.objectContaining({ event: 'symbol', name: 'entry', definer: 1 }));
  });

  it('misbehaves there as elsewhere, and harms as little', async () => {
    const timeouts = { open: 1500, close: 1500, exit: 1500 };
    expect(rulesOf(await load(bad('exits')))).toEqual(['error load/exited', 'undecided load/sandbox-missing']);
    // The emulator itself tells of the crash on standard error.
    expect(rulesOf(await load(bad('crashes')))).toEqual([
      'error load/crashed',
      'note load/output',
      'undecided load/sandbox-missing',
    ]);
    expect(rulesOf(await load(bad('hangs'), { timeouts }))).toEqual([
      'error load/timeout',
      'undecided load/sandbox-missing',
    ]);
    const name = `pg-arm-${process.pid % 1000}`;
    const left = await load(bad('leavesDaemon'), { environment: { DAEMON_NAME: name } });
    expect(rulesOf(left)).toEqual(['error load/leftover-process', 'undecided load/sandbox-missing']);
    expect(await survivors(name)).toEqual([]);
  });

  it('is undecided without an emulator', async () => {
    const { findings, evidence } = await load(compile('alone', 'int entry(void) { return 0; }'), { path: '/nowhere' });
    expect(findings).toMatchObject([{ rule: 'load/emulation-missing', severity: 'undecided' }]);
    expect(findings[0]?.message).toMatch(/aarch64 \(64-bit, little-endian\).*qemu-aarch64/);
    expect(evidence.result).toBe('not-run');
  });

  it('is undecided without the C library of the architecture', async () => {
    const { findings } = await load(compile('bare', 'int entry(void) { return 0; }'), { sysroot: directory });
    expect(findings).toMatchObject([{ rule: 'load/emulation-missing' }]);
    expect(findings[0]?.message).toMatch(/ld-linux-aarch64\.so\.1/);
  });

  it('is undecided where there is no loader at all', async () => {
    const file = compile('other', 'int entry(void) { return 0; }');
    const bytes = readFileSync(file);
    bytes.writeUInt16LE(243, 18); // EM_RISCV
    const { findings } = await load(file, { bytes });
    expect(findings).toMatchObject([{ rule: 'load/unsupported', severity: 'undecided' }]);
  });
});
