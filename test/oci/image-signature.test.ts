import { generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type VerifyOptions, verify } from '../../src/commands/verify.ts';
import { COSIGN_SIGN } from '../../src/oci/verify-image.ts';
import { describeWith } from '../support/needs.ts';
import { digestOf, OCI_INDEX, OCI_MANIFEST, OciRegistry, type Pushed } from '../support/oci-registry.ts';
import { email, IDENTITY, ISSUER, type Json, PREDICATE, SigstoreStack, statement } from '../support/sigstore-stack.ts';
import { tar } from '../support/tar.ts';
import { workspace } from '../support/workspace.ts';

const TAR = 'application/vnd.oci.image.layer.v1.tar';
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const SIMPLE = 'application/vnd.dev.cosign.simplesigning.v1+json';
const PLUGIN = Buffer.from('\x7fELF and the plugin');
const keys = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

describeWith(['docker-registry'], 'signatures of images', () => {
  const directory = workspace();
  const at = (name: string) => join(directory, name);
  let registry: OciRegistry;
  let stack: SigstoreStack;
  beforeAll(async () => {
    [registry, stack] = await Promise.all([OciRegistry.start(directory), SigstoreStack.start()]);
    writeFileSync(at('trusted_root.json'), JSON.stringify(stack.trustedRoot));
    writeFileSync(at('key.pub'), keys.publicKey.export({ type: 'spki', format: 'pem' }));
  });
  afterAll(async () => {
    await Promise.all([registry.stop(), stack.stop()]);
  });

  async function run(where: string, options: VerifyOptions = {}) {
    let out = '';
    const terminal = {
      out: (text: string) => {
        out += text;
      },
      err: () => {},
      colour: false,
      interactive: false,
      width: 100,
    };
    const who: VerifyOptions =
      options.key === undefined ? { certificateIdentity: IDENTITY, certificateOidcIssuer: ISSUER } : {};
    const given = {
      ...who,
      trustedRoot: at('trusted_root.json'),
      environment: {},
      format: 'json' as const,
      platform: 'linux/amd64',
      ...options,
    };
    const code = await verify(`oci://${registry.host}/${where}`, given, terminal);
    const result: Json = given.format === 'json' ? JSON.parse(out) : {};
    return { code, out, result, rules: (result.findings ?? []).map(({ rule }: Json) => rule) };
  }
  const image = async (repository: string, content: Uint8Array | string = PLUGIN): Promise<Pushed> =>
    await registry.image(
      repository,
      [await registry.blob(repository, tar({ name: 'a.so', content: Buffer.from(content) }), TAR)],
      'v1',
    );

  /** The payload that cosign 1 and 2 sign. */
  const payloadOf = (digest: string, type = 'cosign container image signature') =>
    Buffer.from(
      JSON.stringify({
        critical: { identity: { 'docker-reference': 'x' }, image: { 'docker-manifest-digest': digest }, type },
        optional: null,
      }),
    );
  const cosignTag = (digest: string) => `${digest.replace(':', '-')}.sig`;
  async function cosign(
    repository: string,
    about: Pushed,
    payload: Buffer,
    annotations: Record<string, string>,
  ): Promise<void> {
    await registry.image(
      repository,
      [await registry.blob(repository, payload, SIMPLE, annotations)],
      cosignTag(about.digest),
    );
  }
  const bySignature = (payload: Buffer) => ({
    'dev.cosignproject.cosign/signature': sign('sha256', payload, keys.privateKey).toString('base64'),
  });
  /** What cosign 2 keeps of a keyless signature: certificate, and the promise of the log. */
  async function keyless(payload: Buffer, signer = stack.signer()): Promise<Record<string, string>> {
    const bundle: Json = await stack.signBlob(payload, signer);
    const { verificationMaterial: material, messageSignature } = bundle;
    const [entry] = material.tlogEntries;
    const der: string = material.certificate?.rawBytes ?? material.x509CertificateChain.certificates[0].rawBytes;
    return {
      'dev.cosignproject.cosign/signature': messageSignature.signature,
      'dev.sigstore.cosign/certificate': `-----BEGIN CERTIFICATE-----\n${der.replaceAll(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE-----\n`,
      'dev.sigstore.cosign/bundle': JSON.stringify({
        SignedEntryTimestamp: entry.inclusionPromise.signedEntryTimestamp,
        Payload: {
          body: entry.canonicalizedBody,
          integratedTime: Number(entry.integratedTime),
          logIndex: Number(entry.logIndex),
          logID: Buffer.from(entry.logId.keyId, 'base64').toString('hex'),
        },
      }),
    };
  }
  /** Puts a bundle as a referrer, listed under the tag that stands in for the API (as cosign 3 and oras do). */
  async function refer(repository: string, about: Pushed, bundle: unknown, subject = about.digest): Promise<void> {
    const layer = await registry.blob(repository, Buffer.from(JSON.stringify(bundle)), BUNDLE);
    const pushed = await registry.image(repository, [layer], undefined, {
      artifactType: BUNDLE,
      subject: { mediaType: OCI_MANIFEST, digest: subject, size: about.size },
    });
    await registry.manifest(
      repository,
      { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [{ ...pushed, artifactType: BUNDLE }] },
      about.digest.replace(':', '-'),
    );
  }
  const about = (digest: string, change: Json = {}) => ({
    ...statement(PLUGIN, { predicateType: COSIGN_SIGN, ...change }),
    subject: [{ name: 'x', digest: { sha256: digest.slice('sha256:'.length) } }],
  });

  it('cosign 2 with a key: the image, and the file in it by its digests', async () => {
    const pushed = await image('key');
    const payload = payloadOf(pushed.digest);
    await cosign('key', pushed, payload, bySignature(payload));
    const { code, result } = await run('key:v1#a.so', { key: at('key.pub') });
    expect([code, result.verdict]).toEqual([0, 'verified']);
    expect(result.oci).toMatchObject({ resolved: pushed.digest, file: { path: 'a.so', digest: digestOf(PLUGIN) } });
    expect(result.evidence.artifact.digest).toBe(pushed.digest);
  });

  it('cosign 2 without a key: certificate and log entry from the annotations', async () => {
    const pushed = await image('keyless', 'keyless');
    const payload = payloadOf(pushed.digest);
    await cosign('keyless', pushed, payload, await keyless(payload));
    expect((await run('keyless:v1')).code).toBe(0);
    const other = await run('keyless:v1', { certificateIdentity: `${IDENTITY}x` });
    expect([other.code, other.rules]).toEqual([1, ['sig/wrong-identity']]);
  });

  it('a certificate without log entry proves no time', async () => {
    const pushed = await image('notime', 'notime');
    const payload = payloadOf(pushed.digest);
    const { 'dev.sigstore.cosign/bundle': _, ...rest } = await keyless(payload);
    await cosign('notime', pushed, payload, rest);
    expect((await run('notime:v1')).rules).toEqual(['sig/no-log-entry', 'sig/no-time']);
  });

  it('a genuine payload about another image, under the tag of this one', async () => {
    const pushed = await image('moved', 'moved');
    const payload = payloadOf(`sha256:${'1'.repeat(64)}`);
    await cosign('moved', pushed, payload, bySignature(payload));
    const { code, rules } = await run('moved:v1', { key: at('key.pub') });
    expect([code, rules]).toEqual([1, ['sig/wrong-subject']]);
  });

  it('a payload of another kind, and one that is changed', async () => {
    const pushed = await image('kind', 'kind');
    const payload = payloadOf(pushed.digest, 'something else');
    await cosign('kind', pushed, payload, bySignature(payload));
    expect((await run('kind:v1', { key: at('key.pub') })).rules).toEqual(['sig/wrong-payload-type']);
    await cosign('kind', pushed, payloadOf(pushed.digest), bySignature(payload));
    expect((await run('kind:v1', { key: at('key.pub') })).rules).toEqual(['sig/key-mismatch']);
  });

  it('cosign 3: a bundle as a referrer, by the tag that stands in for the API', async () => {
    const pushed = await image('bundle', 'bundle');
    await refer('bundle', pushed, await stack.attest(about(pushed.digest)));
    const { code, result } = await run('bundle:v1#a.so');
    expect(code).toBe(0);
    expect(result.evidence.statement.predicateType).toBe(COSIGN_SIGN);
  });

  it('provenance of an image when the policy asks for it, and only then', async () => {
    const pushed = await image('prov', 'prov');
    await refer('prov', pushed, await stack.attest(about(pushed.digest, { predicateType: PREDICATE })));
    expect((await run('prov:v1', { predicateType: [PREDICATE] })).code).toBe(0);
    expect((await run('prov:v1')).rules).toEqual(['sig/wrong-predicate']);
  });

  it('a referrer about another image, listed here', async () => {
    const pushed = await image('foreign', 'foreign');
    await refer('foreign', pushed, await stack.attest(about(digestOf(PLUGIN))));
    expect((await run('foreign:v1')).rules).toEqual(['sig/wrong-subject']);
    const other = await image('foreign2', 'foreign2');
    await refer('foreign2', other, await stack.attest(about(other.digest)), pushed.digest);
    expect((await run('foreign2:v1')).rules).toEqual(['sig/missing']);
  });

  it('one good signature among those of strangers is enough; strangers alone are not', async () => {
    const pushed = await image('several', 'several');
    const stranger = stack.signer({ names: [email('a@example.org')], issuer: ISSUER });
    await refer('several', pushed, await stack.attest(about(pushed.digest), stranger));
    expect((await run('several:v1')).rules).toEqual(['sig/wrong-identity']);
    const payload = payloadOf(pushed.digest);
    await cosign('several', pushed, payload, await keyless(payload));
    expect((await run('several:v1')).code).toBe(0);
  });

  it('the signature of an index covers the image that is chosen from it', async () => {
    const child = await image('index', 'index');
    const index = await registry.manifest(
      'index',
      {
        schemaVersion: 2,
        mediaType: OCI_INDEX,
        manifests: [{ ...child, platform: { os: 'linux', architecture: 'amd64' } }],
      },
      'all',
    );
    const payload = payloadOf(index.digest);
    await cosign('index', index, payload, bySignature(payload));
    const { code, result } = await run('index:all#a.so', { key: at('key.pub') });
    expect([code, result.oci.manifest, result.evidence.artifact.digest]).toEqual([0, child.digest, index.digest]);
    expect((await run('index:v1#a.so', { key: at('key.pub') })).rules).toEqual(['sig/missing']);
  });

  it('no signature at all', async () => {
    await image('unsigned', 'unsigned');
    const { code, rules, result } = await run('unsigned:v1');
    expect([code, rules]).toEqual([1, ['sig/missing']]);
    expect(result.findings[0].message).toMatch(
      /Looked for the referrers API, the tag sha256-[0-9a-f]{64}, the tag sha256-[0-9a-f]{64}\.sig\./,
    );
  });

  it('the file by a bundle of its own', async () => {
    await image('file');
    writeFileSync(at('file.json'), JSON.stringify(await stack.signBlob(PLUGIN)));
    writeFileSync(at('other.json'), JSON.stringify(await stack.signBlob(Buffer.from('another'))));
    expect((await run('file:v1#a.so', { bundle: at('file.json') })).code).toBe(0);
    expect((await run('file:v1#a.so', { bundle: at('other.json') })).rules).toEqual(['sig/digest-mismatch']);
  });

  it('an image that is not there is undecided, for people and for programs', async () => {
    const { code, result } = await run('none:v1#a.so');
    expect([code, result.verdict, result.evidence]).toEqual([3, 'undecided', undefined]);
    const { out } = await run('none:v1#a.so', { format: 'text', explain: true });
    expect(out).toContain('oci/unavailable');
  });

  it('shows the way from the tag to the file', async () => {
    const { out } = await run('key:v1#a.so', { key: at('key.pub'), format: 'text', explain: true });
    expect(out).toMatch(/image +sha256:/);
    expect(out).toMatch(/file +a\.so, sha256:/);
    expect(out).toContain('What was expected');
  });

  it('offline does not go with a registry, nor does a wrong platform', async () => {
    await expect(run('key:v1', { key: at('key.pub'), offline: true })).rejects.toThrow('--offline makes no connection');
    await expect(run('key:v1', { key: at('key.pub'), platform: 'linux' })).rejects.toThrow(
      '--platform "linux" is not a platform',
    );
  });

  it('the JSON has the published shape', async () => {
    const { Ajv2020 } = await import('ajv/dist/2020.js');
    const formats = await import('ajv-formats');
    const ajv = new Ajv2020({ strict: false });
    formats.default.default(ajv);
    const conforms = ajv.compile(
      JSON.parse(readFileSync(new URL('../../schema/verify.v1.json', import.meta.url), 'utf8')),
    );
    for (const where of ['key:v1#a.so', 'unsigned:v1', 'none:v1']) {
      const { result } = await run(where, { key: at('key.pub') });
      expect(conforms(result) ? [] : conforms.errors).toEqual([]);
    }
  });
});
