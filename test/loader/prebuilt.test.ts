import { createHash } from 'node:crypto';
import { cpSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readElf } from '../../src/elf/read.ts';
import { EnvironmentError } from '../../src/errors.ts';
import { readAuditLibrary, readPrebuilt } from '../../src/loader/prebuilt.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { load } from './support.ts';

const PREBUILT = join(import.meta.dirname, '../../native/prebuilt');
const NAMES = ['linux-amd64', 'linux-arm64', 'linux-amd64-musl', 'linux-arm64-musl'] as const;

describe('the prebuilt loaders', () => {
  it.each(NAMES)('%s is small, portable and hardened', (name) => {
    const { bytes } = readPrebuilt(PREBUILT, name);
    const image = readElf(bytes).image;
    expect(bytes.length).toBeLessThan(100 * 1024);
    expect(image?.header).toMatchObject({
      class: 64,
      machine: name.includes('arm64') ? 'aarch64' : 'x86-64',
      type: 'dyn',
    });
    expect(image?.floors.versions.GLIBC).toBe(name.endsWith('musl') ? undefined : '2.17');
    expect(image?.hardening).toMatchObject({
      relro: 'full',
      nxStack: true,
      writableExecutable: 0,
      textRelocations: false,
    });
    expect(image?.interpreter).toMatch(name.endsWith('musl') ? /ld-musl/ : /ld-linux/);
    // Nothing of the place where it was built, so that it is the same wherever it is built.
    expect(Buffer.from(bytes).toString('latin1')).not.toMatch(/\/(?:home|tmp|root)\/|native\/loader/);
    expect(statSync(join(PREBUILT, name, 'plugin-gate-loader')).mode & 0o111).not.toBe(0);
  });
});

describe('the audit libraries', () => {
  it.each(['linux-amd64', 'linux-arm64'] as const)(
    '%s needs nothing, and exports what rtld-audit(7) asks for',
    (name) => {
      const bytes = readAuditLibrary(PREBUILT, name)?.bytes ?? new Uint8Array();
      const image = readElf(bytes).image;
      expect(bytes.length).toBeGreaterThan(0);
      expect(bytes.length).toBeLessThan(100 * 1024);
      expect(image?.dynamic.needed).toEqual([]);
      expect(image?.undefined).toEqual([]);
      // Thread-local storage of its own would be taken from what plugins have.
      expect(image?.segments.some(({ type }) => type === 'TLS')).toBe(false);
      expect(image?.hardening).toMatchObject({ relro: 'full', nxStack: true, writableExecutable: 0 });
      expect(image?.symbols.map((symbol) => symbol.name).sort()).toEqual([
        'la_objclose',
        'la_objopen',
        'la_objsearch',
        'la_preinit',
        'la_symbind64',
        'la_version',
      ]);
      expect(Buffer.from(bytes).toString('latin1')).not.toMatch(/\/(?:home|tmp|root)\/|native\/audit/);
    },
  );

  it('are not there for musl, which has no audit interface', () => {
    expect(readAuditLibrary(PREBUILT, 'linux-amd64-musl')).toBeUndefined();
    expect(readAuditLibrary(PREBUILT, 'linux-arm64-musl')).toBeUndefined();
  });
});

describeWith(['cc'], 'a loader that is not what it should be', () => {
  const directory = workspace();
  const file = () => compileC(directory, 'plain', 'int entry(void) { return 0; }');

  it('is never run', async () => {
    const changed = join(directory, 'changed');
    cpSync(PREBUILT, changed, { recursive: true });
    for (const name of NAMES) {
      const path = join(changed, name, 'plugin-gate-loader');
      const bytes = readFileSync(path);
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
      writeFileSync(path, bytes);
    }
    await expect(load(file(), { prebuilt: changed })).rejects.toThrow(EnvironmentError);
    await expect(load(file(), { prebuilt: changed })).rejects.toThrow(/was changed or is incomplete/);
  });

  it('is not run with an audit library that was changed', async () => {
    const changed = join(directory, 'changed-audit');
    cpSync(PREBUILT, changed, { recursive: true });
    for (const name of ['linux-amd64', 'linux-arm64'])
      writeFileSync(join(changed, name, 'plugin-gate-audit.so'), 'other');
    await expect(load(file(), { prebuilt: changed })).rejects.toThrow(
      /plugin-gate-audit\.so has the digest .* was changed/,
    );
  });

  it('is run without an audit library where the installation has none, and says so', async () => {
    const bare = join(directory, 'bare');
    cpSync(PREBUILT, bare, { recursive: true });
    const sums = readFileSync(join(bare, 'SHA256SUMS'), 'latin1');
    writeFileSync(join(bare, 'SHA256SUMS'), sums.replace(/^.*audit\.so\n/gm, ''));
    const { evidence, findings } = await load(file(), { prebuilt: bare });
    expect([findings, evidence.result]).toEqual([[], 'loaded']);
    expect(evidence.audit).toEqual({ linker: false, reason: 'there is no audit library' });
  });

  it('is an environment error when it is missing, unnamed, or does not start', async () => {
    await expect(load(file(), { prebuilt: join(directory, 'nowhere') })).rejects.toThrow(EnvironmentError);

    const unnamed = join(directory, 'unnamed');
    cpSync(PREBUILT, unnamed, { recursive: true });
    writeFileSync(join(unnamed, 'SHA256SUMS'), '');
    await expect(load(file(), { prebuilt: unnamed })).rejects.toThrow(/does not name/);

    const broken = join(directory, 'broken');
    cpSync(PREBUILT, broken, { recursive: true });
    const script = '#!/bin/sh\necho no luck >&2\nexit 1\n';
    const sums = NAMES.map((name) => {
      writeFileSync(join(broken, name, 'plugin-gate-loader'), script);
      return `${createHash('sha256').update(script).digest('hex')}  ${name}/plugin-gate-loader\n`;
    });
    writeFileSync(join(broken, 'SHA256SUMS'), sums.join(''));
    await expect(load(file(), { prebuilt: broken })).rejects.toThrow(/did not start \(exit code 1\): no luck/);
  });
});
