import { readdirSync, readFileSync } from 'node:fs';

/** One row of the process table. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  /** Clock ticks since boot; with the pid it names a process for ever. */
  readonly started: number;
}

/**
 * Every process below `root`, and every process of the session that `root` leads; without `root` itself. A process
 * that left the session but still has its parent is found through the parent. One that left the session and whose
 * parent ended (a daemon) is not.
 * @returns nothing where /proc cannot be read
 */
export function processesBelow(root: number, table: readonly ProcessEntry[] = processTable()): readonly ProcessEntry[] {
  const below = new Set<number>(table.filter(({ session }) => session === root).map(({ pid }) => pid));
  below.add(root);
  for (let grown = true; grown; ) {
    grown = false;
    for (const { pid, parent } of table) {
      if (below.has(parent) && !below.has(pid)) {
        below.add(pid);
        grown = true;
      }
    }
  }
  return table.filter(({ pid }) => pid !== root && below.has(pid));
}

/**
 * Sends a signal to a process group and to all {@link processesBelow} its leader.
 * @param leader the process id of a group leader that we started in a session of its own
 * @param earlier processes that were below it at an earlier signal: when a parent dies, its children are no longer
 * linked to the leader
 * @returns the processes besides the group that got the signal
 */
export function signalGroup(
  leader: number,
  signal: 'SIGTERM' | 'SIGKILL',
  earlier: readonly ProcessEntry[] = [],
): readonly ProcessEntry[] {
  const table = processTable();
  const still = earlier.filter((known) =>
    table.some(({ pid, started }) => pid === known.pid && started === known.started),
  );
  const others = [...processesBelow(leader, table), ...still];
  send(-leader, signal);
  for (const { pid } of others) send(pid, signal);
  return others;
}

function send(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already (ESRCH), or it changed its user and is out of our reach (EPERM).
  }
}

function processTable(): readonly ProcessEntry[] {
  let names: readonly string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  const entries: ProcessEntry[] = [];
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // proc(5): `pid (comm) state ppid pgrp session ... starttime`; comm may hold spaces and parentheses.
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      entries.push({
        pid: Number(name),
        parent: Number(fields[1]),
        session: Number(fields[3]),
        started: Number(fields[19]),
      });
    } catch {
      // It ended while we read.
    }
  }
  return entries;
}
