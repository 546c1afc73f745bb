import { linkSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type BaselineRequest, resolveBaseline } from '../../src/baseline/resolve.ts';
import { workspace, writeTree } from '../support/workspace.ts';

const root = workspace();
writeTree(root, { 'previous/amd64/greet.so': 'old', 'build/greet.so': 'new' });
mkdirSync(join(root, 'directory.so'));
symlinkSync('build/greet.so', join(root, 'latest.so'));
linkSync(join(root, 'build/greet.so'), join(root, 'same.so'));
symlinkSync('/etc/passwd', join(root, 'escape.so'));

const resolve = (config: BaselineRequest['config'], more: Partial<BaselineRequest> = {}) =>
  resolveBaseline({ config, plugin: 'greet', target: 'linux/amd64', root, ...more });

const first = (config: BaselineRequest['config'], more: Partial<BaselineRequest> = {}) => {
  const { baseline, findings } = resolve(config, more);
  expect([baseline, findings.length]).toEqual([undefined, 1]);
  return findings[0];
};

describe('resolveBaseline', () => {
  it('reads the file that the tokens name', () => {
    const { baseline, findings } = resolve({ file: 'previous/{arch}/{name}.so' }, { artifactFile: 'build/greet.so' });
    expect(findings).toEqual([]);
    expect(baseline).toMatchObject({ source: 'file previous/amd64/greet.so', artifact: { size: 3 } });
  });

  it('tells a first release, by the reason that was given', () => {
    expect(first({ none: 'first release' })).toMatchObject({
      rule: 'baseline/none',
      severity: 'note',
      message: 'There is no previous release: first release. Nothing was compared.',
    });
  });

  it('is undecided without a configuration', () => {
    expect(first(undefined)).toMatchObject({
      rule: 'baseline/not-configured',
      severity: 'undecided',
      subject: 'greet',
    });
  });

  it('is undecided when the file is missing for a target, and names it', () => {
    expect(first({ file: 'previous/{arch}/{name}.so' }, { target: 'linux/arm64' })).toMatchObject({
      rule: 'baseline/missing',
      severity: 'undecided',
      subject: 'previous/arm64/greet.so',
      message:
        'The previous release of greet for linux/arm64 cannot be read. There is no file previous/arm64/greet.so.',
    });
  });

  it('is undecided about a file that cannot be taken', () => {
    writeFileSync(join(root, 'large.so'), '');
    truncateSync(join(root, 'large.so'), 5000);
    for (const file of ['directory.so', 'escape.so', 'large.so']) {
      expect(first({ file }, { limits: { maxSize: 4000 } })).toMatchObject({
        rule: 'baseline/unusable',
        severity: 'undecided',
        subject: file,
      });
    }
  });

  it('does not compare a file with itself, whatever the way to it', () => {
    for (const file of ['build/greet.so', './build//greet.so', 'latest.so', 'same.so']) {
      expect(first({ file }, { artifactFile: 'build/greet.so' })?.rule).toBe('baseline/is-artifact');
    }
    expect(resolve({ file: 'previous/amd64/greet.so' }, { artifactFile: 'not/built.so' }).findings).toEqual([]);
  });

  it('cannot do without a value for a token', () => {
    expect(() => resolve({ file: 'previous/{version}.so' })).toThrow('baseline of plugin greet: {version} is used');
  });
});
