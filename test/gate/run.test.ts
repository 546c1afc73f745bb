import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { ConfigError } from '../../src/config/problem.ts';
import { UsageError } from '../../src/errors.ts';
import { isBroken } from '../../src/gate/run.ts';
import { describeWith } from '../support/needs.ts';
import { workspace, writeTree } from '../support/workspace.ts';
import { compile, functions, gate, OTHER, RUNNER, rules, steps, summary } from './project.ts';

const root = workspace();

function project(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(root, 'p-'));
  writeTree(directory, files);
  return directory;
}

/** A project with the plugin p.so, and p-1.so as its previous release. */
function withPlugin(more: string, policy = ''): string {
  const directory = project({
    'plugin-gate.yml': `version: 1\nplugins:\n  - name: p\n    kind: elf\n    artifact: p.so\n${more}\n${policy}`,
  });
  compile(directory, 'p.so', functions('p_init', 'p_run'));
  copyFileSync(join(directory, 'p.so'), join(directory, 'p-1.so'));
  return directory;
}

const PREVIOUS = '    baseline: { file: p-1.so }';
const FIRST = '    baseline: { none: first release }';

describeWith(['cc'], 'the gate', () => {
  it('passes a plugin that is as it was, and tells its facts', async () => {
    const { report } = await gate(withPlugin(PREVIOUS), {
      source: { repository: 'org/p', commit: 'c'.repeat(40), ref: 'refs/heads/main' },
    });
    expect(rules(report)).toEqual([]);
    expect(report).toMatchObject({
      verdict: 'pass',
      config: { file: 'plugin-gate.yml', digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
      source: { repository: 'org/p' },
      plugins: [
        {
          plugin: 'p',
          target: RUNNER,
          status: 'pass',
          compatibility: 'identical',
          artifact: { file: 'p.so' },
          baseline: { file: 'p-1.so', source: 'file p-1.so' },
          facts: { exported: 2, oldExported: 2, loadMs: expect.any(Number) },
        },
      ],
    });
    expect(report.plugins[0]?.artifact?.digest).toBe(report.plugins[0]?.baseline?.digest);
    expect(report.plugins[0]?.facts.sizes).toEqual(report.plugins[0]?.facts.oldSizes);
    expect(steps(report)).toEqual({
      build: 'skipped',
      read: 'pass',
      compare: 'pass',
      fit: 'skipped',
      verify: 'skipped',
      load: 'pass',
    });
  });

  it('goes through every plugin and target, and one that is bad hides no other', async () => {
    const directory = project({
      'plugin-gate.yml': `version: 1
plugins:
  - { name: good, kind: elf, artifact: "{arch}/good.so", targets: [${RUNNER}, ${OTHER}] }
  - { name: text, kind: elf, artifact: text.so }
  - { name: gone, kind: elf, artifact: gone.so }
  - { name: last, kind: elf, artifact: last.so, symbols: { required: [last_init] } }
baseline: { none: first release }
`,
      'text.so': 'not a plugin\n',
      'amd64/.keep': '',
      'arm64/.keep': '',
    });
    for (const arch of ['amd64', 'arm64']) compile(directory, `${arch}/good.so`, functions('good_init'));
    compile(directory, 'last.so', functions('last_start'));
    const { report } = await gate(directory);
    expect(report.plugins.map(({ plugin, target, status }) => [plugin, target, status])).toEqual([
      ['good', RUNNER, 'pass'],
      ['good', OTHER, 'fail'],
      ['text', RUNNER, 'fail'],
      ['gone', RUNNER, 'fail'],
      ['last', RUNNER, 'fail'],
    ]);
    const blocking = report.findings.filter(({ blocks }) => blocks).map(({ plugin, rule }) => `${plugin} ${rule}`);
    for (const one of [
      'good elf/wrong-architecture',
      'text elf/not-elf',
      'gone build/artifact-missing',
      'last sym/required-missing',
      'last load/symbol-missing',
    ]) {
      expect(blocking).toContain(one);
    }
    expect(isBroken(report)).toBe(false);
  });

  it('checks only the plugins that are asked for, and refuses names that are not there', async () => {
    const directory = project({
      'plugin-gate.yml':
        'version: 1\nplugins:\n  - { name: a, kind: elf, artifact: a.so }\n  - { name: b, kind: elf, artifact: b.so }\nbaseline: { none: first }\n',
    });
    const { report } = await gate(directory, { only: ['b'] });
    expect(report.plugins.map(({ plugin }) => plugin)).toEqual(['b']);
    await expect(gate(directory, { only: ['c'] })).rejects.toThrow(UsageError);
  });

  it('tells all errors of a configuration at once', async () => {
    const directory = project({ 'plugin-gate.yml': 'version: 2\nplugins: []\npolicy: { undecided: maybe }\n' });
    await expect(gate(directory)).rejects.toThrow(ConfigError);
  });

  it('says that nothing was compared, and does not tick the comparison off', async () => {
    const { report } = await gate(withPlugin(FIRST));
    expect(report.verdict).toBe('pass');
    expect(rules(report)).toEqual(['baseline/none']);
    expect(steps(report).compare).toBe('skipped');
  });

  it('a missing machine tool is a finding that makes the run a broken one', async () => {
    const directory = withPlugin(`${FIRST}\n    build: { command: [no-such-tool-anywhere] }`);
    const { report } = await gate(directory);
    expect(rules(report)).toContain('!gate/environment');
    expect(isBroken(report)).toBe(true);
    // The file that lies there from an earlier build is not taken for the one that was to be built.
    expect(report.plugins[0]?.artifact).toBeUndefined();
  });
});

describeWith(['cc'], 'what the policy cannot do', () => {
  it.each([
    ['a build that fails', '    build: { command: ["false"] }', 'build/failed'],
    ['a file that is no plugin', '', 'elf/not-elf'],
  ])('pass a plugin of which nothing was seen: %s', async (_, build, rule) => {
    const directory = withPlugin(`${FIRST}\n${build}`, `policy: { rules: { ${rule}: "off" }, undecided: ignore }\n`);
    writeFileSync(join(directory, 'p.so'), 'not a plugin');
    const { report } = await gate(directory);
    expect(rules(report)[0]).toBe('!gate/not-checked');
    expect(report.verdict).toBe('fail');
  });

  it('pass one that is waived away', async () => {
    const directory = withPlugin(FIRST, 'policy: { waivers: waivers.yml }\n');
    writeFileSync(join(directory, 'p.so'), 'not a plugin');
    writeTree(directory, {
      'waivers.yml':
        'version: 1\nwaivers:\n  - { rule: elf/not-elf, subject: "*", reason: later, owner: "@me", expires: 2027-01-31 }\n',
    });
    const { report } = await gate(directory);
    expect(rules(report)).toEqual(['!gate/not-checked', 'elf/not-elf']);
  });

  it('stays silent where another finding blocks anyway', async () => {
    const directory = withPlugin(FIRST);
    writeFileSync(join(directory, 'p.so'), 'not a plugin');
    expect(rules((await gate(directory)).report)).not.toContain('!gate/not-checked');
  });

  it.each([['policy: { rules: { gate/internal: "off" } }'], ['policy: { rules: { gate/environment: note } }']])(
    'change the level of faults of the gate: %s',
    async (policy) => {
      await expect(gate(withPlugin(FIRST, `${policy}\n`))).rejects.toThrow(/about the gate itself/);
    },
  );

  it('waive faults of the gate', async () => {
    const directory = withPlugin(FIRST, 'policy: { waivers: waivers.yml }\n');
    writeTree(directory, {
      'waivers.yml':
        'version: 1\nwaivers:\n  - { rule: gate/internal, subject: load, reason: later, owner: "@me", expires: 2027-01-31 }\n',
    });
    await expect(gate(directory)).rejects.toThrow(/cannot be waived/);
  });
});

describeWith(['cc', 'openssl'], 'a signature', () => {
  const SIGNED = `${FIRST}\n    signature: { key: key.pem, signature: "{artifact}.sig" }`;
  const KEY = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
`;

  it('that is refused keeps the plugin from being run', async () => {
    const directory = withPlugin(SIGNED);
    writeTree(directory, { 'key.pem': KEY, 'p.so.sig': Buffer.alloc(64).toString('base64') });
    const { report } = await gate(directory);
    expect(report.verdict).toBe('fail');
    expect(steps(report)).toMatchObject({ verify: 'fail', load: 'skipped' });
    expect(summary(report, 'load')).toContain('signature was refused');
    expect(report.plugins[0]?.facts.loadMs).toBeUndefined();
  });

  it('whose refusal the policy lets pass leaves open whether the plugin loads', async () => {
    const directory = withPlugin(SIGNED);
    writeTree(directory, { 'key.pem': KEY });
    const [first] = (await gate(directory)).report.findings.filter(({ blocks }) => blocks);
    expect(first?.rule).toMatch(/^sig\//);
    const lenient = withPlugin(SIGNED, `policy: { rules: { ${first?.rule}: note } }\n`);
    writeTree(lenient, { 'key.pem': KEY });
    const { report } = await gate(lenient);
    expect(rules(report)[0]).toBe('!load/not-run');
    expect(report.verdict).toBe('undecided');
  });

  it('with a key that cannot be read ends the run before anything is built', async () => {
    const directory = withPlugin(`${SIGNED}\n    build: { command: [touch, built] }`);
    await expect(gate(directory)).rejects.toThrow(/public key/);
  });
});

describeWith(['cc'], 'a build that works for itself', () => {
  it('cannot replace the previous release by what it makes', async () => {
    const directory = withPlugin(`${PREVIOUS}\n    build: { command: [[cp, new.so, p.so], [cp, new.so, p-1.so]] }`);
    compile(directory, 'new.so', functions('p_init'));
    const { report } = await gate(directory);
    expect(rules(report)).toContain('!baseline/unusable');
    expect(report.plugins[0]?.compatibility).toBeUndefined();
  });

  it('cannot take the previous release away', async () => {
    const directory = withPlugin(`${PREVIOUS}\n    build: { command: [[cp, new.so, p.so], [rm, p-1.so]] }`);
    compile(directory, 'new.so', functions('p_init'));
    expect(rules((await gate(directory)).report)).toContain('!baseline/unusable');
  });

  it('cannot write its own policy, waivers or key', async () => {
    const waivers = 'version: 1\nwaivers: []\n';
    const accept =
      'version: 1\nwaivers:\n  - { rule: sym/removed, subject: p_run, reason: mine, owner: me, expires: 2027-01-31 }\n';
    const lax = 'version: 1\nplugins: [{ name: p, kind: elf, artifact: p.so }]\npolicy: { undecided: ignore }\n';
    const copies = '[[cp, new.so, p.so], [cp, accept.yml, waivers.yml], [cp, lax.yml, plugin-gate.yml]]';
    const directory = withPlugin(
      `${PREVIOUS}\n    build: { command: ${copies} }`,
      'policy: { waivers: waivers.yml }\n',
    );
    writeTree(directory, { 'waivers.yml': waivers, 'accept.yml': accept, 'lax.yml': lax });
    compile(directory, 'new.so', functions('p_init'));
    const { report } = await gate(directory);
    expect(rules(report)).toContain('!sym/removed');
  });

  it('cannot rewrite the version script to what it exports', async () => {
    const directory = withPlugin(
      `${FIRST}\n    symbols: { versionScript: p.map }\n    build: { command: [[cp, new.so, p.so], [cp, other.map, p.map]] }`,
    );
    writeTree(directory, {
      'p.map': '{ global: p_init; p_run; local: *; };\n',
      'other.map': '{ global: p_init; local: *; };\n',
    });
    compile(directory, 'new.so', functions('p_init'));
    const { report } = await gate(directory);
    expect(report.verdict).toBe('fail');
    expect(rules(report)).toContain('!sym/script-invalid');
  });

  it('may make the version script, when there was none before', async () => {
    const directory = withPlugin(
      `${FIRST}\n    symbols: { versionScript: p.map }\n    build: { command: [[cp, new.so, p.so], [cp, made.map, p.map]] }`,
    );
    writeTree(directory, { 'made.map': '{ global: p_init; local: *; };\n' });
    compile(directory, 'new.so', functions('p_init'), [`-Wl,--version-script=${join(directory, 'made.map')}`]);
    const { report } = await gate(directory);
    expect(rules(report)).toEqual(['baseline/none']);
  });
});
