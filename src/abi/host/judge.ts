import type { LocalChange } from '../compare/change.ts';
import { EXPOSURE } from '../compare/exposure.ts';

/** What a disagreement does in a running process. What only matters to sources is no disagreement here. */
export type Disagreement = 'breaking' | 'risky' | 'undecided';

export interface JudgedChange extends LocalChange {
  readonly effect: Disagreement;
}

/**
 * The differences between the host's definition and the plugin's copy of it that matter while both run. One side may
 * know more than the other at the end of a type: that does no harm where the side that makes it is the one that knows
 * more. Hosts grow their tables so.
 * @param changes from the host's definition (old) to the plugin's copy (new)
 * @param flags who makes it, as bits of EXPOSURE: `in` the host, `out` the plugin
 * @param called a function type that is called through a pointer, or a function that the plugin calls
 */
export function disagreements(
  changes: readonly LocalChange[],
  flags: number,
  called: boolean,
): readonly JudgedChange[] {
  const known = toleratesEnd(changes, flags);
  return changes.flatMap((change) => {
    if (known && isEnd(change)) return [];
    const effect = effectOf(change, flags, called);
    return effect === undefined ? [] : [{ ...change, effect }];
  });
}

/**
 * The differences between the type by which the host calls an entry point (old) and the function that the plugin has
 * (new). Arguments that the plugin does not take do no harm where the caller clears them away, as on all systems that
 * plugins run on; what they say is lost.
 */
export function entryDisagreements(changes: readonly LocalChange[]): readonly JudgedChange[] {
  return disagreements(changes, EXPOSURE.out, false).map((change) =>
    change.rule === 'abi/parameter-removed' ? { ...change, effect: 'risky' } : change,
  );
}

function effectOf(change: LocalChange, flags: number, called: boolean): Disagreement | undefined {
  switch (change.rule) {
    case 'abi/qualifier-changed':
    case 'abi/type-equivalent':
    case 'abi/enum-sentinel-moved':
    case 'abi/enumerator-added':
      return undefined;
    case 'abi/definition-missing':
      // What the plugin only has by pointer it need not know. Values of a type cannot be had without its definition.
      return (flags & (EXPOSURE.value | EXPOSURE.embedded)) === 0 ? undefined : 'undecided';
    case 'abi/enumerator-removed':
      // The host may use values that the plugin has no name for: switch statements have a default for that.
      return undefined;
    default:
  }
  if (change.matters === 'pass' && (flags & EXPOSURE.value) === 0) return undefined;
  if (change.matters === 'input' && (flags & (EXPOSURE.in | EXPOSURE.value)) === 0) return undefined;
  if (change.sameBits === true) return undefined;
  const effect = called ? (change.asCallback ?? change.effect) : change.effect;
  // A caller may ignore a result in a register.
  if (change.rule === 'abi/result-changed' && change.new === 'void' && (flags & EXPOSURE.out) === 0) return undefined;
  return effect === 'compatible' || effect === 'source-breaking' ? undefined : effect;
}

/** What one side has at the end and the other does not: members, virtual functions, and the size that comes of it. */
function isEnd({ rule, gone }: LocalChange): boolean {
  return (
    rule === 'abi/struct-size-changed' || rule === 'abi/member-added' || rule === 'abi/vtable-extended' || gone === true
  );
}

/** Whether one side only knows less than the other, and never makes what the other reads. */
function toleratesEnd(changes: readonly LocalChange[], flags: number): boolean {
  // A value that is passed or embedded has the room that the one who passes it gave it.
  if ((flags & (EXPOSURE.value | EXPOSURE.embedded)) !== 0) return false;
  const ends = changes.filter(isEnd);
  if (ends.length === 0 || changes.some((change) => !isEnd(change) && change.effect === 'breaking')) return false;
  const size = changes.find(({ rule }) => rule === 'abi/struct-size-changed');
  const pluginKnowsLess = ends.every(({ gone, rule }) => gone === true || rule === 'abi/struct-size-changed');
  const hostKnowsLess = ends.every(({ gone }) => gone !== true);
  const grew = size === undefined ? undefined : Number(size.new) > Number(size.old);
  if (pluginKnowsLess && grew !== true) return (flags & EXPOSURE.out) === 0;
  if (hostKnowsLess && grew !== false) return (flags & EXPOSURE.in) === 0;
  return false;
}
