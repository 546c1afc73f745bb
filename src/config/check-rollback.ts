import { type Fault, valueAt } from './issues.ts';
import type { DataPath } from './problem.ts';

/**
 * Conditions of the sections `rollback`, on the data as it was read: each says something, and its plugins have a version,
 * without which nothing can be older than something.
 * @param plugins how many there are
 */
export function checkRollback(data: unknown, plugins: number): Fault[] {
  const shared: DataPath = ['rollback'];
  const faults = emptySection(data, shared);
  for (let index = 0; index < plugins; index++) {
    const own: DataPath = ['plugins', index, 'rollback'];
    faults.push(...emptySection(data, own));
    if (valueAt(data, ['plugins', index, 'version']) !== undefined) continue;
    if (valueAt(data, own) !== undefined) {
      faults.push({ path: own, at: 'key', message: 'compares versions, but the plugin has no version' });
    } else if (valueAt(data, shared) !== undefined) {
      faults.push({ path: shared, at: 'key', message: `compares versions, but plugins[${index}] has no version` });
    }
  }
  return faults;
}

function emptySection(data: unknown, at: DataPath): Fault[] {
  const section = valueAt(data, at);
  if (typeof section !== 'object' || section === null || Array.isArray(section)) return [];
  const given = (name: string) => valueAt(data, [...at, name]) !== undefined;
  if (given('floor') || given('ledger')) return [];
  return [{ path: at, at: 'key', message: 'expected floor or ledger in it, or both' }];
}
