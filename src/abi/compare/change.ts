import type { RuleId } from '../../rules/catalogue.ts';
import type { Effect } from '../../rules/finding.ts';
import type { Declared, TypeId } from '../model.ts';

/** One difference at one node, before it is known who reaches the node and how. */
export interface LocalChange {
  readonly rule: RuleId;
  /** Effect where a consumer sees the type; exposure can only soften it. */
  readonly effect: Effect;
  /** A clause without a full stop: `member flags moved from offset 8 to 16`. */
  readonly text: string;
  /** The changed part: member, enumerator, parameter. Last step of the path. */
  readonly part?: string;
  readonly old?: string;
  readonly new?: string;
  readonly declared?: Declared;
  /**
   * When the difference matters: `layout` to all who know the layout, `input` only to those who make values that the
   * plugin reads, `pass` only where values are passed or returned as such.
   */
  readonly matters: 'layout' | 'input' | 'pass' | 'always';
}

/** How one type reaches another. */
export type EdgeKind = 'value' | 'pointer' | 'parameter' | 'result';

export interface Edge {
  readonly to: number;
  readonly kind: EdgeKind;
  /** For the path: `member next`, `parameter 2 (config)`, `base Shape`. */
  readonly label: string;
}

/** Two nodes that stand for the same thing in the two releases. */
export interface PairNode {
  readonly old: TypeId;
  readonly new: TypeId;
  readonly changes: LocalChange[];
  readonly edges: Edge[];
}
