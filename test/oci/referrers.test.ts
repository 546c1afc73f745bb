import { expect, it } from '@jest/globals';
import { deliver } from '../../src/oci/deliver.ts';
import { parseReference } from '../../src/oci/reference.ts';
import { listen } from '../support/http-server.ts';
import { digestOf, OCI_INDEX, OCI_MANIFEST } from '../support/oci-registry.ts';
import { tar } from '../support/tar.ts';

// A registry with the referrers API (distribution specification 1.1), which Debian's docker-registry does not have.
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const CONFIG = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf(Buffer.from('{}')), size: 2 };
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const layer = tar({ name: 'a.so', content: 'plugin' });
const described = (bytes: Buffer, mediaType: string, more: object = {}) => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.length,
  ...more,
});
const image = json({
  schemaVersion: 2,
  mediaType: OCI_MANIFEST,
  config: CONFIG,
  layers: [described(layer, 'application/vnd.oci.image.layer.v1.tar')],
});
const bundle = json({ mediaType: BUNDLE });

async function signaturesWith(subject: string, artifactType = BUNDLE, layerType = BUNDLE) {
  const referrer = json({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType,
    config: CONFIG,
    layers: [described(bundle, layerType)],
    subject: { mediaType: OCI_MANIFEST, digest: subject, size: image.length },
  });
  const index = json({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [described(referrer, OCI_MANIFEST, { artifactType })],
  });
  const manifests = new Map([
    ['v1', image],
    [digestOf(image), image],
    [digestOf(referrer), referrer],
  ]);
  const { host, requests } = await listen((request, response) => {
    const [, kind = '', name = ''] = /\/v2\/name\/(\w+)\/(.+)$/.exec(request.url ?? '') ?? [];
    const send = (bytes: Buffer | undefined, type: string) =>
      bytes === undefined
        ? response.writeHead(404).end()
        : response.writeHead(200, { 'content-type': type }).end(bytes);
    if (kind === 'referrers') send(name === digestOf(image) ? index : undefined, OCI_INDEX);
    else if (kind === 'manifests') send(manifests.get(name), OCI_MANIFEST);
    else send(name === LAYER ? layer : name === digestOf(bundle) ? bundle : undefined, 'application/octet-stream');
  });
  const reference = parseReference(`oci://${host}/name:v1#a.so`);
  const outcome = await deliver({
    reference,
    target: 'linux/amd64',
    environment: {},
    file: 'needed',
    signatures: true,
  });
  if (!outcome.ok) throw new Error(outcome.finding.message);
  return { signatures: outcome.value.signatures, paths: requests.map(({ path }) => path) };
}
const LAYER = digestOf(layer);

it('a bundle that the API lists is found, and the tag in its place is not asked for', async () => {
  const { signatures, paths } = await signaturesWith(digestOf(image));
  expect(signatures).toEqual([
    { kind: 'bundle', name: expect.stringContaining('referrer sha256:'), about: digestOf(image), bytes: bundle },
  ]);
  expect(paths).not.toContain(`/v2/name/manifests/${digestOf(image).replace(':', '-')}`);
  expect(paths.filter((path) => path === '/v2/name/manifests/v1')).toHaveLength(1);
});

it('one that says itself to be about another image is passed over', async () => {
  expect((await signaturesWith(`sha256:${'1'.repeat(64)}`)).signatures).toEqual([]);
});

it.each([
  ['another kind of artifact', 'application/spdx+json', BUNDLE],
  ['another kind of layer', BUNDLE, 'text/plain'],
])('%s is passed over', async (_, artifactType, layerType) => {
  expect((await signaturesWith(digestOf(image), artifactType, layerType)).signatures).toEqual([]);
});
