import { listNames } from '../../compare/fold.ts';
import { answersPlainName, isGoPlugin } from '../../compare/interface.ts';
import type { ElfImage, ElfSymbol } from '../../elf/model.ts';
import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import type { LoadableFile } from '../model.ts';

export type EntryKind = 'function' | 'data';

/** What dlsym gives for a name. */
export function entryOf({ symbols }: ElfImage, name: string): ElfSymbol | undefined {
  return symbols.find((symbol) => symbol.name === name && answersPlainName(symbol));
}

/** Whether a host that looks the name up finds something it can use as what it expects. */
export function hasEntry(image: ElfImage, name: string): boolean {
  return entryOf(image, name) !== undefined;
}

/**
 * Entry points that are there, but not as what the host takes them for. Symbols without a type, as assembly makes them, can
 * be either.
 */
export function wrongKinds(image: ElfImage, names: readonly string[], kind: EntryKind, host: string): Finding[] {
  return names.flatMap((name) => {
    const symbol = entryOf(image, name);
    if (symbol === undefined || isOfKind(symbol, kind)) return [];
    const is = symbol.type === 'object' || symbol.type === 'common' ? 'data' : describe(symbol);
    const message = `${name} is ${is}; ${host} takes it for ${kind === 'function' ? 'a function' : 'data'}.`;
    return [finding('fit/entry-type', message, { subject: name, symbol: name })];
  });
}

function isOfKind({ type }: ElfSymbol, kind: EntryKind): boolean {
  switch (type) {
    case 'func':
    case 'ifunc':
      return kind === 'function';
    case 'object':
    case 'common':
      return kind === 'data';
    case 'notype':
      return true;
    default:
      return false;
  }
}

function describe({ type }: ElfSymbol): string {
  return type === 'func' || type === 'ifunc' ? 'a function' : type === 'tls' ? 'a thread-local variable' : 'neither';
}

/** One finding for entry points that a host always asks for and that are not exported. */
export function missingEntries(image: ElfImage, names: readonly string[], host: string): Finding[] {
  return names
    .filter((name) => !hasEntry(image, name))
    .map((name) => {
      const message = `${host} looks up ${name}, which the plugin does not export.${lookAlike(image, name)}`;
      return finding('fit/entry-missing', message, { subject: name, symbol: name });
    });
}

/** One finding when not one of several entry points is there. */
export function noneOf(image: ElfImage, names: readonly string[], host: string): Finding[] {
  if (names.some((name) => hasEntry(image, name))) return [];
  const near = names.map((name) => lookAlike(image, name)).find((text) => text !== '') ?? '';
  const message = `${host} finds nothing to use: the plugin exports none of ${listNames(names, names.length)}.${near}`;
  return [finding('fit/entry-missing', message, { subject: names[0] ?? host })];
}

/** The usual reasons why a name that was written is not exported. */
function lookAlike(image: ElfImage, name: string): string {
  const cxx = image.symbols.find((symbol) => symbol.name.startsWith('_Z') && symbol.name.includes(name));
  if (cxx !== undefined) return ` There is ${cxx.name}: a C++ function without extern "C".`;
  const versioned = image.symbols.find((symbol) => symbol.name === name);
  if (versioned !== undefined) return ` There is ${name}@${versioned.version} only, which dlsym does not find.`;
  if (image.undefined.some((symbol) => symbol.name === name)) return ' The plugin itself only refers to it.';
  const near = image.symbols.find(
    (symbol) => symbol.name.toLowerCase() === name.toLowerCase() || symbol.name === `_${name}`,
  );
  return near === undefined ? '' : ` There is ${near.name}.`;
}

/** Go plugins of -buildmode=plugin bring no running runtime: a host that is written in C cannot call them. */
export function refusesGoPlugin({ image }: LoadableFile, host: string): Finding[] {
  if (!isGoPlugin(image)) return [];
  const message = `${host} is not written in Go; it cannot run a plugin of -buildmode=plugin.`;
  return [finding('go/host-not-go', message, { subject: host })];
}
