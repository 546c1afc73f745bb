import type { TrustOutcome } from '../../signature/tuf.ts';
import type { GateContext } from '../known.ts';
import type { Job } from '../plan.ts';
import { needsCurrentTrust } from './settings.ts';

/**
 * The current public root, asked for once and before anything is built: a build could write what is kept of it. undefined
 * where no plugin needs it.
 */
export async function currentTrustFor(
  jobs: readonly Job[],
  { environment, progress }: Pick<GateContext, 'environment' | 'progress'>,
): Promise<TrustOutcome | undefined> {
  const sections = jobs.flatMap(({ signature, baseline }) => [signature, baseline?.signature]);
  if (!sections.some(needsCurrentTrust)) return undefined;
  progress.start('asking for the current trusted root of sigstore');
  const { cacheDirectory, currentTrust } = await import('../../parts/tuf.ts');
  const outcome = await currentTrust({ cache: cacheDirectory(environment) });
  if (outcome.ok) return outcome;
  const fix =
    'Run again with a connection, or set `signature.offline` to use the root that is built in, or `signature.trustedRoot`.';
  return { ok: false, finding: { ...outcome.finding, fix } };
}
