import type { RuleId } from '../../rules/catalogue.ts';
import type { LocalChange } from './change.ts';
import type { PlaceChange } from './relation.ts';

/** The rule for a change at a place: its own where another type stands there, a common one for what is milder. */
export function ruleOfPlace({ kind }: PlaceChange, replaced: RuleId): RuleId {
  switch (kind) {
    case 'replaced':
      return replaced;
    case 'equivalent':
      return 'abi/type-equivalent';
    case 'qualifier':
      return 'abi/qualifier-changed';
    case 'unreadable':
      return 'abi/type-unreadable';
  }
}

/** The change of a parameter, member or the like, told with both types where they can be read. */
export function changeOfPlace(
  change: PlaceChange,
  label: string,
  replaced: RuleId,
  more: Pick<LocalChange, 'matters'> & Pick<Partial<LocalChange>, 'part' | 'declared'>,
): LocalChange {
  const rule = ruleOfPlace(change, replaced);
  const types = { old: change.old, new: change.new };
  const callback = {
    ...(change.asCallback === undefined ? {} : { asCallback: change.asCallback }),
    ...(change.sameBits === true ? { sameBits: change.sameBits } : {}),
  };
  const text =
    change.kind === 'unreadable'
      ? `${label}: ${change.why}`
      : `${label} changed from ${change.old} to ${change.new}: ${change.why}`;
  return { rule, effect: change.effect, ...callback, text, ...types, ...more };
}
