import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { deliver } from '../../src/oci/deliver.ts';
import { parseReference } from '../../src/oci/reference.ts';
import { describeWith } from '../support/needs.ts';
import { digestOf, OCI_INDEX, OciRegistry, type Pushed } from '../support/oci-registry.ts';
import { type Entry, tar } from '../support/tar.ts';
import { workspace } from '../support/workspace.ts';

const TAR = 'application/vnd.oci.image.layer.v1.tar';
const GZIP = `${TAR}+gzip`;
const ZSTD = `${TAR}+zstd`;
const PLUGIN = Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(200_000, 'plugin')]);
const PATH = 'usr/lib/plugins/greet.so';

describeWith(['docker-registry', 'zstd'], 'plugins in a real registry', () => {
  const directory = workspace();
  let registry: OciRegistry;
  beforeAll(async () => {
    registry = await OciRegistry.start(directory);
  });
  afterAll(() => registry.stop());

  async function take(where: string, target = 'linux/amd64', environment: Readonly<Record<string, string>> = {}) {
    const reference = parseReference(`oci://${registry.host}/${where}`);
    return await deliver({ reference, target, environment, file: 'needed', signatures: false });
  }
  async function taken(where: string, target?: string) {
    const outcome = await take(where, target);
    if (!outcome.ok) throw new Error(`${outcome.finding.rule}: ${outcome.finding.message}`);
    return outcome.value;
  }
  async function refused(where: string, target?: string): Promise<string> {
    const outcome = await take(where, target);
    return outcome.ok ? 'taken' : `${outcome.finding.rule}: ${outcome.finding.message}`;
  }
  const zstd = (bytes: Buffer) => execFileSync('zstd', ['-q', '-c'], { input: bytes, maxBuffer: 1 << 28 });
  const layer = (repository: string, bytes: Buffer, type = GZIP): Promise<Pushed> =>
    registry.blob(repository, bytes, type);

  it.each([
    ['as it is', TAR, (bytes: Buffer) => bytes],
    ['with gzip', GZIP, (bytes: Buffer) => gzipSync(bytes)],
    ['with zstd', ZSTD, zstd],
    ['with gzip, called zstd', ZSTD, (bytes: Buffer) => gzipSync(bytes)],
  ])('a file in an image, its layer %s', async (_, type, pack) => {
    const stored = await layer(
      'one',
      pack(tar({ name: 'usr/', type: '5' }, { name: `./${PATH}`, content: PLUGIN })),
      type,
    );
    const image = await registry.image('one', [stored], 'v1');
    const { file, chain } = await taken(`one:v1#${PATH}`);
    expect(file?.bytes.equals(PLUGIN)).toBe(true);
    expect(chain).toMatchObject({
      resolved: image.digest,
      manifest: image.digest,
      file: { path: PATH, layer: stored.digest, digest: digestOf(PLUGIN), size: PLUGIN.length },
    });
  });

  it('a large file, over many pieces', async () => {
    const large = Buffer.alloc(9_000_001).map((_, index) => (index * 7919) & 0xff);
    const stored = await layer(
      'large',
      zstd(tar({ name: 'before', content: 'x' }, { name: 'a.so', content: large })),
      ZSTD,
    );
    await registry.image('large', [stored], 'v1');
    expect((await taken('large:v1#a.so')).file?.digest).toBe(digestOf(large));
  });

  it('an artifact that is one file, and one of several', async () => {
    const title = (name: string) => ({ 'org.opencontainers.image.title': name });
    const one = await registry.blob('art', PLUGIN, 'application/octet-stream', title('greet.so'));
    const two = await registry.blob('art', Buffer.from('readme'), 'text/plain', title('README'));
    await registry.image('art', [one], 'one', { artifactType: 'application/vnd.example.plugin' });
    await registry.image('art', [one, two], 'two', { artifactType: 'application/vnd.example.plugin' });
    expect((await taken('art:one')).file?.digest).toBe(digestOf(PLUGIN));
    expect((await taken('art:two#greet.so')).file?.digest).toBe(digestOf(PLUGIN));
    expect(await refused('art:two')).toMatch(/^oci\/no-file: .*several files, "greet.so", "README"/);
    expect(await refused('art:two#other.so')).toMatch(/^oci\/no-file/);
    await registry.image('art', [one, { ...two, annotations: title('greet.so') }], 'twice', {});
    expect(await refused('art:twice#greet.so')).toMatch(/^oci\/unsafe-layer: .*more than once/);
  });

  it('upper layers hide lower ones, remove files and whole directories', async () => {
    const at = async (...entries: readonly Entry[]) => await layer('layers', gzipSync(tar(...entries)));
    const lower = await at({ name: PATH, content: 'old' }, { name: 'opt/a.so', content: 'a' });
    const upper = await at({ name: PATH, content: PLUGIN });
    const image = async (tag: string, ...layers: Pushed[]) => await registry.image('layers', layers, tag);
    await image('hidden', lower, upper);
    expect((await taken(`layers:hidden#${PATH}`)).file?.digest).toBe(digestOf(PLUGIN));
    expect((await taken('layers:hidden#opt/a.so')).file?.layer).toBe(lower.digest);
    await image('gone', lower, await at({ name: 'usr/lib/plugins/.wh.greet.so' }));
    expect(await refused(`layers:gone#${PATH}`)).toMatch(/^oci\/no-file/);
    await image('dirgone', lower, await at({ name: 'usr/.wh.lib' }));
    expect(await refused(`layers:dirgone#${PATH}`)).toMatch(/^oci\/no-file/);
    await image('opaque', lower, await at({ name: 'usr/lib/.wh..wh..opq' }));
    expect(await refused(`layers:opaque#${PATH}`)).toMatch(/^oci\/no-file/);
    await image('other', lower, await at({ name: 'usr/lib/plugins/.wh.greet.so.bak' }));
    expect((await taken(`layers:other#${PATH}`)).file?.layer).toBe(lower.digest);
    await image('renewed', lower, await at({ name: 'usr/lib/.wh..wh..opq' }, { name: PATH, content: PLUGIN }));
    expect((await taken(`layers:renewed#${PATH}`)).file?.digest).toBe(digestOf(PLUGIN));
    await image('replaced', lower, await at({ name: 'usr/lib', content: 'a file now' }));
    expect(await refused(`layers:replaced#${PATH}`)).toMatch(/^oci\/no-file/);
  });

  it('the platform is chosen from an index, never the first that is there', async () => {
    const plain = async (content: string) =>
      await registry.image('multi', [await layer('multi', tar({ name: 'a.so', content }), TAR)]);
    const [amd64, arm64] = [await plain('amd64'), await plain('arm64')];
    const [v7, v6] = [await plain('v7'), await plain('v6')];
    const listed = (image: Pushed, architecture: string, variant?: string) => ({
      ...image,
      platform: { os: 'linux', architecture, ...(variant === undefined ? {} : { variant }) },
    });
    const index = async (tag: string, ...manifests: unknown[]) =>
      await registry.manifest('multi', { schemaVersion: 2, mediaType: OCI_INDEX, manifests }, tag);
    const unknown = { ...v6, platform: { os: 'unknown', architecture: 'unknown' } };
    const all = await index(
      'all',
      listed(arm64, 'arm64', 'v8'),
      unknown,
      listed(v6, 'arm', 'v6'),
      listed(v7, 'arm', 'v7'),
      listed(amd64, 'amd64'),
    );
    for (const [target, content] of [
      ['linux/amd64', 'amd64'],
      ['linux/arm64', 'arm64'],
      ['linux/arm', 'v7'],
      ['linux/arm/v6', 'v6'],
    ] as const) {
      const { file, chain } = await taken('multi:all#a.so', target);
      expect([file?.bytes.toString(), chain.platform, chain.resolved]).toEqual([content, target, all.digest]);
    }
    expect(await refused('multi:all#a.so', 'linux/riscv64')).toMatch(
      /^oci\/no-platform: .*found linux\/amd64, linux\/arm\/v6, linux\/arm\/v7/,
    );
    await index('twice', listed(amd64, 'amd64'), listed(arm64, 'amd64'));
    expect(await refused('multi:twice#a.so')).toMatch(/^oci\/no-platform: .*found 2 different ones/);
    await index('same', listed(amd64, 'amd64'), listed(amd64, 'amd64'));
    expect((await taken('multi:same#a.so')).file?.bytes.toString()).toBe('amd64');
    await index('fast', listed(amd64, 'amd64', 'v3'));
    expect(await refused('multi:fast#a.so')).toMatch(/^oci\/no-platform/);
  });

  it('a digest in the reference counts, whatever tag stands beside it', async () => {
    const push = async (content: string) =>
      await registry.image('pin', [await layer('pin', tar({ name: 'a.so', content }), TAR)], content);
    const old = await push('old');
    const now = await push('now');
    expect((await taken(`pin:now@${old.digest}#a.so`)).file?.bytes.toString()).toBe('old');
    expect((await taken(`pin@${now.digest}#a.so`)).file?.bytes.toString()).toBe('now');
    expect(await refused(`pin:now@sha256:${'0'.repeat(64)}#a.so`)).toMatch(
      /^oci\/unavailable: .*has no pin under sha256:000/,
    );
  });

  it('an image without the path of a file is wrong usage, a missing name or file is told', async () => {
    await registry.image('plain', [await layer('plain', tar({ name: 'a.so', content: 'x' }), TAR)], 'v1');
    await expect(take('plain:v1')).rejects.toThrow('name the file in it behind #');
    expect(await refused('plain:v2#a.so')).toMatch(/^oci\/unavailable: .*has no plain under v2/);
    expect(await refused('plain:v1#b.so')).toMatch(/^oci\/no-file: The image sha256:[0-9a-f]{64} has no file b\.so/);
    await registry.image('plain', [], 'empty');
    expect(await refused('plain:empty#a.so')).toMatch(/^oci\/no-file/);
  });

  it.each([
    ['a path that leads out', [{ name: '../a.so', content: 'x' }], 'oci/unsafe-layer', 'leads out'],
    ['an absolute path', [{ name: '/a.so', content: 'x' }], 'oci/unsafe-layer', 'leads out'],
    [
      'the file twice',
      [
        { name: 'a.so', content: 'x' },
        { name: './a.so', content: 'y' },
      ],
      'oci/unsafe-layer',
      'twice',
    ],
    ['a symbolic link in its place', [{ name: 'a.so', type: '2', link: 'b.so' }], 'oci/unsafe-layer', 'is a link'],
    [
      'a hard link in its place',
      [
        { name: 'b', content: 'x' },
        { name: 'a.so', type: '1', link: 'b' },
      ],
      'oci/unsafe-layer',
      'is a link',
    ],
    ['a device in its place', [{ name: 'a.so', type: '3' }], 'oci/no-file', 'device or pipe'],
    ['a pipe in its place', [{ name: 'a.so', type: '6' }], 'oci/no-file', 'device or pipe'],
    ['a directory in its place', [{ name: 'a.so/', type: '5' }], 'oci/no-file', 'directory'],
    ['a size that is longer than the layer', [{ name: 'a.so', content: 'x', size: 100_000 }], 'oci/malformed', 'cut'],
  ])('a layer with %s', async (_, entries, rule, why) => {
    await registry.image('odd', [await layer('odd', gzipSync(tar(...entries)))], 'v1');
    expect(await refused('odd:v1#a.so')).toMatch(new RegExp(`^${rule}: .*${why}`));
  });

  it('a link on the way to the file, where it lies itself', async () => {
    const linked = await layer(
      'way',
      gzipSync(tar({ name: 'lib', type: '2', link: 'usr/lib' }, { name: 'usr/lib/a.so', content: 'x' })),
    );
    await registry.image('way', [linked], 'v1');
    expect(await refused('way:v1#lib/a.so')).toMatch(/^oci\/unsafe-layer: .*leads over a link, lib/);
    expect((await taken('way:v1#usr/lib/a.so')).file?.bytes.toString()).toBe('x');
  });

  it.each([
    ['no archive', Buffer.from('hello'), 'oci/malformed'],
    ['an empty one', Buffer.alloc(0), 'oci/malformed'],
    ['gzip that is cut', gzipSync(tar({ name: 'a.so', content: PLUGIN })).subarray(0, 300), 'oci/malformed'],
    ['a gzip bomb', gzipSync(Buffer.alloc(64 << 20)), 'oci/too-large'],
  ])('a layer that is %s', async (_, bytes, rule) => {
    await registry.image('bad', [await layer('bad', bytes)], 'v1');
    expect(await refused('bad:v1#a.so')).toMatch(new RegExp(`^${rule}`));
  });

  it('a zstd bomb, zstd that is cut, and one that asks for a huge window', async () => {
    const bomb = zstd(Buffer.alloc(256 << 20));
    const good = zstd(tar({ name: 'a.so', content: PLUGIN }));
    const window = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0x01, 0x00, 0x00]);
    for (const [bytes, expected] of [
      [bomb, /^oci\/too-large: .*200 times/],
      [good.subarray(0, good.length - 7), /^oci\/malformed: .*cut/],
      [window, /^oci\/too-large: .*window/],
    ] as const) {
      await registry.image('zbad', [await layer('zbad', bytes, ZSTD)], 'v1');
      expect(await refused('zbad:v1#a.so')).toMatch(expected);
    }
  });
});
