import type { ElfSymbol } from '../elf/model.ts';
import type { Finding } from '../rules/finding.ts';
import { cappedNames, change, listNames, sortedNames } from './fold.ts';
import { type Interface, symbolLabel } from './interface.ts';
import type { ImagePair } from './model.ts';

/**
 * Version nodes that went, were renamed or came. glibc checks the nodes that a program asks for before it looks up any
 * symbol (elf/dl-version.c, match_symbol), and one that is missing is fatal. A file with no version definitions at all
 * passes that check with a warning, but the look-up then stops at an assertion (elf/dl-lookup.c, check_match).
 */
export function compareVersions(images: ImagePair, before: Interface, after: Interface): Finding[] {
  const olds = nodesOf(images.old.versions.defined);
  const news = nodesOf(images.new.versions.defined);
  const members = membersByVersion(before);
  const findings: Finding[] = [];
  for (const node of olds) {
    if (news.has(node)) continue;
    const symbols = members.get(node) ?? [];
    findings.push(removedNode(node, symbols, after, olds, news));
  }
  const added = sortedNames([...news].filter((node) => !olds.has(node)));
  if (added.length > 0) {
    const one = added.length === 1;
    findings.push(
      change('sym/version-node-added', 'compatible', `New symbol version${one ? '' : 's'}: ${listNames(added)}.`, {
        affected: cappedNames(added),
        ...(one && { subject: added[0] }),
      }),
    );
  }
  return findings;
}

function nodesOf(defined: ImagePair['old']['versions']['defined']): ReadonlySet<string> {
  return new Set(defined.filter(({ base }) => !base).map(({ name }) => name));
}

function membersByVersion(before: Interface): ReadonlyMap<string, readonly ElfSymbol[]> {
  const members = new Map<string, ElfSymbol[]>();
  for (const symbols of before.values()) {
    for (const symbol of symbols) {
      if (symbol.version === undefined) continue;
      const list = members.get(symbol.version);
      if (list === undefined) members.set(symbol.version, [symbol]);
      else list.push(symbol);
    }
  }
  return members;
}

function removedNode(
  node: string,
  symbols: readonly ElfSymbol[],
  after: Interface,
  olds: ReadonlySet<string>,
  news: ReadonlySet<string>,
): Finding {
  const names = sortedNames(symbols.map(({ name }) => name));
  const more = { subject: node, old: node, affected: cappedNames(names) };
  if (symbols.length === 0) {
    // Link editors record only versions of symbols that are used, so nobody can ask for an empty one.
    return change(
      'sym/version-removed',
      'compatible',
      `The symbol version ${node}, which no symbol had, is gone.`,
      more,
    );
  }
  const count = `${names.length} symbol${names.length === 1 ? '' : 's'} (${listNames(names)})`;
  if (news.size === 0) {
    const message = `The symbol version ${node} of ${count} is gone: the file defines no versions any more.`;
    return change('sym/version-removed', 'breaking', message, { ...more, new: 'no versions' });
  }
  const successor = newNodeOfAll(names, after, olds);
  if (successor !== undefined) {
    const message = `The symbol version ${node} of ${count} was renamed to ${successor}.`;
    return change('sym/version-removed', 'breaking', message, { ...more, new: successor });
  }
  const now = names.flatMap((name) => {
    const found = after.get(name);
    return found === undefined ? [] : found.map(symbolLabel);
  });
  const rest = now.length === 0 ? '' : ` Now there: ${listNames(now)}.`;
  return change('sym/version-removed', 'breaking', `The symbol version ${node} of ${count} is gone.${rest}`, more);
}

/** The one node, unknown to old, that has every symbol of a removed one: a rename. */
function newNodeOfAll(names: readonly string[], after: Interface, olds: ReadonlySet<string>): string | undefined {
  let common: Set<string> | undefined;
  for (const name of names) {
    const versions = (after.get(name) ?? []).flatMap(({ version }) =>
      version === undefined || olds.has(version) ? [] : [version],
    );
    common = common === undefined ? new Set(versions) : new Set(versions.filter((version) => common?.has(version)));
    if (common.size === 0) return undefined;
  }
  const [first] = common ?? [];
  return first;
}
