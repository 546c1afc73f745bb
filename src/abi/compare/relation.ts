import type { Effect } from '../../rules/finding.ts';
import type { TypeGraph, TypeId } from '../model.ts';
import type { Alias, EdgeKind } from './change.ts';

/** The two releases' graphs. */
export interface Graphs {
  readonly old: TypeGraph;
  readonly new: TypeGraph;
}

/** The place itself changed: another type stands there. */
export interface PlaceChange {
  /**
   * `replaced`: another type. `equivalent`: another name for the same representation. `qualifier`: const and its kind.
   * `unreadable`: it cannot be told.
   */
  readonly kind: 'replaced' | 'equivalent' | 'qualifier' | 'unreadable';
  readonly effect: Effect;
  readonly asCallback?: Effect;
  /** The same bytes, read with another sign behind a pointer or through an untyped one. */
  readonly sameBits?: true;
  /** A clause: `the number of elements changed`. */
  readonly why: string;
  readonly old: string;
  readonly new: string;
}

/** Two nodes to compare, and how the place leads to them. */
export interface TypePair {
  readonly old: TypeId;
  readonly new: TypeId;
  readonly through: EdgeKind;
  readonly alias?: Alias;
}

/** What two types at the same place come to. */
export interface Relation {
  /** Undefined when only what lies below may differ. */
  readonly change?: PlaceChange;
  /** Pairs of nodes to compare: records, enums, functions, and typedefs or numbers that changed under their name. */
  readonly pairs: readonly TypePair[];
}
