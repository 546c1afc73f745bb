import './tools.ts';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type VerifyOptions, verify } from '../../src/commands/verify.ts';
import { describeWith } from '../support/needs.ts';
import { digestOf, OciRegistry, type Pushed } from '../support/oci-registry.ts';
import { PREDICATE } from '../support/sigstore-stack.ts';
import { tar } from '../support/tar.ts';
import { recordingTerminal } from '../support/terminal.ts';
import { workspace } from '../support/workspace.ts';
import { cosignIn, opensslKey } from './tools.ts';

// Images that the real cosign signs in a real registry, and that the real skopeo copies.
const PLUGIN = Buffer.from('\x7fELF what lies in the image');
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const TAR = 'application/vnd.oci.image.layer.v1.tar';

async function run(reference: string, options: VerifyOptions) {
  const terminal = recordingTerminal();
  const code = await verify(reference, { format: 'json', environment: {}, ...options }, terminal);
  const result = JSON.parse(terminal.written.out);
  const rules: readonly string[] = result.findings.map(({ rule }: { rule: string }) => rule);
  return { code, rules, result };
}

describeWith(['cosign', 'docker-registry', 'openssl'], 'images that cosign signs with a key', () => {
  const root = workspace();
  const at = (name: string) => join(root, name);
  const cosign = cosignIn(root);
  let registry: OciRegistry;
  let image: Pushed;
  let other: Pushed;
  beforeAll(async () => {
    registry = await OciRegistry.start(root);
    writeFileSync(at('offline.json'), '{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}');
    opensslKey(root, 'key', 'EC', 'ec_paramgen_curve:P-256');
    opensslKey(root, 'stranger', 'EC', 'ec_paramgen_curve:P-256');
    await cosign('import-key-pair', '--yes', '--key', at('key.pem'), '--output-key-prefix', at('c'));
    const push = async (content: Uint8Array) =>
      await registry.image('plugin', [await registry.blob('plugin', tar({ name: 'a.so', content }), TAR)]);
    image = await push(PLUGIN);
    other = await push(Buffer.from('another'));
  });
  afterAll(() => registry.stop());
  const place = (pushed: Pushed) => `${registry.host}/plugin@${pushed.digest}`;
  const signed = async (...args: readonly string[]) =>
    await cosign(...args, '--yes', '--key', at('c.key'), '--allow-http-registry');

  it('in the form of version 3: a bundle beside the image', async () => {
    const { ok, said } = await signed('sign', '--signing-config', at('offline.json'), place(image));
    expect({ ok, said: ok ? '' : said }).toEqual({ ok: true, said: '' });
    const { code, result } = await run(`oci://${place(image)}#a.so`, { key: at('key.pub') });
    expect([code, result.oci.file.digest]).toEqual([0, digestOf(PLUGIN)]);
    expect((await run(`oci://${place(image)}`, { key: at('stranger.pub') })).rules).toEqual(['sig/key-mismatch']);
    expect((await run(`oci://${place(other)}`, { key: at('key.pub') })).rules).toEqual(['sig/missing']);
  });

  it('in the form of version 2: under a tag made of the digest', async () => {
    const old = ['--use-signing-config=false', '--new-bundle-format=false', '--tlog-upload=false'];
    const { ok, said } = await signed('sign', ...old, place(other));
    expect({ ok, said: ok ? '' : said }).toEqual({ ok: true, said: '' });
    expect((await run(`oci://${place(other)}#a.so`, { key: at('key.pub') })).code).toBe(0);
    expect((await run(`oci://${place(other)}`, { key: at('stranger.pub') })).rules).toEqual(['sig/key-mismatch']);
  });

  it('an attestation of the image counts when it is asked for', async () => {
    writeFileSync(
      at('predicate.json'),
      '{"buildDefinition":{},"runDetails":{"builder":{"id":"https://example.org/builder"}}}',
    );
    const pushed = await registry.image('plugin', [
      await registry.blob('plugin', tar({ name: 'b.so', content: 'b' }), TAR),
    ]);
    const attest = [
      'attest',
      '--signing-config',
      at('offline.json'),
      '--type',
      PREDICATE,
      '--predicate',
      at('predicate.json'),
    ];
    const { ok, said } = await signed(...attest, place(pushed));
    expect({ ok, said: ok ? '' : said }).toEqual({ ok: true, said: '' });
    const asked = { key: at('key.pub'), predicateType: [PREDICATE] };
    expect((await run(`oci://${place(pushed)}`, asked)).code).toBe(0);
    expect((await run(`oci://${place(pushed)}`, { key: at('key.pub') })).rules).toEqual(['sig/wrong-predicate']);
    expect((await run(`oci://${place(pushed)}`, { ...asked, builderId: 'https://example.org/builder' })).code).toBe(0);
    expect((await run(`oci://${place(pushed)}`, { ...asked, builderId: 'https://example.org/other' })).rules).toEqual([
      'sig/wrong-provenance',
    ]);
  });
});

describeWith(['skopeo', 'docker-registry'], 'images that skopeo copies', () => {
  const root = workspace();
  let registry: OciRegistry;
  beforeAll(async () => {
    registry = await OciRegistry.start(root);
  });
  afterAll(() => registry.stop());

  it.each([
    ['gzip', 'oci'],
    ['zstd', 'oci'],
    ['gzip', 'v2s2'],
  ])('with %s in the form %s hold the same file, under the digest that skopeo tells', async (compression, form) => {
    const { deliver } = await import('../../src/oci/deliver.ts');
    const { parseReference } = await import('../../src/oci/reference.ts');
    const to = `${registry.host}/${compression}-${form}:v1`;
    // A layer that skopeo knows from an earlier copy is taken over as it is.
    const plugin = Buffer.from(`\x7fELF for ${to}`);
    const layer = await registry.blob('plain', tar({ name: 'usr/lib/a.so', content: plugin }), TAR);
    const described = {
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
    };
    const config = await registry.blob('plain', Buffer.from(JSON.stringify(described)), CONFIG);
    await registry.image('plain', [layer], 'v1', { config });
    const skopeo = (...args: readonly string[]) =>
      execFileSync('skopeo', args, {
        encoding: 'buffer',
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: process.env.PATH, HOME: root },
      });
    const options = [
      '--src-tls-verify=false',
      '--dest-tls-verify=false',
      '--dest-compress-format',
      compression,
      '--format',
      form,
    ];
    skopeo('copy', '--insecure-policy', ...options, `docker://${registry.host}/plain:v1`, `docker://${to}`);
    const raw = skopeo('inspect', '--tls-verify=false', '--raw', `docker://${to}`);
    const outcome = await deliver({
      reference: parseReference(`oci://${to}#usr/lib/a.so`),
      target: 'linux/amd64',
      environment: {},
      file: 'needed',
      signatures: false,
    });
    expect(outcome).toMatchObject({
      ok: true,
      value: { chain: { manifest: digestOf(raw), file: { digest: digestOf(plugin) } } },
    });
    expect(raw.toString()).toContain(compression === 'zstd' ? 'zstd' : 'gzip');
  });
});
