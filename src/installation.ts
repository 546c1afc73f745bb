import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

let root: string | undefined;

/**
 * Directory that holds action.yml, native/ and schema/: the checkout of the Action, or the unpacked package.
 * Found by walking up from this file, which is src/installation.ts, dist/*.cjs or dist/parts/*.cjs.
 */
export function installationRoot(): string {
  if (root !== undefined) return root;
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!(existsSync(join(directory, 'package.json')) && existsSync(join(directory, 'native')))) {
    const parent = dirname(directory);
    if (parent === directory) throw new Error('plugin-gate is not complete here: native/ is missing beside dist/');
    directory = parent;
  }
  root = directory;
  return directory;
}

/** The version of this plugin-gate, from its package.json. */
export function toolVersion(): string {
  const text: unknown = JSON.parse(readFileSync(join(installationRoot(), 'package.json'), 'utf8'));
  const version = typeof text === 'object' && text !== null && 'version' in text ? text.version : undefined;
  return typeof version === 'string' ? version : 'unknown';
}
