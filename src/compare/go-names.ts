import type { ElfImage } from '../elf/model.ts';
import { isGoPlugin } from './interface.ts';

/**
 * The package whose exported names plugin.Lookup finds, as its symbols spell it: the one that has both a `main` and a package
 * hash. Undefined for files that are no Go plugins.
 */
export function goPluginPackage(image: ElfImage): string | undefined {
  if (!isGoPlugin(image)) return undefined;
  const names = new Set(image.symbols.map((symbol) => symbol.name));
  for (const name of names) {
    if (!name.endsWith('.main') || name === 'runtime.main') continue;
    const path = name.slice(0, -'.main'.length);
    // Symbols of a package escape its path (cmd/internal/objabi, PathToPrefix); those of package hashes do not.
    const plain = path.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    if (names.has(`go:link.pkghashbytes.${plain}`) || names.has(`go.link.pkghashbytes.${plain}`)) return path;
  }
  return undefined;
}
