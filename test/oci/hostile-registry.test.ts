import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { deliver } from '../../src/oci/deliver.ts';
import { parseReference } from '../../src/oci/reference.ts';
import { listen } from '../support/http-server.ts';
import { digestOf, OCI_INDEX, OCI_MANIFEST } from '../support/oci-registry.ts';
import { tar } from '../support/tar.ts';
import { workspace } from '../support/workspace.ts';

// A registry that lies, on loopback. What a real one serves is in registry.test.ts.
const directory = workspace();
const layer = tar({ name: 'a.so', content: 'plugin' });
const CONFIG = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf(Buffer.from('{}')), size: 2 };
const LAYER = { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digestOf(layer), size: layer.length };
const MANIFEST = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: CONFIG, layers: [LAYER] };
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Serves one manifest under every name, and one blob. */
function serving(manifest: Buffer, blob: Buffer = layer, type = OCI_MANIFEST): Handler {
  return (request, response) => {
    const path = request.url ?? '';
    if (path.includes('/manifests/')) response.writeHead(200, { 'content-type': type }).end(manifest);
    else if (path.includes('/blobs/')) response.writeHead(200).end(blob);
    else response.writeHead(404).end();
  };
}

let homes = 0;
/** An environment with docker's configuration. */
function loggedIn(config: unknown): Readonly<Record<string, string>> {
  const home = join(directory, `docker-${++homes}`);
  mkdirSync(home);
  writeFileSync(join(home, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
  return { DOCKER_CONFIG: home, PATH: `${home}:/usr/bin:/bin`, HOME: home };
}
async function take(
  host: string,
  where = 'name:v1#a.so',
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const outcome = await deliver({
    reference: parseReference(`oci://${host}/${where}`),
    target: 'linux/amd64',
    environment,
    file: 'needed',
    signatures: false,
  });
  if (!outcome.ok) return `${outcome.finding.rule}: ${outcome.finding.message}`;
  return outcome.value.file?.bytes.toString() ?? 'no file';
}

describe('content that is not what it is named by', () => {
  it('is taken when everything fits', async () => {
    const { host } = await listen(serving(bytes(MANIFEST)));
    expect(await take(host)).toBe('plugin');
  });

  it('a manifest other than its digest', async () => {
    const { host } = await listen(serving(bytes(MANIFEST)));
    expect(await take(host, `name@${digestOf(Buffer.from('x'))}#a.so`)).toMatch(
      /^oci\/digest-mismatch: Expected the manifest/,
    );
    expect(await take(host, `name@${digestOf(bytes(MANIFEST))}#a.so`)).toBe('plugin');
  });

  it('a layer other than its digest, shorter, longer', async () => {
    const changed = Buffer.from(layer);
    changed[600] = 0x41;
    const serve = async (blob: Buffer) => await take((await listen(serving(bytes(MANIFEST), blob))).host);
    expect(await serve(changed)).toMatch(/^oci\/digest-mismatch: Expected the blob/);
    expect(await serve(layer.subarray(0, 700))).toMatch(/^oci\/digest-mismatch/);
    expect(await serve(Buffer.concat([layer, Buffer.alloc(512)]))).toMatch(/^oci\/too-large/);
  });

  it('a layer of the right digest and another size', async () => {
    const lying = { ...MANIFEST, layers: [{ ...LAYER, size: layer.length + 1 }] };
    const { host } = await listen(serving(bytes(lying)));
    expect(await take(host)).toMatch(/^oci\/digest-mismatch: Expected \d+ bytes of the blob/);
  });

  it('an index that names a manifest of another size, or leads to an index', async () => {
    const manifest = bytes(MANIFEST);
    const index = (size: number, digest = digestOf(manifest)) =>
      bytes({
        schemaVersion: 2,
        mediaType: OCI_INDEX,
        manifests: [{ mediaType: OCI_MANIFEST, digest, size, platform: { os: 'linux', architecture: 'amd64' } }],
      });
    const two =
      (first: Buffer, second: Buffer, type: string): Handler =>
      (request, response) => {
        const path = request.url ?? '';
        if (path.endsWith('/manifests/v1')) response.writeHead(200, { 'content-type': OCI_INDEX }).end(first);
        else serving(second, layer, type)(request, response);
      };
    const right = await listen(two(index(manifest.length), manifest, OCI_MANIFEST));
    expect(await take(right.host)).toBe('plugin');
    const wrong = await listen(two(index(manifest.length + 1), manifest, OCI_MANIFEST));
    expect(await take(wrong.host)).toMatch(/^oci\/digest-mismatch: .*bytes of the manifest/);
    const inner = index(1);
    const nested = await listen(two(index(inner.length, digestOf(inner)), inner, OCI_INDEX));
    expect(await take(nested.host)).toMatch(/^oci\/malformed: .*leads to another index/);
  });
});

describe('manifests that can be read in two ways, or not at all', () => {
  it.each([
    ['an index and a manifest at once', { ...MANIFEST, manifests: [] }, OCI_MANIFEST, 'at once'],
    [
      'an index with layers',
      { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [], layers: [] },
      OCI_INDEX,
      'at once',
    ],
    ['another type than the registry says', MANIFEST, OCI_INDEX, 'calls itself'],
    [
      'the old form of docker',
      { schemaVersion: 1, fsLayers: [] },
      'application/vnd.docker.distribution.manifest.v1+json',
      'not one of',
    ],
    ['no type at all', { layers: [LAYER] }, 'application/json', 'not one of'],
    ['no layers', { ...MANIFEST, layers: undefined }, OCI_MANIFEST, 'no list of layers'],
    [
      'a digest with another algorithm',
      { ...MANIFEST, layers: [{ ...LAYER, digest: `md5:${'0'.repeat(32)}` }] },
      OCI_MANIFEST,
      'another digest',
    ],
    [
      'a digest with a path in it',
      { ...MANIFEST, layers: [{ ...LAYER, digest: 'sha256:../../x' }] },
      OCI_MANIFEST,
      'another digest',
    ],
    ['a negative size', { ...MANIFEST, layers: [{ ...LAYER, size: -1 }] }, OCI_MANIFEST, 'no size'],
    ['a layer that is no object', { ...MANIFEST, layers: [7] }, OCI_MANIFEST, 'another digest'],
  ])('%s', async (_, manifest, type, why) => {
    const { host } = await listen(serving(bytes(manifest), layer, type));
    expect(await take(host)).toMatch(new RegExp(`^oci/malformed: .*${why}`));
  });

  it('a key twice, deep nesting, no JSON', async () => {
    const serve = async (text: string) => await take((await listen(serving(Buffer.from(text)))).host);
    expect(await serve(`{"mediaType":"${OCI_MANIFEST}","layers":[],"layers":[]}`)).toMatch(/given twice/);
    expect(await serve('['.repeat(100_000))).toMatch(/nested more than/);
    expect(await serve('<html>')).toMatch(/^oci\/malformed/);
  });

  it('more than is read', async () => {
    const layers = Array.from({ length: 1001 }, () => LAYER);
    expect(await take((await listen(serving(bytes({ ...MANIFEST, layers })))).host)).toMatch(
      /^oci\/too-large: .*1001 layers/,
    );
    const huge = Buffer.alloc(5 * 1024 * 1024, ' ');
    expect(await take((await listen(serving(huge))).host)).toMatch(/^oci\/too-large/);
    const blob = { ...MANIFEST, layers: [{ ...LAYER, size: 600 * 1024 * 1024 }] };
    expect(await take((await listen(serving(bytes(blob)))).host)).toMatch(/^oci\/too-large: The blob/);
  });
});

describe('answers that are none', () => {
  it.each([[401], [403], [429], [500]])('HTTP %d', async (status) => {
    const { host } = await listen((_, response) => response.writeHead(status).end());
    const told = await take(host);
    expect(told).toMatch(new RegExp(`^oci/unavailable: .*HTTP ${status}`));
    expect(told.includes('docker login')).toBe(status < 404);
  });

  it('nobody listens, and a connection that breaks off', async () => {
    expect(await take('127.0.0.1:1')).toMatch(/^oci\/unavailable: Expected an answer from http:\/\/127\.0\.0\.1:1/);
    const { host } = await listen((request) => request.socket.destroy());
    expect(await take(host)).toMatch(/^oci\/unavailable/);
  });
});

const LOGIN = Buffer.from('someone:secret').toString('base64');
/** Wants the login, and then serves the image. */
const guarded: Handler = (request, response) => {
  if (request.headers.authorization === `Basic ${LOGIN}`) serving(bytes(MANIFEST))(request, response);
  else response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
};

describe('credentials', () => {
  it('of docker, for exactly this host', async () => {
    const { host } = await listen(guarded);
    expect(await take(host, undefined, loggedIn({ auths: { [host]: { auth: LOGIN } } }))).toBe('plugin');
    expect(await take(host, undefined, loggedIn({ auths: { [`https://${host}/v2/`]: { auth: LOGIN } } }))).toBe(
      'plugin',
    );
    expect(
      await take(host, undefined, loggedIn({ auths: { [host]: { username: 'someone', password: 'secret' } } })),
    ).toBe('plugin');
  });

  it('are sent only when asked for, and never those of another host', async () => {
    const free = await listen(serving(bytes(MANIFEST)));
    await take(free.host, undefined, loggedIn({ auths: { [free.host]: { auth: LOGIN } } }));
    expect(free.requests.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
    const { host, requests } = await listen(guarded);
    const port = host.split(':')[1] ?? '';
    for (const other of [
      '127.0.0.1',
      `127.0.0.2:${port}`,
      `${host}0`,
      `localhost:${port}`,
      `evil.example/${host}`,
      '*',
    ]) {
      expect(await take(host, undefined, loggedIn({ auths: { [other]: { auth: LOGIN } } }))).toMatch(/HTTP 401/);
    }
    expect(requests.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it('stay behind when a request is redirected to another host', async () => {
    const store = await listen((_, response) => response.writeHead(200).end(layer));
    const { host, requests } = await listen((request, response) => {
      const path = request.url ?? '';
      if (!path.includes('/blobs/')) guarded(request, response);
      else response.writeHead(307, { location: `http://${store.host}/stored?signature=x` }).end();
    });
    expect(await take(host, undefined, loggedIn({ auths: { [host]: { auth: LOGIN } } }))).toBe('plugin');
    expect(requests.at(-1)?.authorization).toBe(`Basic ${LOGIN}`);
    expect(store.requests).toEqual([{ path: '/stored?signature=x', authorization: undefined }]);
  });

  it('are not given to another host that wants them', async () => {
    const store = await listen((_, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
    );
    const { host } = await listen((_, response) =>
      response.writeHead(302, { location: `http://${store.host}/x` }).end(),
    );
    const config = { auths: { [host]: { auth: LOGIN }, [store.host]: { auth: LOGIN } } };
    expect(await take(host, undefined, loggedIn(config))).toMatch(/^oci\/unavailable/);
    expect(store.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it('a token is fetched from the registry itself, and used', async () => {
    const { host, requests } = await listen((request, response) => {
      const path = request.url ?? '';
      if (path.startsWith('/token')) {
        const known = request.headers.authorization === `Basic ${LOGIN}`;
        response.writeHead(known ? 200 : 401).end(JSON.stringify({ token: 'abc' }));
      } else if (request.headers.authorization === 'Bearer abc') serving(bytes(MANIFEST))(request, response);
      else
        response
          .writeHead(401, {
            'www-authenticate': `Bearer realm="http://${request.headers.host}/token",service="s",scope="repository:evil:push"`,
          })
          .end();
    });
    expect(await take(host, undefined, loggedIn({ auths: { [host]: { auth: LOGIN } } }))).toBe('plugin');
    expect(requests.map(({ path }) => path)).toContain('/token?service=s&scope=repository%3Aname%3Apull');
    expect(await take(host)).toMatch(/^oci\/unavailable: .*gave no access/);
  });

  it('a token from another host: without a password only', async () => {
    const tokens = await listen((_, response) => response.writeHead(200).end(JSON.stringify({ access_token: 'abc' })));
    const { host } = await listen((request, response) => {
      if (request.headers.authorization === 'Bearer abc') serving(bytes(MANIFEST))(request, response);
      else response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${tokens.host}/t"` }).end();
    });
    expect(await take(host)).toBe('plugin');
    expect(await take(host, undefined, loggedIn({ auths: { [host]: { auth: LOGIN } } }))).toMatch(
      /is not sent to another host/,
    );
    expect(tokens.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it.each([
    ['without encryption', 'Bearer realm="http://192.0.2.1/t"', 'unsafe one'],
    ['that is no place', 'Bearer realm="token"', 'names no place'],
    ['of another scheme', 'Bearer realm="file:///etc/passwd"', 'unsafe one'],
  ])('a token from a place %s', async (_, challenge, why) => {
    const { host } = await listen((_request, response) =>
      response.writeHead(401, { 'www-authenticate': challenge }).end(),
    );
    expect(await take(host)).toMatch(new RegExp(`^oci/malformed: .*${why}`));
  });

  it.each([
    ['no JSON', 'auths', 'cannot be read'],
    ['an entry twice', '{"auths":{},"auths":{}}', 'given twice'],
  ])("docker's configuration: %s", async (_, text, why) => {
    const { host } = await listen(guarded);
    await expect(take(host, undefined, loggedIn(text))).rejects.toThrow(why);
  });

  it('an identity token cannot be used, and is not passed over in silence', async () => {
    const { host } = await listen(guarded);
    const environment = loggedIn({ auths: { [host]: { identitytoken: 'x' } } });
    await expect(take(host, undefined, environment)).rejects.toThrow('identity token');
  });
});

describe('credential helpers', () => {
  function helper(environment: Readonly<Record<string, string>>, name: string, script: string): void {
    const program = join(environment.HOME ?? '', `docker-credential-${name}`);
    writeFileSync(program, `#!/bin/sh\n${script}\n`);
    chmodSync(program, 0o755);
  }
  const says = (user: string, secret: string) =>
    `test "$1" = get && test -n "$(cat)" && echo '{"Username":"${user}","Secret":"${secret}"}'`;

  it('for this host, or for all', async () => {
    const { host } = await listen(guarded);
    for (const config of [{ credHelpers: { [host]: 'vault' } }, { credsStore: 'vault' }]) {
      const environment = loggedIn(config);
      helper(environment, 'vault', says('someone', 'secret'));
      expect(await take(host, undefined, environment)).toBe('plugin');
    }
  });

  it('that has nothing is anonymous; that is missing or answers nonsense is told', async () => {
    const { host } = await listen(guarded);
    const empty = loggedIn({ credHelpers: { [host]: 'vault' } });
    helper(empty, 'vault', 'exit 1');
    expect(await take(host, undefined, empty)).toMatch(/HTTP 401/);
    expect(await take(host, undefined, loggedIn({ credHelpers: { [host]: 'none' } }))).toMatch(
      /^oci\/unavailable: .*docker-credential-none/,
    );
    const nonsense = loggedIn({ credHelpers: { [host]: 'vault' } });
    helper(nonsense, 'vault', 'echo hello');
    expect(await take(host, undefined, nonsense)).toMatch(/gave no user and secret/);
  });

  it.each(['../vault', '/bin/sh', 'a b', '', '-x', 'a;b'])('the name "%s" is none', async (name) => {
    const { host, requests } = await listen(guarded);
    const environment = loggedIn({ credHelpers: { [host]: name } });
    await expect(take(host, undefined, environment)).rejects.toThrow('which is no name');
    expect(requests).toHaveLength(1);
  });
});

describe('redirects', () => {
  it.each([
    ['without encryption to another machine', 'http://192.0.2.1/x', 'without encryption'],
    ['to a file', 'file:///etc/passwd', 'without encryption'],
    ['to no address', 'http://', 'no address'],
  ])('%s', async (_, location, why) => {
    const { host } = await listen((_request, response) => response.writeHead(302, { location }).end());
    expect(await take(host)).toMatch(new RegExp(`^oci/.*${why}`));
  });

  it('without end, and to nowhere', async () => {
    const round = await listen((_request, response) => response.writeHead(302, { location: '/again' }).end());
    expect(await take(round.host)).toMatch(/redirects more than 5 times/);
    const nowhere = await listen((_request, response) => response.writeHead(302).end());
    expect(await take(nowhere.host)).toMatch(/leads nowhere/);
  });
});

describe('a registry without the referrers API', () => {
  it.each([[400], [404], [405], [501]])('that answers %d: the tag that stands in for it is asked', async (status) => {
    const { host, requests } = await listen((request, response) => {
      const path = request.url ?? '';
      if (path.includes('/referrers/')) response.writeHead(status).end();
      else if (path.includes('/manifests/sha256-')) response.writeHead(404).end();
      else serving(bytes(MANIFEST))(request, response);
    });
    const reference = parseReference(`oci://${host}/name:v1#a.so`);
    const outcome = await deliver({
      reference,
      target: 'linux/amd64',
      environment: {},
      file: 'needed',
      signatures: true,
    });
    expect(outcome).toMatchObject({ ok: true, value: { signatures: [] } });
    const tag = digestOf(bytes(MANIFEST)).replace(':', '-');
    const paths = requests.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining([`/v2/name/manifests/${tag}`, `/v2/name/manifests/${tag}.sig`]));
  });

  it('that refuses to tell: undecided, not unsigned', async () => {
    const { host } = await listen((request, response) => {
      if (/\/referrers\/|\/manifests\/sha256-/.test(request.url ?? '')) response.writeHead(403).end();
      else serving(bytes(MANIFEST))(request, response);
    });
    const reference = parseReference(`oci://${host}/name:v1#a.so`);
    const outcome = await deliver({
      reference,
      target: 'linux/amd64',
      environment: {},
      file: 'needed',
      signatures: true,
    });
    expect(outcome).toMatchObject({ ok: false, finding: { rule: 'oci/unavailable', severity: 'undecided' } });
  });

  it('that lists what is not there, or of another digest', async () => {
    const listed = {
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: [
        {
          mediaType: OCI_MANIFEST,
          digest: digestOf(Buffer.from('other')),
          size: 5,
          artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
        },
      ],
    };
    const { host } = await listen((request, response) => {
      const path = request.url ?? '';
      if (path.includes('/referrers/')) response.writeHead(200, { 'content-type': OCI_INDEX }).end(bytes(listed));
      else if (path.includes('/manifests/sha256-')) response.writeHead(404).end();
      else serving(bytes(MANIFEST))(request, response);
    });
    const reference = parseReference(`oci://${host}/name:v1#a.so`);
    const outcome = await deliver({
      reference,
      target: 'linux/amd64',
      environment: {},
      file: 'needed',
      signatures: true,
    });
    expect(outcome).toMatchObject({ ok: false, finding: { rule: 'oci/digest-mismatch' } });
  });
});
