import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../src/config/load.ts';
import type { GateConfig } from '../../../src/config/schema.ts';
import { judgedBy } from '../../../src/gate/base/apply.ts';
import { relaxations } from '../../../src/gate/base/relaxed.ts';
import type { Waiver } from '../../../src/rules/waivers.ts';

/** A configuration with what is given changed in the plugin `greet`, or at the top. */
function config(plugin: object = {}, top: object = {}, more: readonly object[] = []): GateConfig {
  const greet = {
    name: 'greet',
    kind: 'elf',
    artifact: 'greet-{arch}.so',
    build: { command: ['make'], reproducible: true },
    targets: ['linux/amd64', 'linux/arm64'],
    headers: ['include/*.h'],
    symbols: { required: ['init', 'run'], versionScript: 'greet.map' },
    hosts: [
      { name: 'old', target: 'debian:11' },
      { name: 'new', target: 'debian:12' },
    ],
    probe: { symbol: 'healthy' },
    ...plugin,
  };
  const whole = {
    version: 1,
    plugins: [greet, ...more],
    baseline: { file: 'previous/{name}-{arch}.so' },
    signature: { bundle: '{artifact}.sigstore.json', identity: 'https://a.example/w', issuer: 'https://i.example' },
    ...top,
  };
  const loaded = loadConfig('plugin-gate.yml', JSON.stringify(whole));
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

function found(head: GateConfig, base = config()): string[] {
  return relaxations({ config: base, waivers: [] }, { config: head, waivers: [] }).map(({ what }) => what);
}

const second = { name: 'second', kind: 'elf', artifact: 'second.so' };

describe('what a change relaxes', () => {
  it.each<[string, GateConfig, string]>([
    [
      'a level',
      config({}, { policy: { rules: { 'sym/removed': 'warning' } } }),
      'lowers sym/removed from error to warning',
    ],
    ['undecided', config({}, { policy: { undecided: 'warn' } }), 'lowers policy.undecided from fail to warn'],
    [
      'a rule about missing evidence',
      config({}, { policy: { rules: { 'baseline/missing': 'note' } } }),
      'lowers baseline/missing from error to note',
    ],
    [
      'a symbol',
      config({ symbols: { required: ['init'], versionScript: 'greet.map' } }),
      'no longer requires that greet exports run',
    ],
    [
      'the version script',
      config({ symbols: { required: ['init', 'run'] } }),
      'removes plugins.greet.symbols.versionScript',
    ],
    [
      'a host',
      config({ hosts: [{ name: 'new', target: 'debian:12' }] }),
      'no longer checks greet against the host old',
    ],
    [
      'what a host is',
      config({
        hosts: [
          { name: 'old', target: 'debian:12' },
          { name: 'new', target: 'debian:12' },
        ],
      }),
      'changes plugins.greet.hosts.old.target from debian:11 to debian:12',
    ],
    ['a target', config({ targets: ['linux/amd64'] }), 'no longer checks greet for linux/arm64'],
    ['all targets', config({ targets: undefined }), 'checks greet for the system of the runner only'],
    ['the kind', config({ kind: 'c-shared' }), 'makes the plugin greet a c-shared, which is checked in other ways'],
    ['the probe', config({ probe: undefined }), 'removes plugins.greet.probe'],
    ['headers', config({ headers: ['other.h'] }), 'no longer counts include/*.h as public headers of greet'],
    [
      'reproducibility',
      config({ build: { command: ['make'] } }),
      'no longer requires that the build of greet is reproducible',
    ],
    ['the baseline', config({}, { baseline: { none: 'new' } }), 'removes baseline.file'],
    ['a baseline of its own', config({ baseline: { none: 'new' } }), 'gives greet its own baseline'],
    ['the signature', config({}, { signature: undefined }), 'removes signature'],
    [
      'the identity',
      config(
        {},
        {
          signature: {
            bundle: '{artifact}.sigstore.json',
            identity: 'https://evil.example/w',
            issuer: 'https://i.example',
          },
        },
      ),
      'changes signature.identity from https://a.example/w to https://evil.example/w',
    ],
    [
      'the time in the sandbox',
      config({}, { sandbox: { timeout: '60s' } }),
      'changes sandbox.timeout from 10000 to 60000',
    ],
    ['a plugin', config({ name: 'renamed' }), 'takes the plugin greet out of the gate'],
    [
      'the signature of a new plugin',
      config({}, {}, [{ ...second, signature: { key: 'k.pem', signature: '{artifact}.sig', required: false } }]),
      'adds the plugin second with a signature policy of its own',
    ],
  ])('%s', (_, head, expected) => {
    expect(found(head)).toEqual([expected]);
  });

  it('headers where there were none', () => {
    expect(found(config(), config({ headers: [] }))).toEqual([
      'takes types that are declared in no public header out of the interface of greet',
    ]);
  });

  it.each<[string, GateConfig]>([
    ['nothing', config()],
    ['a raised level', config({}, { policy: { rules: { 'sym/added': 'error' } } })],
    ['a level set to what it is', config({}, { policy: { rules: { 'sym/removed': 'error' } } })],
    ['a symbol more', config({ symbols: { required: ['run', 'init', 'more'], versionScript: 'greet.map' } })],
    ['a plugin more', config({}, {}, [second])],
    ['another build', config({ build: { command: ['ninja'], reproducible: true } })],
    ['another version', config({ version: '2.0.0' })],
    ['less time in the sandbox', config({}, { sandbox: { timeout: '5s' } })],
    ['where the report goes', config({}, { report: { comment: 'never' } })],
    ['all types public', config({ headers: [] })],
  ])('%s is no relaxation', (_, head) => {
    expect(found(head)).toEqual([]);
  });

  it('waivers that are new, wider or longer', () => {
    const waiver: Waiver = { rule: 'sym/added', subject: 'a', reason: 'r', owner: 'o', expires: '2027-01-01' };
    const waived = (base: readonly Waiver[], head: readonly Waiver[]) =>
      relaxations({ config: config(), waivers: base }, { config: config(), waivers: head }).map(({ what }) => what);
    expect(waived([], [waiver])).toEqual(['adds a waiver for sym/added on a, until 2027-01-01']);
    expect(waived([waiver], [{ ...waiver, expires: '2028-01-01' }])).toEqual([
      'extends the waiver for sym/added on a from 2027-01-01 to 2028-01-01',
    ]);
    expect(waived([{ ...waiver, plugin: 'greet' }], [waiver])).toEqual([
      'adds a waiver for sym/added on a, until 2027-01-01',
    ]);
    expect(waived([waiver], [{ ...waiver, expires: '2026-12-01', reason: 'better' }])).toEqual([]);
    expect(waived([waiver], [])).toEqual([]);
  });
});

describe('the configuration that judges a change', () => {
  it('asks what the base asks, whatever the change says, and what the change asks on top', () => {
    const head = config(
      {
        build: { command: ['ninja'] },
        version: '2.0.0',
        headers: [],
        probe: undefined,
        symbols: { required: ['run', 'more'] },
        hosts: [{ name: 'third', target: 'rhel:9' }],
        signature: { required: false, key: 'k.pem', signature: '{artifact}.sig' },
      },
      {
        policy: { undecided: 'ignore', rules: { 'sym/removed': 'warning' } },
        signature: undefined,
        report: { comment: 'never' },
      },
    );
    const judging = judgedBy(config(), head);
    const [plugin] = judging.plugins;
    expect(judging).toMatchObject({ policy: { undecided: 'fail', rules: {} }, report: { comment: 'always' } });
    expect(judging.signature).toEqual(config().signature);
    expect(plugin).toMatchObject({ version: '2.0.0', headers: ['include/*.h'], probe: { symbol: 'healthy' } });
    expect(plugin?.signature).toBeUndefined();
    expect(plugin?.build).toMatchObject({ command: [['ninja']], reproducible: true });
    expect(plugin?.symbols).toEqual({ required: ['init', 'run', 'more'], versionScript: 'greet.map' });
    expect(plugin?.hosts.map(({ name }) => name)).toEqual(['old', 'new', 'third']);
  });

  it('checks a new plugin by what holds for all', () => {
    const own = { required: false, key: 'k.pem', signature: '{artifact}.sig' };
    const head = config({}, {}, [
      { ...second, baseline: { none: 'first release' }, signature: own, sandbox: { timeout: '9m' } },
    ]);
    const added = judgedBy(config(), head).plugins[1];
    expect(added).toMatchObject({ name: 'second', baseline: { none: 'first release' } });
    expect(added?.signature).toBeUndefined();
    expect(added?.sandbox).toBeUndefined();
  });
});
