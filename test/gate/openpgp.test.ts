import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { type CommitFiles, gitCommitFiles } from '../../src/process/git-files.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { compile, functions, gate, rules } from './project.ts';

describeWith(['gpg', 'git', 'cc'], 'OpenPGP signatures in the gate', () => {
  const directory = workspace();
  const at = (name: string) => join(directory, name);
  const home = at('g');
  mkdirSync(home, { mode: 0o700 });
  const gpg = (...args: string[]) =>
    execFileSync('gpg', ['--homedir', home, '--batch', '--yes', '--quiet', '--passphrase', '', ...args], {
      stdio: 'pipe',
    });
  afterAll(() => {
    execFileSync('gpgconf', ['--homedir', home, '--kill', 'gpg-agent']);
  });
  const code = functions('greet_init');
  compile(directory, 'greet.so', code);
  compile(directory, 'old.so', code, ['-DOLD', '-Wl,--build-id=0x1234']);
  for (const name of ['release', 'other']) {
    gpg('--quick-gen-key', `${name} <${name}@example.org>`, 'ed25519', 'sign', 'never');
    gpg('--armor', '--output', at(`${name}.asc`), '--export', `${name}@example.org`);
  }
  const sign = (file: string, key: string, output: string) =>
    gpg('--default-key', `${key}@example.org`, '--armor', '--output', at(output), '--detach-sign', at(file));
  sign('greet.so', 'release', 'greet.so.asc');
  sign('old.so', 'release', 'old.so.asc');
  sign('old.so', 'other', 'old-other.asc');

  /** The findings about signatures of the gate over the plugin with these lines below it. */
  async function check(...lines: readonly string[]) {
    writeConfig(...lines);
    const { report } = await gate(directory);
    return {
      about: rules(report).filter((rule) => /!?(?:sig|baseline)\//.test(rule) && rule !== 'baseline/none'),
    };
  }
  function writeConfig(...lines: readonly string[]): void {
    const config = [
      'version: 1',
      'plugins:',
      '  - name: greet',
      '    kind: elf',
      '    artifact: greet.so',
      "    version: '1.2.3'",
      ...lines.map((line) => `    ${line}`),
    ];
    writeFileSync(at('plugin-gate.yml'), `${config.join('\n')}\n`);
  }
  const SIGNED = "signature: { gpgKey: release.asc, signature: '{artifact}.asc' }";
  const FIRST = 'baseline: { none: first release }';

  it.each([
    ['signed by the key', SIGNED, FIRST, []],
    ['signed by another', SIGNED.replace('release.asc', 'other.asc'), FIRST, ['!sig/key-mismatch']],
    ['signed for another file', SIGNED.replace('{artifact}', 'old.so'), FIRST, ['!sig/invalid']],
    ['not signed', SIGNED.replace('{artifact}', 'none'), FIRST, ['!sig/missing']],
    ['the previous release too', SIGNED, `baseline: { file: old.so, ${SIGNED} }`, []],
    [
      'the previous release by another than it must be',
      SIGNED,
      `baseline: { file: old.so, ${SIGNED.replace('{artifact}.asc', 'old-other.asc')} }`,
      ['!baseline/unverified'],
    ],
    [
      'the previous release by another, as the configuration allows',
      SIGNED,
      'baseline: { file: old.so, signature: { gpgKey: other.asc, signature: old-other.asc } }',
      ['sig/signer-changed'],
    ],
  ])('%s', async (_, signature, baseline, expected) => {
    expect((await check(signature, baseline)).about).toEqual(expected);
  });

  it('the keys are read before the build, which could replace them', async () => {
    const build = 'build: { command: [[cp, other.asc, given.asc], [cp, new.so, greet.so]] }';
    copyFileSync(at('release.asc'), at('given.asc'));
    copyFileSync(at('greet.so'), at('new.so'));
    const keys = SIGNED.replace('release.asc', 'given.asc');
    expect((await check(build, keys, FIRST)).about).toEqual([]);
    expect((await check(build, keys, FIRST)).about).toEqual(['!sig/key-mismatch']);
  });

  it('the keys are those of the base commit: a change cannot bring its own', async () => {
    const git = (...args: string[]) =>
      execFileSync(
        'git',
        ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'commit.gpgsign=false', ...args],
        {
          cwd: directory,
          encoding: 'utf8',
          stdio: 'pipe',
        },
      ).trim();
    const commit = async (): Promise<CommitFiles> => {
      git('add', '-f', 'plugin-gate.yml', 'given.asc', 'greet.so');
      git('commit', '-q', '--allow-empty', '-m', 'x');
      const files = await gitCommitFiles(directory, git('rev-parse', 'HEAD'), process.env);
      if (files === undefined) throw new Error('there is no commit');
      return files;
    };
    const keys = SIGNED.replace('release.asc', 'given.asc');
    copyFileSync(at('release.asc'), at('given.asc'));
    writeConfig(keys, FIRST);
    git('init', '-q');
    const base = await commit();
    copyFileSync(at('other.asc'), at('given.asc'));
    sign('greet.so', 'other', 'greet.so.asc');
    const head = await commit();
    const { report } = await gate(directory, { base, head });
    sign('greet.so', 'release', 'greet.so.asc');
    expect(rules(report)).toContain('!sig/key-mismatch');
    const told = report.findings.map(({ message }) => message).join('\n');
    expect(told).toContain('changes the OpenPGP keys given.asc');
  });

  it('keys that are not there end the run', async () => {
    await expect(check(SIGNED.replace('release.asc', 'none.asc'), FIRST)).rejects.toThrow('OpenPGP keys');
  });
});
