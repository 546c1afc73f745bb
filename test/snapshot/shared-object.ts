import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileC, workspace } from '../support/workspace.ts';

/** A small shared object of the C compiler. */
export function sharedObject(): Uint8Array {
  const source = 'struct pair { int a; long b; }; int take(struct pair *p) { return p->a; }\n';
  return new Uint8Array(readFileSync(compileC(join(workspace()), 'sample', source, ['-g'])));
}
