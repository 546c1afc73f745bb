import { signalGroup } from './tree.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** One child group that ends when we end. */
export interface Tie {
  /** Process id of the group leader, as soon as it is known. */
  leader?: number;
  /** The child has ended. */
  readonly release: () => void;
}

const ties = new Set<Tie>();

/**
 * Ties a child's group to our own life: when a person presses Ctrl-C, or the runner cancels the job, the child (which
 * has a session of its own and would not hear of it) is killed before we end by the same signal. To be called before
 * the child is started: a signal that comes between the two would otherwise end us and leave the child.
 */
export function tieToUs(): Tie {
  if (ties.size === 0) {
    for (const signal of SIGNALS) process.on(signal, onSignal);
    process.on('exit', killAll);
  }
  const tie: Tie = {
    release() {
      if (ties.delete(tie) && ties.size === 0) stopListening();
    },
  };
  ties.add(tie);
  return tie;
}

/**
 * {@link tieToUs} for a child that runs already.
 * @param leader process id of the group leader
 * @returns call it when the child has ended
 */
export function endWithUs(leader: number): () => void {
  const tie = tieToUs();
  tie.leader = leader;
  return tie.release;
}

function onSignal(signal: NodeJS.Signals): void {
  killAll();
  stopListening();
  // Whoever else listens decides what a signal does; with nobody left, end as the signal's default says.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

function killAll(): void {
  for (const { leader } of ties) if (leader !== undefined) signalGroup(leader, 'SIGKILL');
  ties.clear();
}

function stopListening(): void {
  for (const signal of SIGNALS) process.off(signal, onSignal);
  process.off('exit', killAll);
}
