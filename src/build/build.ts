import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type Artifact, isInside, readArtifact } from '../artifact/read.ts';
import { UsageError } from '../errors.ts';
import type { Progress } from '../gate/step.ts';
import { sourceState } from '../process/git.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { tellingVariables } from './environment.ts';
import { type Execution, execute } from './execute.ts';
import { artifactFinding, judgeExecution } from './outcome.ts';
import { artifactDirectory, type BuildPlan, planBuild } from './plan.ts';
import { headerOf, type Reproduction, reproduce } from './reproduce.ts';
import type { BuildEvidence, BuildOutcome, BuildRequest } from './request.ts';
import { requirePrograms, toolchainVersions } from './toolchain.ts';
import { type FileMark, isMadeAgain, isUntouched, markFile } from './untouched.ts';

/**
 * Builds one plugin for one target and takes the artifact: the bytes that every later step works on.
 * @returns findings for a build that fails, hangs, or does not make the artifact
 * @throws UsageError for a configuration that cannot be built; EnvironmentError when a compiler or build tool is missing
 */
export async function buildPlugin(request: BuildRequest, progress: Progress): Promise<BuildOutcome> {
  const plan = planBuild(request);
  requirePrograms(plan);
  progress.start(`building ${request.plugin} for ${request.target}`);
  try {
    return await runPlan(request, plan, progress);
  } finally {
    progress.end();
  }
}

async function runPlan(request: BuildRequest, plan: BuildPlan, progress: Progress): Promise<BuildOutcome> {
  const { root } = request;
  if (plan.builder !== 'command') makeArtifactDirectory(root, plan);
  const [toolchain, source] = await Promise.all([toolchainVersions(plan), sourceState(root, plan.environment)]);
  const again = (): Promise<Execution> =>
    execute({ ...plan, root, timeoutMs: request.build.timeout, output: progress.output });

  const before = markFile(root, plan.artifact);
  const startedMs = Date.now();
  const execution = await again();
  const judged = judgeExecution(execution, request, plan.directory);
  const facts = {
    builder: plan.builder,
    target: request.target,
    cross: plan.cross,
    commands: execution.records,
    toolchain,
    environment: tellingVariables(plan.environment),
    ...(source === undefined ? {} : { source }),
    warnings: judged.warnings,
  };
  if (execution.failure !== undefined) {
    return { findings: judged.findings, evidence: facts, summary: failureSummary(execution.failure) };
  }

  const written = await whoWrote(before, markFile(root, plan.artifact), async () => {
    progress.output(`\nThe build left ${plan.artifact} as it was; building once more without it.\n`);
    return (await again()).failure === undefined;
  });
  if (written === 'nobody') {
    const message = `The build did not write ${plan.artifact}, and does not make it again when it is taken away: the file comes from elsewhere.`;
    return {
      findings: [finding('build/artifact-stale', message, { subject: plan.artifact }), ...judged.findings],
      evidence: facts,
      summary: `the build does not write ${plan.artifact}`,
    };
  }

  const { artifact, problem } = readArtifact(root, plan.artifact, request.limits);
  if (artifact === undefined) {
    return {
      findings: [artifactFinding(problem, plan.artifact, true), ...judged.findings],
      evidence: { ...facts, written },
      summary: problem.message,
    };
  }
  const reproduction = request.build.reproducible
    ? await rebuild(request, plan, artifact, startedMs, progress)
    : undefined;
  const findings = [...reproductionFindings(reproduction, plan.artifact), ...judged.findings];
  const evidence = {
    ...facts,
    written,
    ...artifactFacts(artifact, request, plan),
    ...(reproduction && { reproduction }),
  };
  return { findings, evidence, artifact, summary: successSummary(evidence) };
}

/** go build does not make the directory of its output. It must lie inside the repository whatever links are on the way. */
function makeArtifactDirectory(root: string, plan: BuildPlan): void {
  const directory = artifactDirectory(root, plan);
  let existing = directory;
  while (!existsSync(existing)) existing = dirname(existing);
  if (!isInside(realpathSync(root), realpathSync(existing))) {
    throw new UsageError(`The artifact ${plan.artifact} would be written outside of the repository, to ${existing}.`);
  }
  mkdirSync(directory, { recursive: true });
}

async function whoWrote(
  before: FileMark | undefined,
  after: FileMark | undefined,
  again: () => Promise<boolean>,
): Promise<'by-build' | 'up-to-date' | 'nobody'> {
  if (after === undefined || !isUntouched(before, after)) return 'by-build';
  return (await isMadeAgain(after, again)) ? 'up-to-date' : 'nobody';
}

async function rebuild(
  request: BuildRequest,
  plan: BuildPlan,
  first: Artifact,
  firstStartedMs: number,
  progress: Progress,
): Promise<Reproduction> {
  progress.output('\nBuilding once more, from clean, to compare the bytes.\n');
  return reproduce({
    plan,
    root: request.root,
    first,
    firstStartedMs,
    timeoutMs: request.build.timeout,
    ...(request.limits === undefined ? {} : { limits: request.limits }),
    output: progress.output,
  });
}

function reproductionFindings(reproduction: Reproduction | undefined, artifact: string): readonly Finding[] {
  switch (reproduction?.status) {
    case undefined:
    case 'same':
      return [];
    case 'different': {
      const { section, offset, sections, cause, sizes, texts } = reproduction.difference;
      const where = section === undefined ? `at byte ${offset}` : `first in section ${section}, at byte ${offset}`;
      const message = `Two builds of ${artifact} differ, ${where}${cause === undefined ? '' : `: ${cause}`}.`;
      const details = [
        ...(texts === undefined ? [] : [`first build:  ${texts[0]}`, `second build: ${texts[1]}`]),
        ...(sections.length > 1 ? [`sections that differ: ${sections.join(', ')}`] : []),
      ].join('\n');
      return [
        finding('build/not-reproducible', message, {
          subject: artifact,
          ...(sizes[0] === sizes[1] ? {} : { old: `${sizes[0]} bytes`, new: `${sizes[1]} bytes` }),
          ...(details === '' ? {} : { details }),
        }),
      ];
    }
    case 'unproven':
      return [
        finding(
          'build/reproducibility-unknown',
          `The second build of ${artifact} gave the same bytes, but it may have used ${reproduction.leftover || '.'} of the first.`,
          { subject: artifact },
        ),
      ];
    case 'failed':
      return [
        finding('build/reproducibility-unknown', `${artifact} could not be built twice: ${reproduction.reason}.`, {
          subject: artifact,
          fix: 'Make the build command work more than once in the same directory.',
        }),
      ];
  }
}

function artifactFacts(
  { file, digest, size }: Artifact,
  { root }: BuildRequest,
  plan: BuildPlan,
): Pick<BuildEvidence, 'artifact' | 'header'> {
  const header = plan.builder === 'c-shared' ? headerOf(join(root, file)) : undefined;
  return {
    artifact: { file, digest, size },
    ...(header !== undefined && existsSync(header) ? { header: relative(root, header) } : {}),
  };
}

function failureSummary({ argv, result }: NonNullable<Execution['failure']>): string {
  const program = argv[0] ?? '';
  if (result.timedOut) return `${program} was stopped after ${(result.durationMs / 1000).toFixed(1)} s`;
  return `${program} failed with ${result.signal ?? `exit status ${result.exitCode}`}`;
}

function successSummary(evidence: BuildEvidence): string {
  const seconds = evidence.commands.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000;
  const what =
    evidence.written === 'up-to-date' ? 'was up to date and can be made again' : `built in ${seconds.toFixed(1)} s`;
  const twice = evidence.reproduction?.status === 'same' ? ', twice with the same bytes' : '';
  const warnings =
    evidence.warnings === 0 ? '' : `, ${evidence.warnings} compiler warning${evidence.warnings === 1 ? '' : 's'}`;
  return `${what}${twice}${warnings}`;
}
