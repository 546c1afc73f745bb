import { type GateStep, skip } from '../known.ts';

/** Checks the plugin against the hosts that it must load into. */
export const fitStep: GateStep = async (job, known) => {
  if (job.plugin.hosts.length === 0) return skip('the configuration names no host');
  if (known.image === undefined) return skip('there is no plugin file to fit');
  return skip('not wired yet');
};
