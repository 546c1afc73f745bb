import { signalGroup } from './tree.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const running = new Set<number>();

/**
 * Ties a child's group to our own life: when a person presses Ctrl-C, or the runner cancels the job, the child (which
 * has a session of its own and would not hear of it) is killed before we end by the same signal.
 * @param leader process id of the group leader
 * @returns call it when the child has ended
 */
export function endWithUs(leader: number): () => void {
  if (running.size === 0) for (const signal of SIGNALS) process.on(signal, onSignal);
  running.add(leader);
  return () => {
    running.delete(leader);
    if (running.size === 0) for (const signal of SIGNALS) process.off(signal, onSignal);
  };
}

function onSignal(signal: NodeJS.Signals): void {
  for (const leader of running) signalGroup(leader, 'SIGKILL');
  running.clear();
  for (const other of SIGNALS) process.off(other, onSignal);
  // Whoever else listens decides what a signal does; with nobody left, end as the signal's default says.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}
