/**
 * Whose results a run may take and where it may leave its own. A scope is a group of runs that trust each other: those of
 * one pull request, or those of one branch.
 */
export interface CacheUse {
  /** Scopes that results are taken from, the first that has them. */
  readonly read: readonly string[];
  /** Scope that results are left in. */
  readonly write?: string;
  /** Why nothing is taken, or nothing left: one sentence for the report. */
  readonly reason?: string;
}

/** A run by hand, on a machine of its own. */
export const LOCAL_USE: CacheUse = { read: ['local'], write: 'local' };

/** What the gate is given to reuse results of earlier runs. */
export interface CacheRequest {
  /** Absolute path of a directory outside of the repository; made when something is written. */
  readonly directory: string;
  readonly use: CacheUse;
  /** `sha256:<hex>` of the program that runs: another one finds out other things. */
  readonly tool: string;
  /** The page of this run, for who reads a later report. */
  readonly run?: string;
}
