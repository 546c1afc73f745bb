import type { ElfImage } from '../elf/model.ts';
import type { Finding } from '../rules/finding.ts';
import { change } from './fold.ts';
import { goPluginPackage } from './go-names.ts';
import { answersPlainName, symbolLabel } from './interface.ts';

/**
 * Symbols that a host looks up and the file does not export. A name alone must be found by dlsym, `name@VERSION` (or
 * `name@@VERSION`) by dlvsym. In a Go plugin, where hosts ask plugin.Lookup, a name alone is also one of package main.
 */
export function requiredMissing(image: ElfImage, required: readonly string[]): Finding[] {
  if (required.length === 0) return [];
  const byName = new Map<string, string[]>();
  const plain = new Set<string>();
  for (const symbol of image.symbols) {
    const labels = byName.get(symbol.name) ?? [];
    labels.push(symbolLabel(symbol));
    byName.set(symbol.name, labels);
    if (answersPlainName(symbol)) plain.add(symbol.name);
  }
  const goPackage = goPluginPackage(image);
  return [...new Set(required)].flatMap((wanted) => {
    const [name = '', version] = wanted.split(/@@?/, 2);
    const labels = byName.get(name) ?? [];
    const found =
      version === undefined || version === ''
        ? plain.has(name) || (goPackage !== undefined && plain.has(`${goPackage}.${name}`))
        : labels.some((label) => label === `${name}@${version}` || label === `${name}@@${version}`);
    if (found) return [];
    const there = labels.length === 0 ? '' : ` There is ${labels.join(', ')} only.`;
    const message = `The required symbol ${wanted} is not exported.${there}`;
    return [change('sym/required-missing', 'breaking', message, { subject: wanted, symbol: name })];
  });
}
