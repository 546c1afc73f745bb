/** Snapshots of releases: loaded when one is made or read. */
export { snapshotCommand } from '../commands/snapshot.ts';
export { readSnapshot } from '../snapshot/format.ts';
