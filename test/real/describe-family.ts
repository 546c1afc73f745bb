import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { describeUnpacked } from '../machines/packages.ts';
import { workspace } from '../support/workspace.ts';
import { FAMILIES } from './families.ts';
import { type Tried, tryFamily } from './try-family.ts';

const ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'amd64';

/**
 * Loads all plugins of a family and compares what each did with expected/<name>.txt, for a person to review;
 * UPDATE_EXPECTED=1 writes it. On arm64 some packages hold other plugins: there only how many load is compared.
 * @param least how many must load
 */
export function describeFamily(name: (typeof FAMILIES)[number]['name'], least: number): void {
  const family = FAMILIES.find((one) => one.name === name);
  if (family === undefined) throw new Error(`There is no family ${name}.`);
  const packages = {
    name: `plugins-${name}-${ARCHITECTURE}`,
    suite: 'bookworm',
    architecture: ARCHITECTURE,
    packages: [...family.packages, ...family.libraries],
  };
  describeUnpacked(['cc'], [packages], `plugins for ${name}`, (root = '') => {
    const directory = workspace();

    it(`all come to what expected/${name}.txt says, and ${least} or more load`, async () => {
      const tried = await tryFamily(family, root, directory);
      const loaded = tried.filter(({ result }) => result === 'loaded');
      expect(loaded.length).toBeGreaterThanOrEqual(least);
      if (ARCHITECTURE === 'amd64') expect(tried.map(({ line }) => line)).toEqual(expectedLines(name, tried));
    }, 180_000);
  });
}

function expectedLines(name: string, tried: readonly Tried[]): readonly string[] {
  const file = join(import.meta.dirname, 'expected', `${name}.txt`);
  if (process.env.UPDATE_EXPECTED === '1') writeFileSync(file, tried.map(({ line }) => `${line}\n`).join(''));
  return readFileSync(file, 'utf8').trimEnd().split('\n');
}
