import type { GoProbe, GoProbeRequest } from './model.ts';

/** All probes, in the order in which they are called. */
export function probesOf({ probe, moreProbes = [] }: Pick<GoProbeRequest, 'probe' | 'moreProbes'>): readonly GoProbe[] {
  return probe === undefined ? moreProbes : [probe, ...moreProbes];
}
