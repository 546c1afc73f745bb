import { isAbsolute } from 'node:path';
import type { LoadEvidence } from '../../loader/model.ts';
import type { Known } from '../known.ts';
import type { Job } from '../plan.ts';
import type { Witness } from './witness.ts';

/**
 * Notes the libraries that were there when a plugin was loaded. A plugin that could see more than they and itself may do
 * something else the next time, whatever is the same.
 * @returns why what it did is kept for nobody; undefined when it was confined to what is noted
 */
export function loadIsClosed(job: Job, known: Known, evidence: unknown, witness: Witness): string | undefined {
  if (!isLoadEvidence(evidence)) return 'it was not loaded before';
  const { isolation, loader, audit, calls, objects, trail, go, leftovers } = evidence;
  if (go !== undefined) return 'Go plugins are loaded by a host that is compiled for them';
  if (loader === undefined || isolation === undefined) return 'it was not loaded before';
  if (loader.emulator !== undefined) return 'it is loaded in an emulator';
  if (!isolation.systemCalls || !isolation.files || isolation.profile === 'audit')
    return 'the sandbox did not confine it';
  if (job.sandbox.allow.length > 0) return 'its sandbox allows more';
  if (audit?.linker !== true || audit.cut === true) return 'the dynamic linker did not tell which libraries it took';
  if (leftovers.length > 0) return 'it left processes behind';
  const { runpath, rpath } = known.image?.dynamic ?? {};
  if (runpath !== undefined || rpath !== undefined) return 'it looks for libraries in directories that it names';
  const own = new Set(objects.map(({ path }) => path).filter((path) => !isAbsolute(path)));
  if (own.size > 1) return 'it brings libraries along';
  // What it asks of the system besides may be answered otherwise the next time.
  for (const { name, detail, writes, process } of calls) {
    if (own.has(detail) || (detail === 'thread' && !process)) continue;
    const plain = name === 'openat' && !writes && !process && isAbsolute(detail) && !/^\/(?:proc|dev)\//.test(detail);
    if (!plain) return `it asks the system for more (${name})`;
    witness.file(detail);
  }
  for (const { event, path } of trail) {
    if (event === 'object' && typeof path === 'string' && isAbsolute(path)) witness.file(path);
  }
  return undefined;
}

function isLoadEvidence(value: unknown): value is LoadEvidence {
  return (
    typeof value === 'object' &&
    value !== null &&
    'trail' in value &&
    'objects' in value &&
    'calls' in value &&
    'leftovers' in value
  );
}
