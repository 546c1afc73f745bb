import type { SymbolType } from '../elf/model.ts';
import type { RuleId } from '../rules/catalogue.ts';
import type { Effect, Finding } from '../rules/finding.ts';
import { type FoldedText, foldSymbols, type SymbolChange } from './fold.ts';
import { symbolLabel } from './interface.ts';
import type { SymbolPair } from './model.ts';
import { describe } from './symbols.ts';

interface Difference {
  readonly rule: RuleId;
  readonly effect: Effect;
  readonly old: string;
  readonly new: string;
  /** What it means, for the message; findings with the same text are folded together. */
  readonly meaning: string;
}

type Kind = 'code' | 'indirect code' | 'data' | 'thread-local data' | 'unknown';

function kindOf(type: SymbolType): Kind {
  switch (type) {
    case 'func':
      return 'code';
    case 'ifunc':
      return 'indirect code';
    case 'object':
    case 'common':
      return 'data';
    case 'tls':
      return 'thread-local data';
    case 'notype':
    case 'section':
    case 'file':
    case 'other':
      return 'unknown';
  }
}

/**
 * Kind, size, binding and visibility of the symbols that both files have. Sizes of functions mean nothing.
 * @param sizesTold symbols whose size another finding tells
 */
export function compareAttributes(pairs: readonly SymbolPair[], sizesTold?: ReadonlySet<string>): Finding[] {
  const groups = new Map<string, { difference: Difference; changes: SymbolChange[] }>();
  for (const pair of pairs) {
    for (const difference of differences(pair)) {
      if (difference.rule === 'sym/object-size-changed' && sizesTold?.has(pair.old.name) === true) continue;
      const key = `${difference.rule}\0${difference.effect}\0${difference.meaning}`;
      const group = groups.get(key) ?? { difference, changes: [] };
      group.changes.push({ label: symbolLabel(pair.old), old: difference.old, new: difference.new });
      groups.set(key, group);
    }
  }
  return [...groups.values()].flatMap(({ difference: { rule, effect, meaning }, changes }) => {
    const text: FoldedText = {
      one: ({ label, old, new: now }) => `${label} was ${old} and is ${now}: ${meaning}.`,
      many: (count, names) => `${count} symbols: ${meaning}: ${names}.`,
    };
    return foldSymbols(rule, effect, changes, text);
  });
}

const NONE: readonly Difference[] = [];

function differences(pair: SymbolPair): readonly Difference[] {
  const { old, new: now } = pair;
  if (old.type === now.type && old.binding === now.binding && old.visibility === now.visibility) {
    const size = differentSize(pair);
    return size === undefined ? NONE : [size];
  }
  const kinds = differentKind(pair);
  // Another kind of thing: comparing sizes of a function and a variable would say nothing more.
  if (kinds !== undefined) return [kinds];
  return [differentSize(pair), differentBinding(pair), differentVisibility(pair)].filter(
    (difference) => difference !== undefined,
  );
}

function differentKind(pair: SymbolPair): Difference | undefined {
  const [before, after] = [kindOf(pair.old.type), kindOf(pair.new.type)];
  if (before === after) return undefined;
  const values = { old: describe(pair.old), new: describe(pair.new) };
  if (before === 'thread-local data' || after === 'thread-local data') {
    const meaning = 'thread-local and ordinary symbols are reached in different ways';
    return { rule: 'sym/tls-changed', effect: 'breaking', meaning, ...values };
  }
  if (before === 'code' && after === 'indirect code') {
    const meaning = 'a resolver now runs while the plugin is loaded';
    return { rule: 'sym/type-changed', effect: 'risky', meaning, ...values };
  }
  if (before === 'indirect code' && after === 'code') {
    return { rule: 'sym/type-changed', effect: 'compatible', meaning: 'callers see no difference', ...values };
  }
  if (before === 'unknown' || after === 'unknown') {
    const typed = before === 'unknown';
    const meaning = typed ? 'it has a type now' : 'without a type the link editor treats references to it differently';
    return { rule: 'sym/type-changed', effect: typed ? 'compatible' : 'risky', meaning, ...values };
  }
  const meaning = 'callers take one for the other';
  return { rule: 'sym/type-changed', effect: 'breaking', meaning, ...values };
}

function differentSize({ old, new: now }: SymbolPair): Difference | undefined {
  const kind = kindOf(old.type);
  if ((kind !== 'data' && kind !== 'thread-local data') || old.size === now.size) return undefined;
  const rule = 'sym/object-size-changed';
  const values = { old: `${old.size} bytes`, new: `${now.size} bytes` };
  if (old.size === 0) {
    return { rule, effect: 'compatible', meaning: 'it has a size now', ...values };
  }
  if (now.size === 0) {
    return { rule, effect: 'risky', meaning: 'no size is given any more', ...values };
  }
  if (now.size < old.size) {
    return { rule, effect: 'breaking', meaning: 'code that knows the old size reads past its end', ...values };
  }
  if (kind === 'thread-local data') {
    return { rule, effect: 'compatible', meaning: 'thread-local variables are never copied', ...values };
  }
  if (old.name.startsWith('_ZTV')) {
    // Slots at the end: only executables with a copy of the vtable, and derived classes, can tell.
    return { rule, effect: 'risky', meaning: 'the vtable has more slots', ...values };
  }
  const meaning = 'executables that refer to it hold a copy of the old size';
  return { rule, effect: 'breaking', meaning, ...values };
}

function differentBinding({ old, new: now }: SymbolPair): Difference | undefined {
  if (old.binding === now.binding) return undefined;
  const values = { rule: 'sym/binding-changed' as const, old: old.binding, new: now.binding };
  if (now.binding === 'unique') {
    return { ...values, effect: 'risky', meaning: 'a unique symbol keeps the plugin from being unloaded' };
  }
  if (old.binding === 'unique') {
    return { ...values, effect: 'risky', meaning: 'each library now has a copy of its own' };
  }
  if (old.binding === 'other' || now.binding === 'other') {
    return { ...values, effect: 'risky', meaning: 'loaders may treat this binding differently' };
  }
  return { ...values, effect: 'compatible', meaning: 'the loader treats weak and global definitions alike' };
}

function differentVisibility({ old, new: now }: SymbolPair): Difference | undefined {
  if (old.visibility === now.visibility) return undefined;
  const values = { rule: 'sym/visibility-changed' as const, old: old.visibility, new: now.visibility };
  return now.visibility === 'protected'
    ? { ...values, effect: 'risky', meaning: 'the plugin no longer uses the copy or the address in the executable' }
    : { ...values, effect: 'compatible', meaning: 'the symbol can be replaced by one of another library' };
}
