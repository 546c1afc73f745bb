import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { resolveBaseline } from '../../src/baseline/resolve.ts';
import { planBuild } from '../../src/build/plan.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { PluginConfig } from '../../src/config/schema.ts';
import { readElf } from '../../src/elf/read.ts';
import { planJobs } from '../../src/gate/plan.ts';
import { build, HOST, requestFor } from '../build/request.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';

const SOURCE = join(import.meta.dirname, '../../examples/quickstart');
const CONFIGS = ['plugin-gate.yml', 'breaking.yml', 'prebuilt.yml', 'prebuilt-breaking.yml'];

function jobsOf(config: string) {
  const loaded = loadConfig(config, readFileSync(join(SOURCE, config), 'utf8'));
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  return planJobs(loaded.config, HOST);
}

function image(file: string) {
  const { image: read } = readElf(readFileSync(file));
  if (read === undefined) throw new Error(`${file} is no ELF file`);
  return read;
}

/** What a host or a linker would notice first. */
function surface(file: string) {
  const { symbols, dynamic, floors, hardening, versions } = image(file);
  return {
    symbols: symbols
      .filter(({ section }) => section !== 0xfff1)
      .map(({ name, version }) => `${name}@${version}`)
      .sort(),
    nodes: versions.defined.filter(({ base }) => !base).map(({ name }) => name),
    soname: dynamic.soname,
    runpath: dynamic.runpath,
    constructors: dynamic.initArray,
    glibc: floors.versions.GLIBC,
    nxStack: hardening.nxStack,
  };
}

describe('the quickstart', () => {
  it.each(CONFIGS)('has a valid configuration: %s', (config) => {
    const [job] = jobsOf(config);
    expect(job).toMatchObject({ plugin: { name: 'greet', kind: 'elf' }, target: HOST });
  });

  it('has a previous release for both architectures', () => {
    for (const target of ['linux/amd64', 'linux/arm64']) {
      const { baseline, findings } = resolveBaseline({
        config: { file: 'previous/{arch}/greet.so' },
        plugin: 'greet',
        target,
        root: SOURCE,
      });
      expect(findings).toEqual([]);
      const machine = target === 'linux/amd64' ? 'x86-64' : 'aarch64';
      expect(readElf(baseline?.artifact.bytes ?? new Uint8Array()).image?.header.machine).toBe(machine);
    }
  });

  it.each(['amd64', 'arm64'])('has binaries whose surface is as the README says: %s', (arch) => {
    const previous = surface(join(SOURCE, 'previous', arch, 'greet.so'));
    const current = surface(join(SOURCE, 'prebuilt', arch, 'greet.so'));
    const breaking = surface(join(SOURCE, 'prebuilt', arch, 'breaking/greet.so'));
    const glibc = arch === 'amd64' ? '2.14' : '2.17';
    expect(previous).toEqual({
      symbols: ['close', 'filter', 'health', 'info', 'open'].map((name) => `greet_${name}@GREET_1.0`),
      nodes: ['GREET_1.0'],
      soname: 'greet.so.1',
      runpath: undefined,
      constructors: 1,
      glibc,
      nxStack: true,
    });
    expect(current).toEqual({
      ...previous,
      symbols: [...previous.symbols, 'greet_languages@GREET_1.1'].sort(),
      nodes: ['GREET_1.0', 'GREET_1.1'],
    });
    expect(breaking).toEqual({
      symbols: ['filter', 'free', 'health', 'info', 'languages', 'open'].map((name) => `greet_${name}@GREET_2.0`),
      nodes: ['GREET_2.0'],
      soname: 'greet.so.2',
      runpath: '/opt/greet/lib',
      constructors: 2,
      glibc: '2.25',
      nxStack: false,
    });
  });

  it('keeps the sums of its binaries', () => {
    const check = spawnSync('sha256sum', ['--check', '--quiet', 'prebuilt/SHA256SUMS'], { cwd: SOURCE });
    expect(check.status).toBe(0);
  });
});

describeWith(['make', 'cc'], 'the quickstart, built here', () => {
  const root = join(workspace(), 'quickstart');
  cpSync(SOURCE, root, { recursive: true, filter: (file) => !file.endsWith('/build') });

  const buildOf = (plugin: PluginConfig) => {
    if (plugin.build === undefined) throw new Error('no build');
    return build(requestFor(root, { ...plugin.build, reproducible: true }, { artifact: plugin.artifact }));
  };

  it('builds the same bytes twice, without a warning, and works in its host', async () => {
    const [job] = jobsOf('plugin-gate.yml');
    const outcome = job && (await buildOf(job.plugin));
    expect(outcome?.findings).toEqual([]);
    expect(outcome?.evidence.reproduction).toMatchObject({ status: 'same', digest: outcome?.artifact?.digest });
    const host = join(root, 'build/greet-host');
    expect(execFileSync(host, ['build/greet.so', 'Ada'], { cwd: root, encoding: 'utf8' })).toBe('Hello, Ada\n');
  });

  it('builds the breaking release, which its host refuses', async () => {
    const [job] = jobsOf('breaking.yml');
    const outcome = job && (await buildOf(job.plugin));
    expect(outcome?.artifact?.file).toBe('build/breaking/greet.so');
    const host = spawnSync(join(root, 'build/breaking/greet-host'), ['build/breaking/greet.so', 'Ada'], { cwd: root });
    expect(host.status).toBe(1);
  });

  it('can be planned for the other architecture', () => {
    const [job] = jobsOf('plugin-gate.yml');
    if (job?.plugin.build === undefined) throw new Error('no build');
    const other = HOST === 'linux/amd64' ? 'linux/arm64' : 'linux/amd64';
    const plan = planBuild(requestFor(root, job.plugin.build, { artifact: job.plugin.artifact, target: other }));
    expect(plan.environment.CC).toMatch(/^(aarch64|x86_64)-linux-gnu-gcc$/);
  });
});

describeWith(
  ['make', 'gcc', 'aarch64-linux-gnu-gcc', 'x86_64-linux-gnu-gcc'],
  'the script that makes the binaries of the quickstart',
  () => {
    it('gives the committed bytes again', () => {
      const check = spawnSync('./rebuild.sh', ['--check'], { cwd: SOURCE, encoding: 'utf8' });
      expect(check.stderr).toBe('');
      expect(check.stdout).toMatch(/^(the same bytes: 8 files|not compared: )/);
    });
  },
);
