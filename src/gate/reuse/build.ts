import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isInside, readArtifact } from '../../artifact/read.ts';
import { type GoInputs, goInputs } from '../../build/go-inputs.ts';
import { planBuild } from '../../build/plan.ts';
import { headerOf } from '../../build/reproduce.ts';
import { requirePrograms } from '../../build/toolchain.ts';
import type { GateContext, GateStep, Known, StepRun } from '../known.ts';
import type { Job } from '../plan.ts';
import { buildAdvice, buildRequest } from '../steps/build.ts';
import { choiceOf } from './choice.ts';
import type { KeptResult, KeptStep } from './record.ts';
import type { Session } from './session.ts';

type BuiltFile = NonNullable<KeptResult['files']>[number];

/**
 * The step build, where a Go plugin that an earlier run built from the same inputs is put in its place again. What a
 * command builds from is known to its tool only (make, cargo), so that it always runs.
 * @param keep gets what is to be left for later runs
 */
export async function buildAgain(
  run: GateStep,
  job: Job,
  known: Known,
  context: GateContext,
  session: Session,
  before: KeptStep | undefined,
  keep: (step: KeptStep) => void,
): Promise<StepRun> {
  const { build } = job.plugin;
  if (build === undefined) return await run(job, known, context);
  const anew = async (why: string): Promise<StepRun> => ({
    ...(await run(job, known, context)),
    reuse: { reused: false, why },
  });
  if (build.go === undefined) return await anew('what a build command takes is known to its own tool only');
  const plan = planBuild(buildRequest(job, build, context));
  requirePrograms(plan);
  context.progress.start(`asking go what ${job.plugin.name} for ${job.target} is made of`);
  const ask = async (): Promise<GoInputs> => {
    try {
      return await goInputs(plan, context.repository, session.digests, session.answers);
    } catch {
      // A source that is no file, or that is gone: the build itself will say what is wrong with it.
      return { open: 'a source of it cannot be read' };
    }
  };
  const inputs = await ask();
  if ('open' in inputs) {
    keep({ labels: {}, open: inputs.open });
    return await anew(inputs.open);
  }
  const labels = {
    ...inputs.labels,
    'the build settings': JSON.stringify([build.reproducible]),
    'plugin-gate itself': session.tool,
  };
  const choice = choiceOf(before, labels, session);
  if ('result' in choice) {
    const { result } = choice;
    const artifact = await putBack(result.files ?? [], job, context, session);
    if (artifact !== undefined) {
      keep({ labels, result });
      const findings = [...result.findings, ...(await buildAdvice(job, context))];
      return {
        outcome: { findings, evidence: result.evidence, summary: result.summary },
        known: { artifact },
        reuse: { reused: true, why: 'same inputs', from: result.from },
      };
    }
  }
  const ran = await run(job, known, context);
  const after = await ask();
  const { artifact } = ran.known ?? {};
  const why = 'why' in choice ? choice.why : 'the file that was built is kept no more';
  if (artifact !== undefined && !('open' in after) && JSON.stringify(after.labels) === JSON.stringify(inputs.labels)) {
    const result = await resultOf(ran, job, context, session);
    keep({ labels, ...(result === undefined ? { open: 'it did not build cleanly before' } : { result }) });
  } else keep({ labels, open: 'its inputs changed while it was built, or it was not built' });
  return { ...ran, reuse: { reused: false, why } };
}

async function resultOf(
  ran: StepRun,
  job: Job,
  context: GateContext,
  session: Session,
): Promise<KeptResult | undefined> {
  const { outcome } = ran;
  if ('skipped' in outcome) return undefined;
  // The advice on Go sources is found out anew each time: it is on other programs as well.
  const findings = outcome.findings.filter(({ rule }) => rule.startsWith('build/'));
  if (findings.some(({ severity }) => severity === 'error' || severity === 'undecided')) return undefined;
  const files: BuiltFile[] = [];
  for (const path of [job.artifact, ...(job.plugin.kind === 'c-shared' ? [headerOf(job.artifact)] : [])]) {
    const { artifact } = readArtifact(context.root, path);
    if (artifact === undefined) continue;
    await session.store.files.write(artifact.digest, artifact.bytes);
    const mode = statSync(join(context.root, path)).mode & 0o777;
    files.push({ path, digest: artifact.digest, mode });
  }
  if (files[0]?.digest !== ran.known?.artifact?.digest) return undefined;
  const { evidence, summary } = outcome;
  return {
    findings,
    summary,
    skipped: false,
    evidence,
    added: {},
    seen: { files: [], there: [] },
    from: session.own,
    files,
  };
}

/** Writes what was built to where the build would write it. @returns the plugin, read from there; undefined when it cannot be had */
async function putBack(files: readonly BuiltFile[], job: Job, { root }: GateContext, session: Session) {
  const expected = [job.artifact, ...(job.plugin.kind === 'c-shared' ? [headerOf(job.artifact)] : [])];
  if (files[0]?.path !== job.artifact || files.some(({ path }) => !expected.includes(path))) return undefined;
  for (const { path, digest, mode } of files) {
    if (readArtifact(root, path).artifact?.digest === digest) continue;
    const bytes = await session.store.files.read(digest);
    if (bytes === undefined || !place(root, path, bytes, mode)) return undefined;
  }
  const { artifact } = readArtifact(root, job.artifact);
  return artifact?.digest === files[0].digest ? artifact : undefined;
}

/** A new file in the place of whatever was there; nothing outside of the repository, whatever links are on the way. */
function place(root: string, path: string, bytes: Uint8Array, mode: number): boolean {
  const directory = dirname(join(root, path));
  let existing = directory;
  while (!existsSync(existing)) existing = dirname(existing);
  if (!isInside(realpathSync(root), realpathSync(existing))) return false;
  const temporary = join(directory, `.plugin-gate-${randomUUID()}`);
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(temporary, bytes, { flag: 'wx', mode });
    chmodSync(temporary, mode);
    renameSync(temporary, join(root, path));
    return true;
  } catch {
    rmSync(temporary, { force: true });
    return false;
  }
}
