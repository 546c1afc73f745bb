import type { Enumerator, TypeNode } from '../model.ts';
import type { LocalChange } from './change.ts';

type EnumNode = Extract<TypeNode, { kind: 'enum' }>;

/** A last enumerator that counts the others: its value moves whenever one is added, and that is its purpose. */
const SENTINEL =
  /(?:^|_)(?:LAST|MAX|COUNT|END|NUM|SENTINEL|SIZE|N|TOTAL|last|max|count|end|num|size)$|^(?:NUM|MAX|N|num|max)_|(?:Last|Max|Count|End|NumOf\w+)$/;

/** Names of real enumerators are shorter; the pattern is not for text without end. */
const MAX_NAME = 200;

/** Enumerators that are named in a message. */
const MAX_NAMED = 8;

/** Compares two enumerations by name of the enumerators. */
export function compareEnums(a: EnumNode, b: EnumNode): LocalChange[] {
  if (a.declaration || b.declaration) return missing(a, b);
  const changes: LocalChange[] = [];
  const now = new Map(b.enumerators.map(({ name, value }) => [name, value]));
  const before = new Map(a.enumerators.map(({ name, value }) => [name, value]));
  // New names by value and old values: to tell a renamed enumerator from one that went.
  const fresh = new Map<string, string>();
  for (const { name, value } of b.enumerators) if (!before.has(name) && !fresh.has(value)) fresh.set(value, name);
  const renamed = new Set<string>();
  const last = largest(a);
  for (const { name, value } of a.enumerators) {
    const other = now.get(name);
    if (other === undefined) {
      const twin = fresh.get(value);
      if (twin !== undefined) renamed.add(twin);
      changes.push(gone(name, value, twin));
    } else if (other !== value)
      changes.push(moved(name, value, other, name === last && name.length <= MAX_NAME && SENTINEL.test(name)));
  }
  const added = b.enumerators.filter(({ name }) => !before.has(name) && !renamed.has(name));
  if (added.length > 0) changes.push(grown(added));
  if (a.size !== b.size) changes.push(resized(a, b));
  if (a.scoped !== b.scoped) changes.push(scoping(b));
  return changes;
}

function scoping({ scoped }: EnumNode): LocalChange {
  const text = scoped ? 'it became an enum class' : 'it is no longer an enum class';
  return { rule: 'abi/enum-scope-changed', effect: 'source-breaking', text, part: 'enum class', matters: 'always' };
}

function missing(a: EnumNode, b: EnumNode): LocalChange[] {
  if (a.declaration || !b.declaration) return [];
  const text = 'the new debug information only declares the enumeration, so its values cannot be compared';
  return [{ rule: 'abi/definition-missing', effect: 'undecided', text, matters: 'layout' }];
}

function gone(name: string, value: string, twin: string | undefined): LocalChange {
  const change = { part: name, old: value, matters: 'layout' } as const;
  // Old binaries still pass the value; the plugin may no longer know it.
  if (twin === undefined) {
    const text = `enumerator ${name} (${value}) was removed`;
    return { rule: 'abi/enumerator-removed', effect: 'breaking', text, ...change, gone: true };
  }
  const text = `enumerator ${name} (${value}) was renamed to ${twin}`;
  return { rule: 'abi/enumerator-renamed', effect: 'source-breaking', text, ...change };
}

function moved(name: string, value: string, other: string, counts: boolean): LocalChange {
  const text = `enumerator ${name} changed from ${value} to ${other}${counts ? ' (it counts the others)' : ''}`;
  return {
    rule: counts ? 'abi/enum-sentinel-moved' : 'abi/enumerator-value-changed',
    effect: counts ? 'risky' : 'breaking',
    text,
    part: name,
    old: value,
    new: other,
    matters: 'layout',
  };
}

function grown(added: readonly Enumerator[]): LocalChange {
  const named = added.slice(0, MAX_NAMED).map(({ name, value }) => `${name} (${value})`);
  const names = `${named.join(', ')}${added.length > MAX_NAMED ? ` and ${added.length - MAX_NAMED} more` : ''}`;
  const one = added.length === 1;
  const text = `enumerator${one ? '' : 's'} ${names} ${one ? 'was' : 'were'} added`;
  const first = added[0];
  return {
    rule: 'abi/enumerator-added',
    effect: 'compatible',
    text,
    ...(first === undefined ? {} : { part: first.name }),
    new: names,
    matters: 'always',
  };
}

function resized(a: EnumNode, b: EnumNode): LocalChange {
  return {
    rule: 'abi/enum-size-changed',
    effect: 'breaking',
    text: `the size changed from ${a.size} to ${b.size} bytes`,
    old: String(a.size),
    new: String(b.size),
    matters: 'layout',
  };
}

/** Name of the enumerator with the largest value. */
function largest({ enumerators }: EnumNode): string | undefined {
  let best: { readonly name: string; readonly value: bigint } | undefined;
  for (const { name, value } of enumerators) {
    if (!/^-?\d{1,40}$/.test(value)) continue;
    const number = BigInt(value);
    if (best === undefined || number >= best.value) best = { name, value: number };
  }
  return best?.name;
}
