import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { runGate } from '../../src/gate/run.ts';
import { SILENT } from '../../src/gate/step.ts';
import { describeWith } from '../support/needs.ts';
import { workspace, writeTree } from '../support/workspace.ts';

const V1 = 'struct s { int a; }; int take(struct s *s) { return s->a; }\n';
const V2 = 'struct s { int a; long b; }; int take(struct s *s) { return s->a; }\n';

const CONFIG = (baseline: string) => `version: 1
plugins:
  - name: p
    kind: elf
    artifact: p.so
    version: 1.2.0
    build: { command: [cc, -g, -shared, -fPIC, -o, p.so, p.c] }
    baseline: ${baseline}
policy: { undecided: warn }
`;

function git(directory: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...identity, ...args], { cwd: directory, encoding: 'utf8' });
}

const repository = workspace();
writeTree(repository, { 'p.c': V1, '.gitignore': 'p.so\n', '.gitattributes': 'p.c export-ignore\n' });
git(repository, 'init', '-q', '-b', 'main');
git(repository, 'add', '.');
git(repository, 'commit', '-qm', 'one');
git(repository, 'tag', 'v1.0.0');
git(repository, 'tag', 'v1.1.0-rc.1');
git(repository, 'tag', 'v2.0.0');
writeFileSync(join(repository, 'p.c'), 'no C\n');
git(repository, 'commit', '-qam', 'broken');
git(repository, 'tag', 'broken');
writeFileSync(join(repository, 'p.c'), V2);
git(repository, 'commit', '-qam', 'two');

async function gate(baseline: string) {
  writeFileSync(join(repository, 'plugin-gate.yml'), CONFIG(baseline));
  const { report } = await runGate({
    configFile: 'plugin-gate.yml',
    directory: repository,
    environment: process.env,
    progress: SILENT,
    version: '0.0.0',
    now: new Date('2026-11-22T00:00:00Z'),
  });
  return report;
}

describeWith(['cc', 'git'], 'a baseline that is built from a commit', () => {
  it.each([
    ['a tag', '{ git: { ref: v1.0.0 } }', 'v1.0.0'],
    ['the highest tag below this version', '{ git: { tag: "v*" } }', 'refs/tags/v1.0.0'],
    ['a tag with a pre-release', '{ git: { tag: "v*", prereleases: true } }', 'refs/tags/v1.1.0-rc.1'],
    ['a tag of the same line', '{ git: { tag: "v*", line: major } }', 'refs/tags/v1.0.0'],
    ['a commit before', '{ git: { ref: "v1.0.0" }, version: 1.0.0 }', 'v1.0.0'],
  ])('is compared with: %s', async (_name, baseline, ref) => {
    const report = await gate(baseline);
    const [plugin] = report.plugins;
    const commit = git(repository, 'rev-parse', `${ref}^{commit}`).trim();
    expect(plugin?.baseline?.source).toBe(`built from ${ref} (${commit.slice(0, 12)})`);
    expect(plugin?.compatibility).toBe('breaking');
    expect(report.findings.map(({ rule }) => rule)).toContain('abi/struct-size-changed');
    // Neither the work tree nor its index was touched, and what was built beside it is gone.
    expect(readFileSync(join(repository, 'p.c'), 'utf8')).toBe(V2);
    expect(git(repository, 'status', '--porcelain', 'p.c')).toBe('');
    expect(existsSync(join(repository, 'p.so'))).toBe(true);
  });

  it.each([
    ['a ref that is not there', '{ git: { ref: v9.9.9 } }', 'baseline/missing', /git knows no v9\.9\.9/],
    ['no tag that fits', '{ git: { tag: "w*" } }', 'baseline/missing', /No tag of this repository/],
    ['a commit that does not build', '{ git: { ref: broken } }', 'baseline/unusable', /could not be built from broken/],
  ])('is undecided with %s', async (_name, baseline, rule, message) => {
    const report = await gate(baseline);
    const found = report.findings.filter((one) => one.rule.startsWith('baseline/'));
    expect(found).toMatchObject([{ rule, message: expect.stringMatching(message), severity: 'undecided' }]);
    expect(report.plugins[0]?.compatibility).toBeUndefined();
  });
});
