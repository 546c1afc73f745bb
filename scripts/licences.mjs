import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Directory of the package that a bundled file belongs to, or undefined for our own files. */
function packageDirectory(input) {
  const at = input.lastIndexOf('node_modules/');
  if (at < 0) return undefined;
  const [first, second] = input.slice(at + 'node_modules/'.length).split('/');
  return `${input.slice(0, at)}node_modules/${first.startsWith('@') ? `${first}/${second}` : first}`;
}

/**
 * The licence texts of every package with code in the bundles.
 * Throws when a package has neither a licence file nor a licence field: then a person must look.
 */
export function licenceText(root, inputs) {
  const directories = [...new Set([...inputs].map(packageDirectory).filter((directory) => directory !== undefined))];
  const entries = directories.map((directory) => {
    const path = join(root, directory);
    const { name, version, license, author } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
    const file = readdirSync(path).find((entry) => /^(licen[sc]e|copying)(\..*)?$/i.test(entry));
    if (file === undefined && typeof license !== 'string') throw new Error(`${name}@${version} has no licence`);
    const owner = typeof author === 'string' ? author : (author?.name ?? 'its authors');
    const text =
      file === undefined
        ? `Licence: ${license}. Copyright ${owner}. The package ships no licence text.`
        : readFileSync(join(path, file), 'utf8');
    // The LGPL 3 adds to the GPL 3 and asks for a copy of both (its section 4 b); packages ship the first alone.
    const whole = /^LGPL-3/.test(license) ? `\n${readFileSync(join(root, 'licences', 'GPL-3.0.txt'), 'utf8')}` : '';
    const notice = existsSync(join(path, 'NOTICE')) ? `\n${readFileSync(join(path, 'NOTICE'), 'utf8')}` : '';
    return {
      key: `${name}@${version}`,
      license: String(license ?? 'see text'),
      text: (text + whole + notice).replaceAll('\r\n', '\n').trim(),
    };
  });
  entries.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const seen = new Set();
  const head = 'Licences of the packages whose code is in the files of this directory.\n';
  return (
    head +
    entries
      .filter(({ key }) => !seen.has(key) && seen.add(key))
      .map(({ key, license, text }) => `\n${'='.repeat(78)}\n${key} (${license})\n${'='.repeat(78)}\n\n${text}\n`)
      .join('')
  );
}
