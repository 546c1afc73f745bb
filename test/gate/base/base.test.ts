import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { type CommitFiles, commitId, gitCommitFiles, parentsOf } from '../../../src/process/git-files.ts';
import { describeWith } from '../../support/needs.ts';
import { workspace, writeTree } from '../../support/workspace.ts';
import { compile, functions, gate, RUNNER, rules, steps } from '../project.ts';

const base = workspace();
let projects = 0;

function git(directory: string, ...args: readonly string[]): string {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...identity, ...args], { cwd: directory, encoding: 'utf8', stdio: 'pipe' }).trim();
}

function commit(directory: string, message: string): string {
  git(directory, 'add', '-A', '-f');
  git(directory, 'commit', '-q', '--allow-empty', '-m', message);
  return git(directory, 'rev-parse', 'HEAD');
}

async function filesAt(directory: string, id: string): Promise<CommitFiles> {
  const files = await gitCommitFiles(directory, id, process.env);
  if (files === undefined) throw new Error(`no commit ${id}`);
  return files;
}

const CONFIG = `version: 1
plugins:
  - name: greet
    kind: elf
    artifact: greet.so
    symbols: { required: [run] }
    baseline: { file: previous/greet.so }
`;

/** A repository whose base has a plugin, its previous release and a configuration. */
function repository(): { readonly directory: string; readonly baseId: string } {
  const directory = join(base, `project-${++projects}`);
  mkdirSync(join(directory, 'previous'), { recursive: true });
  git(base, 'init', '-q', directory);
  compile(directory, 'greet.so', functions('run', 'extra'));
  compile(directory, 'previous/greet.so', functions('run', 'extra'));
  writeTree(directory, { 'plugin-gate.yml': CONFIG });
  return { directory, baseId: commit(directory, 'base') };
}

async function judged(directory: string, baseId: string) {
  const head = commit(directory, 'change');
  return await gate(directory, { base: await filesAt(directory, baseId), head: await filesAt(directory, head) });
}

describeWith(['git', 'cc'], 'a change, judged by the policy of its base', () => {
  it('passes when it is good, and the report names the base', async () => {
    const { directory, baseId } = repository();
    const { report } = await judged(directory, baseId);
    expect(report.verdict).toBe('pass');
    expect(report.policy).toEqual({ commit: baseId, digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
    expect(rules(report).filter((rule) => rule.includes('policy/'))).toEqual([]);
  });

  it('cannot switch off the rule that blocks it', async () => {
    const { directory, baseId } = repository();
    compile(directory, 'greet.so', functions('run'));
    writeFileSync(join(directory, 'plugin-gate.yml'), `${CONFIG}policy: { rules: { sym/removed: warning } }\n`);
    const { report } = await judged(directory, baseId);
    expect(report.verdict).toBe('fail');
    expect(rules(report)).toEqual(expect.arrayContaining(['!sym/removed', 'policy/relaxed']));
    expect(report.findings.find(({ rule }) => rule === 'policy/relaxed')).toMatchObject({
      subject: 'policy.rules.sym/removed',
      message: 'This change relaxes the gate: it lowers sym/removed from error to warning.',
      location: { file: 'plugin-gate.yml', line: 1 },
    });
  });

  it('cannot accept its own findings', async () => {
    const { directory, baseId } = repository();
    compile(directory, 'greet.so', functions('run'));
    const waiver = '{ rule: sym/removed, subject: extra, reason: r, owner: o, expires: 2027-10-01 }';
    writeTree(directory, { '.plugin-gate/waivers.yml': `version: 1\nwaivers:\n  - ${waiver}\n` });
    const { report } = await judged(directory, baseId);
    expect(report.verdict).toBe('fail');
    expect(report.findings.find(({ rule }) => rule === 'policy/relaxed')?.location).toMatchObject({
      file: '.plugin-gate/waivers.yml',
      line: 3,
    });
    // Once it is on the base, it holds.
    const after = git(directory, 'rev-parse', 'HEAD');
    expect((await judged(directory, after)).report.verdict).toBe('pass');
  });

  it('cannot choose what it is compared with', async () => {
    const { directory, baseId } = repository();
    compile(directory, 'greet.so', functions('run'));
    compile(directory, 'previous/greet.so', functions('run'));
    const { report } = await judged(directory, baseId);
    expect(rules(report)).toContain('!sym/removed');
    expect(report.findings.find(({ rule }) => rule === 'policy/relaxed')?.message).toContain(
      'it changes the previous release previous/greet.so',
    );
  });

  it('cannot take the previous release away', async () => {
    const { directory, baseId } = repository();
    rmSync(join(directory, 'previous'), { recursive: true });
    const { report } = await judged(directory, baseId);
    expect(steps(report).compare).toBe('pass');
    expect(report.findings.map(({ message }) => message).join()).toContain('removes the previous release');
  });

  it('may compare with what a step before the gate fetched, and not with what it brings itself unseen', async () => {
    const { directory } = repository();
    git(directory, 'rm', '-q', '-r', '--cached', 'previous');
    writeFileSync(join(directory, '.gitignore'), 'previous\n');
    git(directory, 'add', '.gitignore');
    git(directory, 'commit', '-q', '-m', 'fetched, not kept');
    const baseId = git(directory, 'rev-parse', 'HEAD');
    const files = await filesAt(directory, baseId);
    const fetched = await gate(directory, { base: files, head: files });
    expect(fetched.report.verdict).toBe('pass');
    const brought = await judged(directory, baseId);
    expect(brought.report.findings.map(({ message }) => message).join()).toContain('brings the previous release');
  });

  it('takes a file that is kept with Git LFS by its digest', async () => {
    const { directory } = repository();
    const file = join(directory, 'previous/greet.so');
    const content = readFileSync(file);
    const digest = createHash('sha256').update(content).digest('hex');
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${digest}\nsize ${content.length}\n`;
    writeFileSync(file, pointer);
    const files = await filesAt(directory, commit(directory, 'pointer'));
    writeFileSync(file, content);
    expect((await gate(directory, { base: files, head: files })).report.verdict).toBe('pass');
    compile(directory, 'previous/greet.so', functions('run'));
    const temporary = join(directory, '..', 'temporary-lfs');
    mkdirSync(temporary);
    const environment = { PATH: process.env.PATH, RUNNER_TEMP: temporary };
    await expect(gate(directory, { base: files, head: files, environment })).rejects.toThrow(/Git LFS/);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('leaves nothing behind', async () => {
    const { directory, baseId } = repository();
    const temporary = join(directory, '..', `temporary-${projects}`);
    mkdirSync(temporary);
    const files = await filesAt(directory, baseId);
    await gate(directory, { base: files, environment: { PATH: process.env.PATH, RUNNER_TEMP: temporary } });
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('is judged by its own configuration when the base has none, and says so', async () => {
    const { directory } = repository();
    git(directory, 'rm', '-q', '--cached', 'plugin-gate.yml');
    git(directory, 'commit', '-q', '-m', 'without');
    const { report } = await judged(directory, git(directory, 'rev-parse', 'HEAD'));
    expect(report.verdict).toBe('pass');
    expect(rules(report)).toEqual(['policy/own']);
    expect(report.policy).toBeUndefined();
  });

  it('takes a change of the base out of the gate only in sight', async () => {
    const { directory, baseId } = repository();
    writeFileSync(join(directory, 'plugin-gate.yml'), CONFIG.replace('greet', 'other'));
    const { report } = await judged(directory, baseId);
    expect(report.plugins.map(({ plugin, target }) => [plugin, target])).toEqual([['other', RUNNER]]);
    expect(report.findings.map(({ message }) => message).join()).toContain('takes the plugin greet out of the gate');
  });
});

describeWith(['git'], 'files of a commit', () => {
  const directory = join(base, 'files');

  it('are what the commit has, byte by byte, whatever lies in the work tree', async () => {
    git(base, 'init', '-q', directory);
    const bytes = Buffer.from([0, 255, 10, 13, 10, 128]);
    writeTree(directory, {
      ':(top)odd name*': 'x',
      '.gitattributes': '*.txt text eol=crlf\n',
      'a/b.txt': 'one\ntwo\n',
    });
    writeFileSync(join(directory, 'binary'), bytes);
    const id = commit(directory, 'files');
    writeFileSync(join(directory, 'binary'), 'changed');
    const files = await filesAt(directory, id);
    expect(await files.read('binary', 100)).toEqual(bytes);
    expect((await files.read('a/b.txt', 100))?.toString()).toBe('one\ntwo\n');
    expect((await files.read(':(top)odd name*', 100))?.toString()).toBe('x');
    expect(await files.read('missing', 100)).toBeUndefined();
    await expect(files.read('binary', 3)).rejects.toThrow(/6 bytes, and the limit is 3/);
    await expect(files.read('a', 100)).rejects.toThrow(/not a regular file/);
  });

  it('are no links', async () => {
    execFileSync('ln', ['-s', '/etc/passwd', join(directory, 'link')]);
    const files = await filesAt(directory, commit(directory, 'link'));
    await expect(files.read('link', 100)).rejects.toThrow(/not a regular file/);
  });

  it('are not there without the commit; parents are known even so', async () => {
    const first = git(directory, 'rev-parse', 'HEAD~1');
    const shallow = join(base, 'shallow');
    git(base, 'clone', '-q', '--depth=1', `file://${directory}`, shallow);
    const id = git(shallow, 'rev-parse', 'HEAD');
    expect(await parentsOf(shallow, id, process.env)).toEqual([first]);
    expect(await gitCommitFiles(shallow, first, process.env)).toBeUndefined();
    const touched = join(base, 'touched');
    expect(await commitId(shallow, `--upload-pack=touch ${touched}`, process.env)).toBeUndefined();
    expect(existsSync(touched)).toBe(false);
    expect(await commitId(join(base, '..'), 'HEAD', { PATH: '/nowhere' })).toBeUndefined();
  });
});
