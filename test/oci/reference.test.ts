import { describe, expect, it } from '@jest/globals';
import { originOf, parseReference } from '../../src/oci/reference.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('a place in a registry', () => {
  it.each([
    ['oci://ghcr.io/org/plugin:v1', { host: 'ghcr.io', repository: 'org/plugin', tag: 'v1' }],
    [`oci://ghcr.io/org/plugin@${DIGEST}`, { digest: DIGEST }],
    [`oci://ghcr.io/org/plugin:v1@${DIGEST}#a/b.so`, { tag: 'v1', digest: DIGEST, path: 'a/b.so' }],
    ['oci://localhost:5000/p:v1#/usr/lib/a.so', { host: 'localhost:5000', path: 'usr/lib/a.so' }],
    [
      'oci://docker.io/nginx:1',
      { host: 'registry-1.docker.io', account: 'index.docker.io', repository: 'library/nginx' },
    ],
    ['oci://docker.io/org/plugin:1', { repository: 'org/plugin' }],
  ])('%s', (text, expected) => {
    expect(parseReference(text)).toMatchObject(expected);
  });

  it.each([
    ['ghcr.io/org/plugin:v1', 'does not begin'],
    ['oci://ghcr.io', 'no name behind the host'],
    ['oci://plugin/v1:x', 'not a host'],
    ['oci://user@ghcr.io/p:v1', 'not a host'],
    ['oci://ghcr.io:x/p:v1', 'not a host'],
    ['oci://ghcr.io/p', 'neither a tag nor a digest'],
    ['oci://ghcr.io/P:v1', 'is not a name'],
    ['oci://ghcr.io/../p:v1', 'is not a name'],
    ['oci://ghcr.io/p?x=1:v1', 'is not a name'],
    ['oci://ghcr.io/p:v1/../../x', 'is not a tag'],
    ['oci://ghcr.io/p:v 1', 'is not a tag'],
    ['oci://ghcr.io/p@sha256:abc', '64 lower-case hex'],
    [`oci://ghcr.io/p@${DIGEST.toUpperCase()}`, '64 lower-case hex'],
    [`oci://ghcr.io/p@${DIGEST}@${DIGEST}`, '64 lower-case hex'],
    ['oci://ghcr.io/p:v1#', 'path behind #'],
    ['oci://ghcr.io/p:v1#../a.so', 'path behind #'],
    ['oci://ghcr.io/p:v1#a//b.so', 'path behind #'],
    ['oci://ghcr.io/p:v1#a\u0000b', 'path behind #'],
  ])('%j is wrong usage', (text, why) => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({ name: 'UsageError', message: expect.stringContaining(why) }),
    );
  });

  it.each([
    ['127.0.0.1:5000', 'http'],
    ['localhost', 'http'],
    ['[::1]:5000', 'http'],
    ['127.0.0.1.evil.example', 'https'],
    ['localhost.evil.example', 'https'],
    ['10.0.0.1:5000', 'https'],
    ['ghcr.io', 'https'],
  ])('%s is asked by %s', (host, scheme) => {
    expect(originOf({ host })).toBe(`${scheme}://${host}`);
  });
});
