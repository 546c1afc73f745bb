import { join } from 'node:path';
import { readArtifact } from '../../artifact/read.ts';
import { readElf } from '../../elf/read.ts';
import type { Finding, Step } from '../../rules/finding.ts';
import { hostFiles } from '../host-files.ts';
import type { GateContext, GateStep, Known, StepRun } from '../known.ts';
import type { Job } from '../plan.ts';
import { preparedBaseline } from '../prepare.ts';
import type { StepReuse } from '../report.ts';
import { verifyPrevious } from '../signature/previous.ts';
import { readPrevious } from '../steps/previous-release.ts';
import { buildAgain } from './build.ts';
import { type Choice, choiceOf } from './choice.ts';
import { noteDebugFiles, noteDebugFilesOf } from './debug-files.ts';
import { compareLabels, fitLabels, type Labels, loadLabels, readLabels } from './labels.ts';
import { loadIsClosed } from './load-inputs.ts';
import type { KeptRecord, KeptResult, KeptStep, KeptStepName } from './record.ts';
import type { Session } from './session.ts';
import { type Seen, witness } from './witness.ts';

type Gate = readonly (readonly [Step, GateStep])[];
type Later = 'read' | 'compare' | 'fit' | 'load';

interface Plan {
  readonly labels: Readonly<Record<Later, Labels>>;
  readonly choice: Readonly<Record<Later, Choice>>;
}

/**
 * The steps of one job, with results of earlier runs in the place of those whose inputs are the same. What a build makes and
 * a file holds is always hashed anew; signatures are always verified anew; policy and waivers always judge anew.
 * @returns the steps, and what leaves their results for later runs when all of them ran
 */
export async function reusing(
  gate: Gate,
  job: Job,
  session: Session,
): Promise<{ readonly steps: Gate; readonly keep: () => void }> {
  const before = await session.store.read(job.plugin.name, job.target);
  const kept: Partial<Record<KeptStepName, KeptStep>> = {};
  const shared = witness(session.digests);
  let plan: Plan | undefined;

  const steps = gate.map(([step, run]): readonly [Step, GateStep] => [
    step,
    async (_job, known, context) => {
      switch (step) {
        case 'build':
          return await buildAgain(run, job, known, context, session, before?.steps.build, (made) => {
            kept.build = made;
          });
        case 'read': {
          const artifact = known.artifact ?? artifactOf(job, context);
          if (artifact === undefined) return await run(job, known, context);
          const subject = { job, known: { ...known, artifact }, context, digests: session.digests, tool: session.tool };
          plan = planOf(subject, before, session);
          if (restIsReused(job, plan)) return takeRead(plan, kept, artifact);
          return await runAndKeep(step, run, job, known, context, witness(session.digests));
        }
        case 'compare':
          return await compare(run, known, context);
        case 'fit':
        case 'load':
          // Without a host there is nothing to fit, and nothing to keep.
          if (step === 'fit' && job.plugin.hosts.length === 0) return await run(job, known, context);
          if (plan !== undefined && (step !== 'load' || known.signature === 'cleared')) {
            const choice = plan.choice[step];
            if ('result' in choice) return take(step, choice.result);
          }
          return await runAndKeep(
            step,
            run,
            job,
            seenAnew(known),
            context,
            step === 'fit' ? shared : witness(session.digests),
          );
        case 'verify':
          return await run(job, known, context);
      }
    },
  ]);

  async function compare(run: GateStep, known: Known, context: GateContext): Promise<StepRun> {
    const choice = plan?.choice.compare;
    if (plan === undefined || choice === undefined || !('result' in choice)) {
      return await runAndKeep('compare', run, job, known, context, shared);
    }
    const { baseline } = preparedBaseline(job, context.root, known.prepared);
    const taken = take('compare', choice.result);
    if (baseline === undefined) return taken;
    const signed = await verifyPrevious(job, known, context, baseline);
    if (signed.findings.length > 0) return await run(job, seenAnew(known), context);
    const { version = baseline.version, snapshotOf } = choice.result.added.previous ?? {};
    const previous = 'result' in plan.choice.load ? undefined : await readPrevious(baseline);
    return {
      ...taken,
      known: {
        ...taken.known,
        previous: {
          ...(previous?.known ?? { artifact: baseline.artifact, source: baseline.source }),
          ...(version === undefined ? {} : { version }),
          ...(snapshotOf === undefined ? {} : { snapshotOf }),
          ...signed.known,
        },
      },
    };
  }

  function take(step: Later, result: KeptResult): StepRun {
    const labels = plan?.labels[step];
    if (labels !== undefined) kept[step] = { labels, result };
    return reusedRun(result);
  }

  function takeRead(made: Plan, into: typeof kept, artifact: NonNullable<Known['artifact']>): StepRun {
    const choice = made.choice.read;
    if (!('result' in choice)) throw new Error('There is no result to take.');
    into.read = { labels: made.labels.read, result: choice.result };
    const taken = reusedRun(choice.result);
    return { ...taken, known: { ...taken.known, artifact, readBefore: true } };
  }

  async function runAndKeep(
    step: Later,
    run: GateStep,
    own: Job,
    known: Known,
    context: GateContext,
    seen: Seen,
  ): Promise<StepRun> {
    const ran = await run(own, known, { ...context, witness: seen.witness });
    if (plan === undefined) return ran;
    const all = { ...known, ...ran.known };
    const why = whyNotKept(step, own, ran, all, context, seen);
    const result = why === undefined ? resultOf(ran, seen, session) : { open: why };
    const labels = plan.labels[step];
    kept[step] = { labels, ...('open' in result ? result : { result }) };
    const choice = plan.choice[step];
    // What has nothing to do, and says why, needs no second reason.
    if ('result' in choice || ('skipped' in ran.outcome && ran.outcome.findings === undefined)) return ran;
    return { ...ran, reuse: { reused: false, why: choice.why } };
  }

  return {
    steps,
    keep: () => {
      if (Object.keys(kept).length > 0) {
        session.store.keep({ plugin: job.plugin.name, target: job.target, steps: kept });
      }
    },
  };
}

function artifactOf(job: Job, { root }: GateContext) {
  return job.plugin.build === undefined ? readArtifact(root, job.artifact).artifact : undefined;
}

/** The image of a plugin that was read in an earlier run, for a step that needs it all the same. */
function seenAnew(known: Known): Known {
  if (known.image !== undefined || known.artifact === undefined) return known;
  const { image } = readElf(known.artifact.bytes);
  return image === undefined ? known : { ...known, image };
}

function planOf(subject: Parameters<typeof readLabels>[0], before: KeptRecord | undefined, session: Session): Plan {
  const labels = {
    read: readLabels(subject),
    compare: compareLabels(subject),
    fit: fitLabels(subject),
    load: loadLabels(subject),
  };
  const choice = (step: Later): Choice => choiceOf(before?.steps[step], labels[step], session);
  return {
    labels,
    choice: { read: choice('read'), compare: choice('compare'), fit: choice('fit'), load: choice('load') },
  };
}

/** Only then the file need not be looked into: every step that does has a result, or nothing to do. */
function restIsReused({ plugin }: Job, { choice }: Plan): boolean {
  const done = (step: Later): boolean => 'result' in choice[step];
  return done('read') && done('compare') && done('load') && (plugin.hosts.length === 0 || done('fit'));
}

function whyNotKept(
  step: Later,
  job: Job,
  ran: StepRun,
  known: Known,
  { root }: GateContext,
  seen: Seen,
): string | undefined {
  const findings: readonly Finding[] = ran.outcome.findings ?? [];
  if (findings.some(({ severity }) => severity === 'undecided')) return 'it was undecided before';
  switch (step) {
    case 'read':
      return known.image === undefined ? 'the file could not be read before' : undefined;
    case 'compare':
    case 'fit': {
      const { hosts } = job.plugin;
      if (step === 'fit' && hosts.some(({ package: main }) => main !== undefined)) return 'a host is built anew';
      if (step === 'fit' && hosts.some(({ sysroot, libraries }) => sysroot !== undefined || libraries.length > 0)) {
        return 'libraries are looked for in directories';
      }
      if (known.image !== undefined) noteDebugFiles(known.image, join(root, job.artifact), seen.witness);
      const { previous } = known;
      if (previous?.image !== undefined && previous.snapshotOf === undefined) {
        noteDebugFiles(previous.image, join(root, previous.artifact.file), seen.witness);
      }
      if (job.plugin.kind !== 'go-plugin') {
        for (const file of hostFiles(job, root).values()) noteDebugFilesOf(file, seen.witness);
      }
      return undefined;
    }
    case 'load': {
      if (findings.some(({ severity }) => severity === 'error')) return 'it failed before';
      if (known.image !== undefined) noteDebugFiles(known.image, join(root, job.artifact), seen.witness);
      return 'skipped' in ran.outcome ? undefined : loadIsClosed(job, known, ran.outcome.evidence, seen.witness);
    }
  }
}

function resultOf(
  { outcome, known = {} }: StepRun,
  seen: Seen,
  { own }: Session,
): KeptResult | { readonly open: string } {
  const noted = seen.result();
  if ('open' in noted) return noted;
  const skipped = 'skipped' in outcome;
  const { compatibility, versionAdvice, previous, facts } = known;
  return {
    findings: [...(outcome.findings ?? [])],
    summary: skipped ? outcome.skipped : outcome.summary,
    skipped,
    ...(skipped || outcome.evidence === undefined ? {} : { evidence: outcome.evidence }),
    added: {
      ...(compatibility === undefined ? {} : { compatibility }),
      ...(versionAdvice === undefined ? {} : { versionAdvice }),
      ...(previous === undefined
        ? {}
        : {
            previous: {
              ...(previous.version === undefined ? {} : { version: previous.version }),
              ...(previous.snapshotOf === undefined ? {} : { snapshotOf: previous.snapshotOf }),
            },
          }),
      ...(facts === undefined ? {} : { facts }),
    },
    seen: noted.seen,
    from: own,
  };
}

function reusedRun({ findings, summary, skipped, evidence, added, from }: KeptResult): StepRun {
  const { previous: _, ...known } = added;
  const reuse: StepReuse = { reused: true, why: 'same inputs', from };
  return {
    outcome: skipped ? { skipped: summary, findings } : { findings, evidence, summary },
    known,
    reuse,
  };
}
