import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { workspace, writeTree } from '../support/workspace.ts';

/** Makes directories with given files, each new, all below one that is removed after the test file. */
export function projects(): (files?: Readonly<Record<string, string>>) => string {
  const all = workspace();
  return (files = {}) => {
    const root = mkdtempSync(join(all, 'project-'));
    writeTree(root, files);
    return root;
  };
}
