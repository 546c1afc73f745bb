import { readFile } from 'node:fs/promises';

/** A payload that cannot be read gives a context without pull request: the gate runs, and posts less. */
export async function readEvent(path: string | undefined): Promise<unknown> {
  if (path === undefined || path === '') return undefined;
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}
