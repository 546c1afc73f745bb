import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { MARKER } from '../../src/loader/marked.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { MISBEHAVING, type Misbehaving } from './misbehaving.ts';
import { load, misbehaving } from './support.ts';

/** Those that say nothing of a plugin's harm, or need what this test does not give. */
const LEFT_OUT: ReadonlySet<string> = new Set(['probes', 'killsParentWithDaemon', 'reachesOut']);
const NAMES = (Object.keys(MISBEHAVING) as Misbehaving[]).filter((name) => !LEFT_OUT.has(name));

/** Directories in which plugins are loaded, and processes that are marked as ours: also those of other tests that run now. */
function traces(): ReadonlySet<string> {
  const directories = readdirSync(tmpdir()).filter((name) => name.startsWith('plugin-gate-load-'));
  const processes = readdirSync('/proc').filter((entry) => {
    try {
      return /^\d+$/.test(entry) && readFileSync(`/proc/${entry}/environ`).includes(`${MARKER}=`);
    } catch {
      return false;
    }
  });
  return new Set([...directories.map((name) => join(tmpdir(), name)), ...processes.map((id) => `/proc/${id}`)]);
}

/** What was not there before and does not go away; what another test left at work a moment ago does. */
async function remaining(before: ReadonlySet<string>): Promise<readonly string[]> {
  const after = [...traces()].filter((trace) => !before.has(trace));
  for (let round = 0; round < 200; round++) {
    const now = traces();
    if (!after.some((trace) => now.has(trace))) return [];
    await setTimeout(50);
  }
  const now = traces();
  return after.filter((trace) => now.has(trace));
}

describeWith(['cc'], 'after plugins that misbehave', () => {
  const directory = workspace();

  it.each(['c', 'audit'] as const)('no process, directory or mount is left, under the profile %s', async (profile) => {
    const mounts = readFileSync('/proc/self/mounts', 'utf8');
    const before = traces();
    const unnamed: string[] = [];
    for (const name of NAMES) {
      const { findings, evidence } = await load(misbehaving(directory, name), {
        sandbox: { profile },
        environment: { DAEMON_NAME: 'pg-leftover' },
        timeouts: { open: 400, close: 400, exit: 400 },
      });
      const harmless = evidence.result === 'loaded' && evidence.deniedCount === 0;
      if (findings.length === 0 && !harmless) unnamed.push(name);
    }
    expect(unnamed).toEqual([]);
    expect(await remaining(before)).toEqual([]);
    expect(readFileSync('/proc/self/mounts', 'utf8')).toBe(mounts);
  });
});
