import type { Effect } from '../../rules/finding.ts';
import type { Peeled } from './peel.ts';

/** Where a type stands: that decides who writes it and who reads it. */
export type Position = 'parameter' | 'result' | 'member' | 'variable';

interface QualifierChange {
  readonly kind: 'qualifier';
  readonly effect: Effect;
  readonly asCallback?: Effect;
  readonly why: string;
}

const RANK: readonly Effect[] = ['compatible', 'risky', 'source-breaking', 'undecided', 'breaking'];

/**
 * What a difference in const, volatile, restrict and _Atomic means at one level of a type.
 * @param pointers how many pointers lie between the place and this level; 0: the qualifiers of the value itself
 */
export function qualifierChange(
  before: Peeled,
  after: Peeled,
  position: Position,
  pointers: number,
): QualifierChange | undefined {
  if (
    before.const === after.const &&
    before.volatile === after.volatile &&
    before.restrict === after.restrict &&
    before.atomic === after.atomic
  ) {
    return undefined;
  }
  const where = pointers > 0 ? ' behind a pointer' : '';
  if (before.atomic !== after.atomic && (pointers > 0 || position === 'member' || position === 'variable')) {
    // Before DWARF 5 gcc does not tell _Atomic; where it is lock-free the bytes are the same.
    const why = `_Atomic was ${after.atomic ? 'added' : 'removed'}${where}, which changes how the value is read and written`;
    return { kind: 'qualifier', effect: 'risky', why };
  }
  let worst: QualifierChange | undefined;
  for (const word of ['const', 'volatile'] as const) {
    if (before[word] === after[word]) continue;
    const added = after[word];
    const effect = pointers > 0 ? pointee(position, added, pointers) : top(position, word, added);
    if (effect === undefined || (worst !== undefined && RANK.indexOf(effect) <= RANK.indexOf(worst.effect))) continue;
    const why = `${word} was ${added ? 'added' : 'removed'}${where}`;
    // Function types match exactly or not at all.
    worst = { kind: 'qualifier', effect, ...(pointers > 0 ? { asCallback: 'source-breaking' } : {}), why };
  }
  if (worst !== undefined) return worst;
  if (position === 'parameter' && pointers === 0 && before.restrict !== after.restrict) {
    return after.restrict
      ? { kind: 'qualifier', effect: 'risky', why: 'restrict was added, so that arguments may no longer overlap' }
      : { kind: 'qualifier', effect: 'compatible', why: 'restrict was removed' };
  }
  return undefined;
}

/**
 * Behind a pointer: a qualifier that is added is one more promise to whoever gives the pointer, and a limit to whoever
 * gets it. Behind two, neither type converts to the other (C11 6.5.16.1: `char **` is no `const char **`).
 */
function pointee(position: Position, added: boolean, pointers: number): Effect {
  if (pointers > 1) return 'source-breaking';
  switch (position) {
    case 'parameter':
      return added ? 'compatible' : 'source-breaking';
    case 'result':
      return added ? 'source-breaking' : 'compatible';
    case 'member':
    case 'variable':
      return 'source-breaking';
  }
}

/** Of the value itself: parameters and results are copies, for which qualifiers mean nothing to the other side. */
function top(position: Position, word: 'const' | 'volatile', added: boolean): Effect | undefined {
  switch (position) {
    case 'parameter':
    case 'result':
      return undefined;
    case 'variable':
      // A constant lies in memory that cannot be written; code that was built before may write.
      if (word === 'const') return added ? 'breaking' : 'compatible';
      return added ? 'risky' : 'compatible';
    case 'member':
      if (word === 'const') return added ? 'source-breaking' : 'compatible';
      return added ? 'risky' : 'compatible';
  }
}
