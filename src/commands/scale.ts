import { resolve } from 'node:path';
import { type GateRequest, type GateRun, runGate } from '../gate/run.ts';
import { matrixOf } from '../scale/plan.ts';
import { mergeShards, type NamedFile, planGate, runShard } from '../scale/run.ts';
import type { CheckDeps } from './check.ts';
import type { ExitCode, Terminal } from './command.ts';

export interface PlanOptions {
  readonly config: string;
  /** Where the plan is written. */
  readonly output: string;
  readonly shards?: number;
  /** Report of an earlier run. */
  readonly previous?: string;
}

/** `plugin-gate plan`: writes the plan, prints the matrix of a workflow in one line. */
export function planCommand(
  options: PlanOptions,
  deps: Pick<CheckDeps, 'directory' | 'version' | 'source'>,
  terminal: Terminal,
): ExitCode {
  const named = (file: string): NamedFile => ({ path: resolve(deps.directory, file), shown: file });
  const { config: configFile, output, shards, previous } = options;
  const plan = planGate({ ...deps, configFile }, named(output), {
    ...(shards === undefined ? {} : { shards }),
    ...(previous === undefined ? {} : { earlier: named(previous) }),
  });
  terminal.out(`${matrixOf(plan)}\n`);
  return 0;
}

/** The part of a plan that a run is for. */
export type ShardChoice =
  | { readonly plan: string; readonly shard: string }
  | { readonly plan: string; readonly merge: string };

/** The gate, one shard of it, or what its shards come to. */
export async function gateOrShard(request: GateRequest, choice: ShardChoice | undefined): Promise<GateRun> {
  if (choice === undefined) return await runGate(request);
  const named = (file: string): NamedFile => ({ path: resolve(request.directory, file), shown: file });
  if ('shard' in choice) return await runShard(request, named(choice.plan), choice.shard);
  return await mergeShards(request, named(choice.plan), named(choice.merge));
}
