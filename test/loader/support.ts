import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { SILENT, type StepOutcome } from '../../src/gate/step.ts';
import { loadPlugin } from '../../src/loader/load.ts';
import type { LoadEvidence, LoadRequest } from '../../src/loader/model.ts';
import { compileC } from '../support/workspace.ts';
import { MISBEHAVING, type Misbehaving } from './misbehaving.ts';

/** A profile that denies little: what plugins then do must be seen and undone by the other layers. */
export const AUDIT = { sandbox: { profile: 'audit' } } as const satisfies Partial<LoadRequest>;

/** Loads a file as the gate does. */
export function load(file: string, more: Partial<LoadRequest> = {}): Promise<StepOutcome<LoadEvidence>> {
  return loadPlugin({ file, bytes: readFileSync(file), ...more }, SILENT);
}

/** Compiles one of the misbehaving plugins. */
export function misbehaving(directory: string, name: Misbehaving, flags: readonly string[] = []): string {
  const include = join(import.meta.dirname, '../../native/loader');
  return compileC(directory, name, MISBEHAVING[name], ['-w', `-I${include}`, '-pthread', ...flags]);
}

/** Rules that were broken, errors and undecided first come as they are. */
export function rulesOf({ findings }: StepOutcome<LoadEvidence>): readonly string[] {
  return findings.map(({ rule, severity }) => `${severity} ${rule}`);
}

/** Ids of living processes whose name (proc(5), comm) is this one. */
function processesNamed(name: string): readonly string[] {
  return readdirSync('/proc').filter((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      const [, comm, state] = /^\d+ \((.*)\) (\w)/s.exec(readFileSync(`/proc/${entry}/stat`, 'latin1')) ?? [];
      return comm === name && state !== 'Z';
    } catch {
      return false;
    }
  });
}

/** Whether the loader can have a process namespace here. */
export async function hasNamespaces(): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), 'plugin-gate-test-'));
  try {
    const { evidence } = await load(compileC(directory, 'plain', 'int entry(void) { return 0; }'));
    return evidence.isolation?.processNamespace === true;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Waits until no process has this name, at most two seconds: a killed process is seen until the kernel has taken it apart. */
export async function survivors(name: string): Promise<readonly string[]> {
  for (let round = 0; round < 100 && processesNamed(name).length > 0; round++) await setTimeout(20);
  return processesNamed(name);
}
