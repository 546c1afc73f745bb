import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
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

/**
 * `sha256:<hex>` of the program itself: its code, and the native parts that it runs or compiles. Two checkouts of one
 * version can differ, and what one found out does not hold for the other.
 */
export function programDigest(): string {
  const from = installationRoot();
  const code = import.meta.url.endsWith('.ts') ? 'src' : 'dist';
  const hash = createHash('sha256');
  for (const path of [code, 'native'].flatMap((directory) => filesBelow(join(from, directory)))) {
    hash.update(`${relative(from, path)}\0${createHash('sha256').update(readFileSync(path)).digest('hex')}\n`);
  }
  return `sha256:${hash.digest('hex')}`;
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
    });
}
