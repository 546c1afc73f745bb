import type { Effect } from '../../rules/finding.ts';
import type { TypeNode } from '../model.ts';

export type BaseNode = Extract<TypeNode, { kind: 'base' }>;

/** What two number types come to; undefined where they are the same. */
export interface NumberDifference {
  readonly effect: Effect;
  readonly why: string;
  /** Both have the same name: the compiler or its options changed, not the place that uses it. */
  readonly sameName: boolean;
  /** Same size and same meaning of every bit. */
  readonly equivalent: boolean;
  /** Integers that differ in their sign only. */
  readonly sign?: true;
}

export function compareNumbers(a: BaseNode, b: BaseNode): NumberDifference | undefined {
  const sameName = simpleName(a) === simpleName(b);
  const differs = (effect: Effect, why: string, equivalent = false): NumberDifference => ({
    effect,
    why,
    sameName,
    equivalent,
  });
  if (a.size !== b.size) return differs('breaking', `${a.size} byte${a.size === 1 ? '' : 's'} became ${b.size}`);
  const [one, other] = [familyOf(a), familyOf(b)];
  if (one !== other) {
    const truth = [one, other].includes('boolean') && [one, other].includes('integer');
    // A truth value is 0 or 1, a number may be more.
    return truth
      ? differs('risky', 'a truth value holds 0 or 1 only')
      : differs('breaking', 'values are represented in another way');
  }
  if (a.bitSize !== b.bitSize) return differs('breaking', 'the number of bits changed');
  if (one === 'integer' && isSigned(a) !== isSigned(b)) {
    return { ...differs('risky', `it was ${signWord(a)} and is now ${signWord(b)}`), sign: true };
  }
  return sameName ? undefined : differs('source-breaking', 'another type with the same representation', true);
}

/** Integers of one size and sign are alike; floats also have a format. */
function familyOf({ name, size, encoding }: BaseNode): string {
  switch (encoding) {
    case 'signed':
    case 'signed-char':
    case 'unsigned':
    case 'unsigned-char':
    case 'address':
    case 'utf':
    case 'ucs':
    case 'ascii':
      return /^(?:unsigned )?_BitInt/.test(name) ? name.replace('unsigned ', '') : 'integer';
    case 'float':
      return `float ${floatFormat(name, size)}`;
    default:
      return encoding;
  }
}

/** IEEE 754 binary32 and binary64 have one format each; 2 and 16 bytes have several. */
function floatFormat(name: string, size: number): string {
  if (size === 2) return /bf/.test(name) ? 'bfloat16' : 'binary16';
  if (/128|ieee/.test(name)) return 'binary128';
  return /long double/.test(name) ? 'long double' : `${size}`;
}

function isSigned({ encoding }: BaseNode): boolean {
  return encoding === 'signed' || encoding === 'signed-char';
}

function signWord(node: BaseNode): string {
  return isSigned(node) ? 'signed' : 'unsigned';
}

const SPELLINGS: Readonly<Record<string, string>> = {
  bool: '_Bool',
  _Float128: '__float128',
};

/** Compilers write one type in several ways: `long int`, `long`, `unsigned int`, `unsigned`, `complex double`. */
function simpleName({ name, encoding }: BaseNode): string {
  // clang calls all of them `complex`, and their size tells them apart.
  if (encoding === 'complex-float') return encoding;
  const all = name.split(' ').map((word) => SPELLINGS[word] ?? word);
  const words = all.filter((word) => word !== 'int' && word !== 'signed');
  // Plain char is a type of its own.
  if (all.includes('char') && all.includes('signed')) words.push('signed');
  return words.sort().join(' ') || 'int';
}

/** Whether values of the type are whole numbers, of any sign. */
export function isInteger(node: TypeNode): boolean {
  return node.kind === 'enum' || (node.kind === 'base' && familyOf(node) === 'integer');
}
