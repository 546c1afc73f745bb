import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { load, rulesOf } from './support.ts';

/** Where Debian and Ubuntu put plugins, on any architecture. */
function pluginsIn(places: readonly string[]): readonly string[] {
  return places
    .filter((place) => existsSync(place))
    .flatMap((place) => readdirSync(place).map((name) => join(place, name)))
    .filter((file) => file.endsWith('.so'))
    .sort();
}

const TRIPLETS = ['x86_64-linux-gnu', 'aarch64-linux-gnu'];
const LADSPA = pluginsIn(['/usr/lib/ladspa', ...TRIPLETS.map((triplet) => `/usr/lib/${triplet}/ladspa`)]);
const PAM = pluginsIn(TRIPLETS.map((triplet) => `/usr/lib/${triplet}/security`));

function describeFound(files: readonly string[], packages: string, body: () => void): void {
  if (files.length > 0) describe(`plugins of ${packages}`, body);
  else describe.skip(`plugins of ${packages} [skipped: ${packages} not installed]`, body);
}

describeFound(LADSPA, 'swh-plugins and ladspa-sdk', () => {
  it('all but one load, give their descriptor, and go away again', async () => {
    expect(LADSPA.length).toBeGreaterThan(10);
    for (const file of LADSPA) {
      const outcome = await load(file, { symbols: ['ladspa_descriptor'] });
      if (file.endsWith('/filter.so')) {
        // ladspa-sdk 1.17 does not link this one with libm, so it loads only into hosts that have libm already.
        expect(outcome.findings).toMatchObject([{ rule: 'load/failed', symbol: 'sqrtf' }]);
        continue;
      }
      expect([file, outcome.evidence.result, rulesOf(outcome)]).toEqual([file, 'loaded', []]);
      expect(outcome.evidence.unload?.mapped).toBe(false);
    }
  });
});

describeFound(PAM, 'libpam-modules', () => {
  it('load with their entry points, or say what they lack', async () => {
    const results = new Map<string, string>();
    for (const file of PAM) {
      const outcome = await load(file);
      const errors = outcome.findings.filter(({ severity }) => severity === 'error');
      const name = file.replace(/^.*\//, '');
      results.set(name, outcome.evidence.result);
      if (outcome.evidence.result === 'refused') {
        expect(errors).toMatchObject([{ rule: 'load/failed', subject: expect.any(String), fix: expect.any(String) }]);
      } else {
        expect([name, outcome.evidence.result, errors]).toEqual([name, 'loaded', []]);
      }
    }
    const loaded = [...results.values()].filter((result) => result === 'loaded').length;
    expect(loaded).toBeGreaterThan(results.size / 2);
    for (const name of ['pam_deny.so', 'pam_env.so', 'pam_limits.so', 'pam_permit.so', 'pam_unix.so']) {
      expect([name, results.get(name)]).toEqual([name, 'loaded']);
    }
  });
});
