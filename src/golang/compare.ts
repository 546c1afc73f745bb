import type { AbiInput } from '../abi/abi.ts';
import type { CompareTypesOptions } from '../abi/compare/compare-types.ts';
import type { TypeGraph } from '../abi/model.ts';
import { cappedNames, change, listNames } from '../compare/fold.ts';
import type { FileContent } from '../compare/loaded-content.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { mainTypes } from './advice/main-types.ts';
import { compareInterfaces, labelOf, symbolsByName } from './compare-interfaces.ts';
import { withDeclarations } from './declarations.ts';
import { explainMismatches } from './fit/causes.ts';
import { type GoPluginTables, type GoReading, readGo } from './read.ts';
import { type GoRecord, NOT_RECORDED, recordedGo } from './record.ts';

/** {@link compareGo} on two files. */
export function compareGoFiles(old: FileContent, now: FileContent): readonly Finding[] {
  return compareGo(readGo(old.bytes, old.image), readGo(now.bytes, now.image));
}

/** A Go plugin that is at hand, or what a snapshot kept of one (which one of an older program did not). */
export type GoRelease = FileContent | { readonly go?: GoRecord; readonly types: TypeGraph };

/** What is compared of a release. */
export function goReadingOf(release: GoRelease): GoReading | undefined {
  if ('bytes' in release) return readGo(release.bytes, release.image);
  return release.go === undefined ? NOT_RECORDED : recordedGo(release.go, release.types);
}

export interface CompareGoOptions extends CompareTypesOptions {
  /** The new file, and where its debug information may lie. */
  readonly debug?: AbiInput;
}

/**
 * What changed between two releases of a Go plugin for its hosts: what Lookup finds, with which types, and whether hosts of the
 * old release would take the new one.
 */
export function compareGo(
  old: GoReading | undefined,
  now: GoReading | undefined,
  options: CompareGoOptions = {},
): readonly Finding[] {
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
    ...interfaces(old, before, now, after, options),
    ...mainTypes(after.table),
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

/** Debug information is asked where things are declared when there is something to show. */
function interfaces(
  old: GoReading,
  before: GoPluginTables,
  now: GoReading,
  after: GoPluginTables,
  { debug, ...options }: CompareGoOptions,
): readonly Finding[] {
  const then = { ...before.table, toolchain: old.toolchain };
  const compare = (types: TypeGraph): readonly Finding[] =>
    compareInterfaces(then, { ...after.table, types, toolchain: now.toolchain }, options);
  const findings = compare(after.table.types);
  if (findings.length === 0 || debug === undefined) return findings;
  return compare(withDeclarations(after.table.types, after.path, debug));
}

/** Symbols that came and went. */
function symbols(before: GoPluginTables, after: GoPluginTables): readonly Finding[] {
  const now = symbolsByName(after.table);
  const then = symbolsByName(before.table);
  const findings: Finding[] = [];
  for (const [name, old] of then) {
    if (now.has(name)) continue;
    const message = `${labelOf(old)} is gone; Lookup("${name}") returns an error.`;
    findings.push(change('go/symbol-removed', 'breaking', message, { subject: name, symbol: name, old: labelOf(old) }));
  }
  for (const [name, found] of now) {
    if (then.has(name)) continue;
    findings.push(
      change('go/symbol-added', 'compatible', `${labelOf(found)} is new.`, {
        subject: name,
        symbol: name,
        new: labelOf(found),
      }),
    );
  }
  return findings;
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
