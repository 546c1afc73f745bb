import type { RuleId } from '../../rules/catalogue.ts';
import type { Effect } from '../../rules/finding.ts';
import type { Declared, TypeId } from '../model.ts';

/** One difference at one node, before it is known who reaches the node and how. */
export interface LocalChange {
  readonly rule: RuleId;
  /** Effect where a consumer sees the type; exposure can only soften it. */
  readonly effect: Effect;
  /**
   * Effect where the function is called through a pointer: there the other side wrote a function or a call of exactly
   * the old type, so that a promise that became weaker for callers is one that became stronger for implementers.
   */
  readonly asCallback?: Effect;
  /** A clause without a full stop: `member flags moved from offset 8 to 16`. */
  readonly text: string;
  /** The changed part: member, enumerator, parameter. Last step of the path. */
  readonly part?: string;
  readonly old?: string;
  readonly new?: string;
  readonly declared?: Declared;
  /**
   * When the difference matters: `layout` to all who know the layout, `input` only to those who make values that the
   * plugin reads, `output` only to those who get values that the plugin makes, `pass` only where values are passed or
   * returned as such.
   */
  readonly matters: 'layout' | 'input' | 'output' | 'pass' | 'always';
  /** Both sides see the same bytes: what differs is the sign of what a pointer leads to, or that it is untyped. */
  readonly sameBits?: true;
  /** Nothing but that the new release lacks it: nothing else moved for it. */
  readonly gone?: true;
  /** The difference follows from a changed type that is embedded here and that has a finding of its own. */
  readonly consequence?: boolean;
}

/** How one type reaches another. */
export type EdgeKind = 'value' | 'pointer' | 'parameter' | 'result';

export interface Edge {
  readonly to: number;
  readonly kind: EdgeKind;
  /** For the path: `member next`, `parameter 2 (config)`, `base Shape`. */
  readonly label: string;
  /** Parameters: what goes in where the function comes out. */
  readonly flips?: boolean;
}

/** The name by which sources know a type that has none of its own, or a better one: that of a typedef. */
export interface Alias {
  readonly name: string;
  readonly declared?: Declared;
}

/** Two nodes that stand for the same thing in the two releases. */
export interface PairNode {
  readonly old: TypeId;
  readonly new: TypeId;
  readonly changes: LocalChange[];
  readonly edges: Edge[];
  readonly alias?: Alias;
  /** Functions of symbols of C++: their name says what parameters they have. */
  mangled?: true;
}

/** Registers the pair of two nodes and gives its number. */
export type PairOf = (old: TypeId, now: TypeId, alias?: Alias) => number;
