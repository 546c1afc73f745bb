import { readdirSync, readFileSync } from 'node:fs';

/** One row of the process table. */
interface Entry {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
}

/**
 * Every process below `root`, and every process of the session that `root` leads; without `root` itself. A process
 * that left the session but still has its parent is found through the parent. One that left the session and whose
 * parent ended (a daemon) is not.
 * @returns process ids; empty where /proc cannot be read
 */
export function processesBelow(root: number): readonly number[] {
  const entries = processTable();
  const below = new Set<number>(entries.filter(({ session }) => session === root).map(({ pid }) => pid));
  below.add(root);
  for (let grown = true; grown; ) {
    grown = false;
    for (const { pid, parent } of entries) {
      if (below.has(parent) && !below.has(pid)) {
        below.add(pid);
        grown = true;
      }
    }
  }
  below.delete(root);
  return [...below];
}

/**
 * Ends a process group (and what {@link processesBelow} its leader) with a signal.
 * @param leader the process id of a group leader that we started in a session of its own
 */
export function signalGroup(leader: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  // Read the tree before the first signal: when a parent dies its children are no longer linked to it.
  const others = processesBelow(leader);
  send(-leader, signal);
  for (const pid of others) send(pid, signal);
}

function send(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already (ESRCH), or it changed its user and is out of our reach (EPERM).
  }
}

function processTable(): readonly Entry[] {
  let names: readonly string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  const entries: Entry[] = [];
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // proc(5): `pid (comm) state ppid pgrp session ...`; comm may hold spaces and parentheses.
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      entries.push({ pid: Number(name), parent: Number(fields[1]), session: Number(fields[3]) });
    } catch {
      // It ended while we read.
    }
  }
  return entries;
}
