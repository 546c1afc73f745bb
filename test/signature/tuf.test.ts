import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import seeds from '@sigstore/tuf/seeds.json' with { type: 'json' };
import { cacheDirectory, currentTrust, type TrustOutcome } from '../../src/signature/tuf.ts';
import { TufRepository } from '../support/tuf-repository.ts';
import { workspace } from '../support/workspace.ts';

const directory = workspace();
const published = Buffer.from(seeds['https://tuf-repo-cdn.sigstore.dev'].targets['trusted_root.json'], 'base64');
const PAST = new Date(Date.now() - 864e5);

let repository: TufRepository;
let firstRoot: string;
let cache: string;
let count = 0;
const started: TufRepository[] = [];

beforeEach(async () => {
  repository = await TufRepository.start();
  started.push(repository);
  cache = join(directory, `cache-${++count}`);
  firstRoot = join(directory, `root-${count}.json`);
  writeFileSync(firstRoot, repository.firstRoot());
  repository.publish(published, { version: 1 });
});
afterAll(async () => {
  await Promise.all(started.map((one) => one.stop()));
});

const ask = (): Promise<TrustOutcome> => currentTrust({ cache, mirror: repository.url, firstRoot, timeout: 2000 });
async function refusal(): Promise<readonly [string, string]> {
  const outcome = await ask();
  if (outcome.ok) throw new Error('believed');
  return [outcome.finding.rule, outcome.finding.message];
}

describe('a repository that its owners signed', () => {
  it('gives the trusted root, with its source, and keeps what it saw in a private directory', async () => {
    const outcome = await ask();
    expect(outcome).toMatchObject({ ok: true, trust: { source: expect.stringContaining(repository.url) } });
    expect(statSync(cache).mode & 0o777).toBe(0o700);
  });

  it('a second time asks for what is new, and takes the rest from the cache', async () => {
    await ask();
    repository.requests.length = 0;
    expect((await ask()).ok).toBe(true);
    expect(repository.requests).toEqual(['/2.root.json', '/timestamp.json']);
  });

  it('a newer state is taken', async () => {
    await ask();
    const newer = Buffer.concat([published, Buffer.from('\n')]);
    repository.publish(newer, { version: 2 });
    const [before, now] = [
      await currentTrust({ cache: `${cache}-other`, mirror: repository.url, firstRoot }),
      await ask(),
    ];
    expect(before).toMatchObject({ ok: true });
    expect(now).toMatchObject({ ok: true, trust: { publicGood: true } });
  });

  it('a root that the old root signed is taken', async () => {
    repository.publishRoot(2);
    expect((await ask()).ok).toBe(true);
  });
});

describe('a repository that is not believed', () => {
  it('older than what was seen before (rollback)', async () => {
    repository.publish(published, { version: 5 });
    expect((await ask()).ok).toBe(true);
    repository.publish(published, { version: 4 });
    const [rule, message] = await refusal();
    expect(rule).toBe('sig/trust-refused');
    expect(message).toMatch(/version/i);
  });

  it.each(['timestamp', 'snapshot', 'targets'] as const)('a %s that ran out', async (role) => {
    repository.publish(published, { version: 2, expires: { [role]: PAST } });
    const [rule, message] = await refusal();
    expect(rule).toBe('sig/trust-refused');
    expect(message).toMatch(/expired/i);
  });

  it('a root that ran out', async () => {
    writeFileSync(firstRoot, repository.firstRoot(PAST));
    const [rule, message] = await refusal();
    expect(rule).toBe('sig/trust-refused');
    expect(message).toMatch(/expired/i);
  });

  it.each(['timestamp', 'snapshot', 'targets'] as const)('a %s that somebody else signed', async (role) => {
    repository.publish(published, { version: 2, forged: role });
    const [rule, message] = await refusal();
    expect(rule).toBe('sig/trust-refused');
    expect(message).toMatch(/signed by 0\/1|threshold|signature|verif/i);
  });

  it('a next root that the old root did not sign', async () => {
    repository.publishRoot(2, { forged: true });
    expect((await refusal())[0]).toBe('sig/trust-refused');
  });

  it('a root with a skipped version', async () => {
    repository.publishRoot(3);
    expect((await ask()).ok).toBe(true); // version 2 is not there: version 3 is never asked for
    expect(repository.requests).not.toContain('/3.root.json');
  });

  it('a target that is not the signed one', async () => {
    const changed = Buffer.from(published);
    changed[100] = (changed[100] ?? 0) ^ 1;
    repository.publish(published, { version: 2, servedTarget: changed });
    expect((await refusal())[0]).toBe('sig/trust-refused');
  });

  it('a signed target that is no trusted root', async () => {
    repository.publish(Buffer.from('{"mediaType":"text/plain"}'), { version: 2 });
    const [rule, message] = await refusal();
    expect(rule).toBe('sig/trust-refused');
    expect(message).toContain('not a sigstore trusted root');
  });
});

describe('no answer', () => {
  it('nobody listens', async () => {
    await repository.stop();
    const [rule, message] = await refusal();
    expect(rule).toBe('sig/trust-unavailable');
    expect(message).toContain('--offline');
  });

  it('the server fails', async () => {
    repository.answerWith(503);
    expect((await refusal())[0]).toBe('sig/trust-unavailable');
  });

  it('the server never answers', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    try {
      const outcome = await currentTrust({ cache, mirror: `http://127.0.0.1:${port}`, firstRoot, timeout: 200 });
      expect(outcome).toMatchObject({ ok: false, finding: { rule: 'sig/trust-unavailable', severity: 'undecided' } });
    } finally {
      silent.closeAllConnections();
      await new Promise((resolve) => silent.close(resolve));
    }
  });
});

describe('the directory', () => {
  it('is below the cache of the user', () => {
    expect(cacheDirectory({ XDG_CACHE_HOME: '/c', HOME: '/h' })).toBe('/c/plugin-gate/tuf');
    expect(cacheDirectory({ HOME: '/h' })).toBe('/h/.cache/plugin-gate/tuf');
    expect(cacheDirectory({ XDG_CACHE_HOME: 'relative', HOME: '/h' })).toBe('/h/.cache/plugin-gate/tuf');
    expect(() => cacheDirectory({})).toThrow('--offline');
  });

  it('is refused when others can write there', async () => {
    mkdirSync(cache);
    chmodSync(cache, 0o777);
    await expect(ask()).rejects.toThrow("not this user's alone");
  });

  it('is refused when it is a file', async () => {
    writeFileSync(cache, '');
    await expect(ask()).rejects.toThrow(expect.objectContaining({ name: 'EnvironmentError' }));
  });
});
