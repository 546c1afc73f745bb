import type { FileDigests } from '../../artifact/file-digests.ts';
import type { Step } from '../../rules/finding.ts';
import type { GateStep } from '../known.ts';
import type { Job } from '../plan.ts';
import type { GateReport } from '../report.ts';
import type { CacheRequest } from './use.ts';

type Gate = readonly (readonly [Step, GateStep])[];

export interface Reuse {
  /** The steps of one job, and what leaves their results for later runs when all of them ran. */
  readonly of: (job: Job) => Promise<{ readonly steps: Gate; readonly keep: () => void }>;
  readonly close: () => Promise<void>;
}

/**
 * Opens what is kept of earlier runs, before anything is built.
 * @param signed the verdict of this run is signed
 * @returns nothing without a cache, and where none may be used; then why
 */
export async function openReuse(
  cache: CacheRequest | undefined,
  signed: boolean,
  gate: Gate,
  run: {
    readonly repository: string;
    readonly digests: FileDigests;
    readonly now: Date;
    readonly source?: GateReport['source'];
  },
): Promise<{ readonly session?: Reuse; readonly note?: string }> {
  if (cache === undefined) return {};
  if (signed) return { note: 'Nothing was reused: what is signed is checked anew.' };
  const { reason, read, write } = cache.use;
  const note = reason === undefined ? {} : { note: reason };
  if (read.length === 0 && write === undefined) return note;
  const { openSession } = await import('./session.ts');
  const { reusing } = await import('./reusing.ts');
  const session = await openSession(cache, run);
  return { session: { of: (job) => reusing(gate, job, session), close: session.store.close }, ...note };
}
