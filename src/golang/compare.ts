import { cappedNames, change, listNames } from '../compare/fold.ts';
import type { FileContent } from '../compare/loaded-content.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { explainMismatches } from './fit/causes.ts';
import type { PluginSymbol } from './plugin-table.ts';
import { type GoPluginTables, type GoReading, readGo } from './read.ts';
import { type GoRecord, NOT_RECORDED, recordedGo } from './record.ts';
import { type GoType, typeKey as key } from './types.ts';

/** {@link compareGo} on two files. */
export function compareGoFiles(old: FileContent, now: FileContent): readonly Finding[] {
  return compareGo(readGo(old.bytes, old.image), readGo(now.bytes, now.image));
}

/** A Go plugin that is at hand, or what a snapshot kept of one (which one of an older program did not). */
export type GoRelease = FileContent | { readonly go?: GoRecord };

/** What is compared of a release. */
export function goReadingOf(release: GoRelease): GoReading | undefined {
  if ('bytes' in release) return readGo(release.bytes, release.image);
  return release.go === undefined ? NOT_RECORDED : recordedGo(release.go);
}

/**
 * What changed between two releases of a Go plugin for its hosts: what Lookup finds, with which types, and whether hosts of the
 * old release would take the new one.
 */
export function compareGo(old: GoReading | undefined, now: GoReading | undefined): readonly Finding[] {
  const [before, after] = [old?.plugin, now?.plugin];
  if (old === undefined || now === undefined || before === undefined || after === undefined) {
    const sides = [before === undefined ? 'old' : '', after === undefined ? 'new' : ''].filter((side) => side !== '');
    const why = (before === undefined ? old : now)?.tried ?? '';
    const message = `The tables of the ${sides.join(' and the ')} plugin were not understood. ${why}`.trim();
    return [change('go/table-not-compared', 'undecided', message, { subject: 'plugin table' })];
  }
  return [
    ...incomplete(before, after),
    ...symbols(before, after),
    ...types(before, after),
    ...mainTypes(after),
    ...packages(old, now, before, after),
    ...path(before, after),
  ];
}

function incomplete(before: GoPluginTables, after: GoPluginTables): readonly Finding[] {
  if (before.table.complete && after.table.complete) return [];
  const side = before.table.complete ? 'new' : 'old';
  const message = `Not all types in the table of the ${side} plugin could be read.`;
  return [change('go/table-not-compared', 'undecided', message, { subject: 'plugin table' })];
}

function symbols(before: GoPluginTables, after: GoPluginTables): readonly Finding[] {
  const now = byName(after);
  const then = byName(before);
  const findings: Finding[] = [];
  for (const [name, old] of then) {
    const found = now.get(name);
    if (found === undefined) {
      const message = `${label(old)} is gone; Lookup("${name}") returns an error.`;
      findings.push(change('go/symbol-removed', 'breaking', message, { subject: name, symbol: name, old: label(old) }));
    } else findings.push(...changed(old, found, before.path, after.path));
  }
  for (const [name, found] of now) {
    if (then.has(name)) continue;
    findings.push(
      change('go/symbol-added', 'compatible', `${label(found)} is new.`, {
        subject: name,
        symbol: name,
        new: label(found),
      }),
    );
  }
  return findings;
}

function changed(old: PluginSymbol, now: PluginSymbol, oldMain: string, newMain: string): readonly Finding[] {
  const { name } = now;
  const about = { subject: name, symbol: name };
  if (old.kind !== now.kind || old.type !== now.type) {
    // The name of a type in package main is nothing that a host can hold on to; its methods are.
    const unnamed = old.kind === 'var' && now.kind === 'var' && isMain(old, oldMain) && isMain(now, newMain);
    if (!unnamed) {
      const message = `${label(old)} is ${label(now)} now; the type assertion of a host fails.`;
      return [change('go/symbol-changed', 'breaking', message, { ...about, old: label(old), new: label(now) })];
    }
  }
  const moved = otherPackage(old, now, oldMain, newMain);
  if (moved !== undefined) {
    const message = `${name} has the type ${moved.name} of ${moved.to} now, before that of ${moved.from}: another type, though the names look alike.`;
    return [change('go/symbol-changed', 'breaking', message, { ...about, old: moved.from, new: moved.to })];
  }
  const gone = old.methods.filter((method) => !now.methods.includes(method));
  if (gone.length === 0) return [];
  const message = `${name} no longer has the ${gone.length === 1 ? 'method' : 'methods'} ${listNames(gone)}; hosts that assert an interface with ${gone.length === 1 ? 'it' : 'them'} fail.`;
  return [change('go/symbol-changed', 'breaking', message, { ...about, old: gone.join('\n') })];
}

/** Whether the variable's own type is declared in package main of the plugin. */
function isMain(symbol: PluginSymbol, main: string): boolean {
  return symbol.reached.some(({ name, packagePath }) => name === symbol.type && isMainPath(packagePath, main));
}

function isMainPath(packagePath: string | undefined, main: string): boolean {
  return packagePath === main || packagePath === 'main';
}

function otherPackage(
  old: PluginSymbol,
  now: PluginSymbol,
  oldMain: string,
  newMain: string,
): { readonly name: string; readonly from: string; readonly to: string } | undefined {
  const paths = new Map(old.reached.map(({ name, packagePath }) => [name, packagePath]));
  for (const { name, packagePath: to } of now.reached) {
    const from = paths.get(name);
    if (from === undefined || to === undefined || from === to) continue;
    if (isMainPath(from, oldMain) && isMainPath(to, newMain)) continue;
    return { name, from, to };
  }
  return undefined;
}

/** Changed types for which the way to them is looked for; nobody reads more. */
const MOST_WAYS = 300;

/** Types with a package that hosts can import, and that are laid out anew. */
function types(before: GoPluginTables, after: GoPluginTables): readonly Finding[] {
  const then = byName(before);
  const found = new Map<
    string,
    { readonly old: GoType; readonly now: GoType; readonly symbols: string[]; readonly way: readonly string[] }
  >();
  for (const [name, symbol] of byName(after)) {
    const old = then.get(name);
    if (old === undefined) continue;
    const known = new Map(old.reached.map((type) => [key(type), type]));
    for (const type of symbol.reached) {
      const was = known.get(key(type));
      if (was === undefined || type.packagePath === undefined || isMainPath(type.packagePath, after.path)) continue;
      if (was.size === type.size && was.layout.join('\n') === type.layout.join('\n')) continue;
      const before = found.get(key(type));
      const way = before?.way ?? (found.size < MOST_WAYS ? wayTo(symbol, type) : [symbol.name]);
      const entry = before ?? { old: was, now: type, symbols: [], way };
      entry.symbols.push(name);
      found.set(key(type), entry);
    }
  }
  return [...found.values()].map(({ old, now, symbols: affected, way }) => {
    const what = `${now.packagePath}.${now.name.slice(now.name.indexOf('.') + 1)}`;
    const message = `The type ${what}, which ${listNames(affected)} ${affected.length === 1 ? 'uses' : 'use'}, changed: ${difference(old, now)}. Hosts that were built with the old one refuse the plugin.`;
    return change('go/type-changed', 'breaking', message, {
      subject: what,
      type: what,
      old: old.layout.join('\n'),
      new: now.layout.join('\n'),
      path: [...way, ...changedMember(old, now)],
      affected: cappedNames(affected),
    });
  });
}

/** From a symbol to a type, over the types between them: the shortest way. */
function wayTo(symbol: PluginSymbol, type: GoType): readonly string[] {
  const byKey = new Map(symbol.reached.map((one) => [key(one), one]));
  const before = new Map<string, string | undefined>(symbol.leads.map((one) => [one, undefined]));
  const queue = [...symbol.leads];
  for (const next of queue) {
    if (next === key(type)) break;
    for (const one of byKey.get(next)?.leads ?? []) {
      if (before.has(one)) continue;
      before.set(one, next);
      queue.push(one);
    }
  }
  const names: string[] = [];
  for (let at: string | undefined = key(type); at !== undefined; at = before.get(at)) {
    names.unshift(byKey.get(at)?.name ?? at);
  }
  return [symbol.name, ...names];
}

/** The name of the first field or method that is not as it was; none where only their order changed. */
function changedMember(old: GoType, now: GoType): readonly string[] {
  const line =
    now.layout.find((one) => !old.layout.includes(one)) ?? old.layout.find((one) => !now.layout.includes(one));
  const name = /^(?:\d+: (?:\(embedded\) )?)?([\p{L}_][\p{L}\p{N}_]*)/u.exec(line ?? '')?.[1];
  return name === undefined ? [] : [name];
}

function difference(old: GoType, now: GoType): string {
  const gone = old.layout.filter((line) => !now.layout.includes(line));
  const come = now.layout.filter((line) => !old.layout.includes(line));
  const parts = [
    gone.length === 0 ? '' : `without ${listNames(gone, 3)}`,
    come.length === 0 ? '' : `with ${listNames(come, 3)}`,
    old.size === now.size ? '' : `${old.size} bytes before, ${now.size} now`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'its members are in another order' : parts.join('; ');
}

/** Functions whose signature holds a type that no host can name. */
function mainTypes(after: GoPluginTables): readonly Finding[] {
  return after.table.symbols.flatMap(({ name, kind, type, methods, reached }) => {
    if (!/\bmain\./.test(type) || (kind === 'var' && methods.length > 0)) return [];
    const names = reached.filter(({ packagePath }) => isMainPath(packagePath, after.path)).map((own) => own.name);
    if (names.length === 0) return [];
    const message = `${name} uses ${listNames(names)}, declared in package main of the plugin: a host cannot name that type, so no assertion to ${kind === 'func' ? 'the function type' : 'it'} succeeds.`;
    return [finding('go/type-in-main', message, { subject: name, symbol: name })];
  });
}

function packages(old: GoReading, now: GoReading, before: GoPluginTables, after: GoPluginTables): readonly Finding[] {
  const differing = after.packages
    .filter(({ path, hash }) => path !== after.path && path !== before.path && (old.hashes.get(path) ?? hash) !== hash)
    .map(({ path }) => path);
  if (differing.length === 0) return [];
  const { causes, further } = explainMismatches(old, now, differing);
  const texts = [...new Set([...causes, ...further].map(({ text }) => inTime(text)))];
  const what = differing.length === 1 ? '1 package differs' : `${differing.length} packages differ`;
  const message = `${what} from the previous release (${listNames(differing, 3)}): ${listNames(texts, 3)}. Hosts that share them and were built for the previous release refuse this one.`;
  return [change('go/packages-changed', 'risky', message, { subject: 'packages', affected: cappedNames(differing) })];
}

/** The causes speak of host and plugin; here these are two releases. */
function inTime(text: string): string {
  return text.replace(/\bthe host\b/g, 'the previous release').replace(/\bthe plugin\b/g, 'this one');
}

function path(before: GoPluginTables, after: GoPluginTables): readonly Finding[] {
  if (before.path !== after.path) return [];
  const message = `Both releases have the plugin path ${after.path}; a running host cannot load one beside the other.`;
  return [finding('go/plugin-path-kept', message, { subject: after.path })];
}

function byName({ table }: GoPluginTables): ReadonlyMap<string, PluginSymbol> {
  return new Map(table.symbols.map((symbol) => [symbol.name, symbol]));
}

function label({ name, kind, type }: PluginSymbol): string {
  return kind === 'func' ? `func ${name}${type.replace(/^func/, '')}` : `var ${name} ${type}`;
}
