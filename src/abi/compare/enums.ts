import type { TypeNode } from '../model.ts';
import type { LocalChange } from './change.ts';

type EnumNode = Extract<TypeNode, { kind: 'enum' }>;

/** A last enumerator that counts the others: its value moves whenever one is added, and that is its purpose. */
const SENTINEL = /(?:^|_)(?:LAST|MAX|COUNT|END|NUM|SENTINEL|SIZE|N)$|^(?:NUM|MAX|N)_|(?:Last|Max|Count|End)$/;

/** Compares two enumerations by name of the enumerators. */
export function compareEnums(a: EnumNode, b: EnumNode): LocalChange[] {
  if (a.declaration || b.declaration) return [];
  const changes: LocalChange[] = [];
  if (a.size !== b.size) {
    const text = `the size changed from ${a.size} to ${b.size} bytes`;
    changes.push({
      rule: 'abi/enum-size-changed',
      effect: 'breaking',
      text,
      old: String(a.size),
      new: String(b.size),
      matters: 'layout',
    });
  }
  const now = new Map(b.enumerators.map(({ name, value }) => [name, value]));
  const before = new Map(a.enumerators.map(({ name, value }) => [name, value]));
  const last = largest(a);
  for (const { name, value } of a.enumerators) {
    const other = now.get(name);
    if (other === undefined) {
      const renamed = b.enumerators.find((one) => one.value === value && !before.has(one.name));
      const text =
        renamed === undefined
          ? `enumerator ${name} (${value}) was removed`
          : `enumerator ${name} (${value}) was renamed to ${renamed.name}`;
      const rule = renamed === undefined ? 'abi/enumerator-removed' : 'abi/enumerator-renamed';
      // Old binaries still pass the value; the plugin may no longer know it.
      changes.push({
        rule,
        effect: renamed === undefined ? 'breaking' : 'source-breaking',
        text,
        part: name,
        old: value,
        matters: 'layout',
      });
    } else if (other !== value) {
      const counts = name === last && SENTINEL.test(name);
      const text = `enumerator ${name} changed from ${value} to ${other}${counts ? ' (it counts the others)' : ''}`;
      const effect = counts ? 'risky' : 'breaking';
      const rule = counts ? 'abi/enum-sentinel-moved' : 'abi/enumerator-value-changed';
      changes.push({ rule, effect, text, part: name, old: value, new: other, matters: 'layout' });
    }
  }
  const added = b.enumerators.filter(
    ({ name, value }) => !before.has(name) && !a.enumerators.some((one) => one.value === value && !now.has(one.name)),
  );
  if (added.length > 0) {
    const names = added.map(({ name, value }) => `${name} (${value})`).join(', ');
    changes.push({
      rule: 'abi/enumerator-added',
      effect: 'compatible',
      text: `added ${names}`,
      part: added[0]?.name,
      new: names,
      matters: 'always',
    });
  }
  return changes;
}

/** Name of the enumerator with the largest value. */
function largest({ enumerators }: EnumNode): string | undefined {
  let best: { readonly name: string; readonly value: bigint } | undefined;
  for (const { name, value } of enumerators) {
    if (!/^-?\d+$/.test(value)) continue;
    const number = BigInt(value);
    if (best === undefined || number >= best.value) best = { name, value: number };
  }
  return best?.name;
}
