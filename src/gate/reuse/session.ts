import type { FileDigests } from '../../artifact/file-digests.ts';
import { type Answers, noAnswers } from '../../build/go-inputs.ts';
import type { EarlierRun, GateReport } from '../report.ts';
import { openStore, type Store } from './store.ts';
import type { CacheRequest } from './use.ts';

/** What a run has of earlier ones, and what it leaves. */
export interface Session {
  readonly store: Store;
  readonly digests: FileDigests;
  /** What builds of this run found out of the compilers. */
  readonly answers: Answers;
  readonly tool: string;
  /** This run, as later ones name it. */
  readonly own: EarlierRun;
  readonly now: Date;
}

/** Days after which a result is found out anew, whatever is the same. */
export const LONGEST_DAYS = 14;

/** @throws UsageError for a directory inside the repository */
export async function openSession(
  cache: CacheRequest,
  run: {
    readonly repository: string;
    readonly digests: FileDigests;
    readonly now: Date;
    readonly source?: GateReport['source'];
  },
): Promise<Session> {
  const commit = run.source?.commit;
  return {
    store: await openStore(cache.directory, run.repository, cache.use),
    digests: run.digests,
    answers: noAnswers(),
    tool: cache.tool,
    own: {
      time: run.now.toISOString(),
      ...(commit === undefined ? {} : { commit }),
      ...(cache.run === undefined ? {} : { run: cache.run }),
    },
    now: run.now,
  };
}

/** Whether a result is young enough to be taken. A time to come is that of no run. */
export function isRecent({ time }: EarlierRun, now: Date): boolean {
  const age = now.getTime() - Date.parse(time);
  return age >= 0 && age <= LONGEST_DAYS * 86_400_000;
}
