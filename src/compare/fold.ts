import { createHash } from 'node:crypto';
import { shownSymbol } from '../abi/demangle/demangle.ts';
import type { RuleId } from '../rules/catalogue.ts';
import { severityOfEffect } from '../rules/effects.ts';
import type { Effect, Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';

/** More equal findings than this become one, with their symbols in `affected`. */
const FOLD_ABOVE = 10;
/** The same where only the symbol's name may be waived; nobody accepts more than that one by one. */
const FOLD_NAMED_ABOVE = 2000;
/** Names that `affected` holds at most; the count stands in the message. */
export const AFFECTED_MOST = 200;
/** Names that a message spells out. */
const SPELT_OUT = 5;

/** A difference, with the severity that belongs to its effect. */
export function change(
  rule: RuleId,
  effect: Effect,
  message: string,
  more: Omit<Finding, 'rule' | 'message' | 'severity' | 'effect'> = {},
): Finding {
  return finding(rule, message, { severity: severityOfEffect(effect), effect, ...more });
}

/** Names in code-unit order, each once: the order must not depend on the machine's locale. */
export function sortedNames(names: Iterable<string>): string[] {
  return [...new Set(names)].sort();
}

/** `a, b, c, d, e and 7 more`; C++ and Rust names as sources write them. */
export function listNames(names: readonly string[], most = SPELT_OUT): string {
  if (names.length <= most) return names.map(shownSymbol).join(', ');
  return `${names.slice(0, most).map(shownSymbol).join(', ')} and ${names.length - most} more`;
}

/** The first {@link AFFECTED_MOST} of the names. */
export function cappedNames(names: readonly string[]): readonly string[] {
  return names.length > AFFECTED_MOST ? names.slice(0, AFFECTED_MOST) : names;
}

/** Names a set of symbols for waivers: it stays the same as long as the set does, and no longer. */
export function subjectOfSet(names: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(names)).digest('hex').slice(0, 12);
  return `${names.length} symbols #${digest}`;
}

/** One difference of one symbol, before it is decided whether it stands alone. */
export interface SymbolChange {
  readonly label: string;
  readonly old?: string;
  readonly new?: string;
}

export interface FoldedText {
  /** Message for one symbol. */
  readonly one: (change: SymbolChange) => string;
  /** Message for many; gets the count and the names as text. */
  readonly many: (count: number, names: string) => string;
}

/**
 * Findings for the same difference of several symbols: one each, so that a waiver can name the symbol; above
 * {@link FOLD_ABOVE} one for all of them.
 * @param fold `always`: one as soon as there are two; `named`: each its own as long as a person could accept them one by one
 */
export function foldSymbols(
  rule: RuleId,
  effect: Effect,
  changes: readonly SymbolChange[],
  text: FoldedText,
  fold: 'many' | 'always' | 'named' = 'many',
): Finding[] {
  const sorted = [...changes].sort((a, b) => (a.label < b.label ? -1 : a.label > b.label ? 1 : 0));
  if (sorted.length === 0) return [];
  if (sorted.length <= mostSingle(fold)) {
    return sorted.map((entry) => {
      const { label, old, new: now } = entry;
      const symbol = label.split('@', 1)[0] ?? label;
      const values = { ...(old !== undefined && { old }), ...(now !== undefined && { new: now }) };
      return change(rule, effect, text.one({ ...entry, label: shownSymbol(label) }), {
        subject: label,
        symbol,
        ...values,
      });
    });
  }
  const labels = sorted.map(({ label }) => label);
  return [
    change(rule, effect, text.many(labels.length, listNames(labels)), {
      subject: subjectOfSet(labels),
      affected: cappedNames(labels),
    }),
  ];
}

function mostSingle(fold: 'many' | 'always' | 'named'): number {
  switch (fold) {
    case 'always':
      return 1;
    case 'many':
      return FOLD_ABOVE;
    case 'named':
      return FOLD_NAMED_ABOVE;
  }
}
