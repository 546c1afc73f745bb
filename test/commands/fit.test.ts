import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { type FitCommandOptions, fitCommand } from '../../src/commands/fit.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { capture } from './capture.ts';

const schema: unknown = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../schema/fit.v1.json', import.meta.url)), 'utf8'),
);
const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
  typeof schema === 'object' && schema !== null ? schema : {},
);

describeWith(['cc'], 'fit', () => {
  const directory = workspace();
  let host = '';
  let good = '';
  let bad = '';
  let open = '';

  beforeAll(() => {
    // A shared object stands for the host here: what counts is what it exports.
    host = compileC(directory, 'host', 'int host_log(const char *text) { return text != 0; }');
    good = compileC(directory, 'good', 'int host_log(const char *); int run(void) { return host_log("x"); }');
    bad = compileC(
      directory,
      'bad',
      'int host_tell(void); int host_show(void); int run(void) { return host_tell() + host_show(); }',
    );
    compileC(directory, 'libgone', 'int gone(void) { return 1; }');
    open = compileC(directory, 'open', 'int gone(void); int run(void) { return gone(); }', [
      `-L${directory}`,
      '-lgone',
      '-Wl,--as-needed',
    ]);
  });

  async function run(hostFile: string | undefined, plugins: readonly string[], options: FitCommandOptions = {}) {
    const { terminal, out } = capture();
    return { exit: await fitCommand(hostFile, plugins, options, terminal), out: out() };
  }

  async function json(hostFile: string | undefined, plugins: readonly string[], options: FitCommandOptions = {}) {
    const { exit, out } = await run(hostFile, plugins, { ...options, format: 'json' });
    const value: unknown = JSON.parse(out);
    validate(value);
    expect(validate.errors ?? []).toEqual([]);
    return { exit, value };
  }

  it('exits 0 when every plugin loads', async () => {
    expect(await json(host, [good])).toEqual({
      exit: 0,
      value: { schema: 'plugin-gate/fit/v1', plugins: [{ file: good, loads: true, reasons: [] }] },
    });
  });

  it('exits 1 when one does not, with every reason, in the order in which they were named', async () => {
    expect(await json(host, [good, bad])).toMatchObject({
      exit: 1,
      value: {
        plugins: [
          { file: good, loads: true },
          {
            file: bad,
            loads: false,
            reasons: [
              { rule: 'fit/symbol-missing', symbol: 'host_show' },
              { rule: 'fit/symbol-missing', symbol: 'host_tell' },
            ],
          },
        ],
      },
    });
  });

  it('exits 3 when a library was not found, and 0 when its directory is given', async () => {
    expect(await json(host, [open])).toMatchObject({
      exit: 3,
      value: {
        plugins: [{ loads: 'undecided', reasons: [{ rule: 'fit/library-missing' }, { rule: 'fit/symbol-undecided' }] }],
      },
    });
    expect(await json(host, [open], { libraryDirs: [directory] })).toMatchObject({ exit: 0 });
  });

  it('exits 3 without a host, when only a host has what is needed', async () => {
    expect(await json(undefined, [good])).toMatchObject({
      exit: 3,
      value: { plugins: [{ loads: 'undecided', reasons: [{ rule: 'fit/host-unknown' }] }] },
    });
  });

  it('judges a target by its floors, not by the libraries of this machine', async () => {
    const newer = compileC(
      directory,
      'newer',
      `#include <pthread.h>
       int run(void) { pthread_t t; return pthread_create(&t, 0, 0, 0); }`,
    );
    const floor = await json(undefined, [newer]);
    expect(floor).toMatchObject({ exit: 0 });
    expect(await json(undefined, [newer], { target: 'debian:12' })).toMatchObject({ exit: 0 });
    expect(await json(undefined, [newer], { target: 'glibc:2.4' })).toMatchObject({
      exit: 1,
      value: { plugins: [{ loads: false, reasons: [{ rule: 'dep/floor-above-target', subject: 'GLIBC' }] }] },
    });
  });

  it('asks for required symbols', async () => {
    expect(await json(host, [good], { required: ['run', 'plugin_init'] })).toMatchObject({
      exit: 1,
      value: { plugins: [{ reasons: [{ rule: 'sym/required-missing', subject: 'plugin_init' }] }] },
    });
  });

  it('makes a finding of a plugin that is no plugin, and goes on with the others', async () => {
    const text = join(directory, 'text.so');
    writeFileSync(text, '<!DOCTYPE html>');
    expect(await json(host, [text, good])).toMatchObject({
      exit: 1,
      value: {
        plugins: [
          { file: text, loads: false, reasons: [{ rule: 'elf/not-elf' }] },
          { file: good, loads: true },
        ],
      },
    });
  });

  it('refuses what it cannot work with', async () => {
    const text = join(directory, 'host.txt');
    writeFileSync(text, 'no host');
    await expect(run(text, [good])).rejects.toThrow(/^The host .*host\.txt cannot be used: /);
    await expect(run(host, [])).rejects.toThrow('fit needs at least one plugin');
    await expect(run(host, [join(directory, 'none.so')])).rejects.toThrow(
      /Cannot read the plugin .*none\.so: there is no such file/,
    );
    await expect(run(host, [good], { target: 'beos:5' })).rejects.toMatchObject({ name: 'UsageError' });
    await expect(run(host, [good], { root: join(directory, 'none') })).rejects.toThrow(
      /There is no directory .*none, which --sysroot names/,
    );
    await expect(run(host, [good], { libraryDirs: [text] })).rejects.toThrow(/which --library-dir names/);
    await expect(run(host, [good], { format: 'sarif' })).rejects.toThrow('fit has no sarif output');
  });

  it('answers for several hosts, each by itself and together', async () => {
    const other = compileC(
      directory,
      'other-host',
      'int host_tell(void) { return 1; } int host_show(void) { return 2; }',
    );
    const { exit, value } = await json(`${host}`, [good]);
    expect([exit, value]).toEqual([
      0,
      { schema: 'plugin-gate/fit/v1', plugins: [{ file: good, loads: true, reasons: [] }] },
    ]);
    const { terminal, out } = capture();
    expect(await fitCommand([host, other, host], [good, bad], { format: 'json' }, terminal)).toBe(1);
    const both: unknown = JSON.parse(out());
    validate(both);
    expect(validate.errors ?? []).toEqual([]);
    expect(both).toMatchObject({
      plugins: [
        {
          file: good,
          loads: false,
          reasons: [{ rule: 'fit/symbol-missing', message: expect.stringMatching(/\(host .*other-host\.so\)$/) }],
        },
        { file: bad, loads: false },
      ],
      hosts: [
        { host, kind: 'program', plugins: [{ loads: true }, { loads: false }] },
        { host: other, kind: 'program', plugins: [{ loads: false }, { loads: true }] },
      ],
    });
  });

  it('knows kinds of hosts', async () => {
    expect(await json(undefined, [good], { preset: 'ladspa' })).toMatchObject({
      exit: 1,
      value: {
        plugins: [
          { reasons: [{ rule: 'fit/entry-missing', symbol: 'ladspa_descriptor' }, { rule: 'fit/host-unknown' }] },
        ],
      },
    });
    await expect(run(undefined, [good], { preset: 'apache' })).rejects.toThrow(
      'The preset apache is not known. Known presets: krakend, tyk, falco, fluent-bit, nginx, postgresql, pam, ladspa.',
    );
  });

  it('tells a person the answer first, then why and what to do', async () => {
    const { out } = await run(host, [good, bad]);
    expect(out).toContain(`✓ LOADS  ${good}`);
    expect(out).toContain(`✗ DOES NOT LOAD  ${bad}`);
    expect(out).toContain('Nothing provides host_tell, which the plugin uses.');
    expect(out).toMatch(/fix {7}Export it from the host/);
    expect(out).not.toContain('\x1b');
  });
});
