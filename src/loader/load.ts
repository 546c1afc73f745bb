import { basename, join } from 'node:path';
import { readElf } from '../elf/read.ts';
import { EnvironmentError } from '../errors.ts';
import type { Progress, StepOutcome } from '../gate/step.ts';
import type { GoProbeOutcome } from '../golang/probe/model.ts';
import { installationRoot } from '../installation.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { type Collected, collect } from './collect.ts';
import { cycleFindings, runCycles } from './cycles.ts';
import { toEvidence } from './evidence.ts';
import { explainCheck } from './explain.ts';
import { AUDIT_TRAIL, destroyedTrail, loadFindings } from './findings.ts';
import { isGoPlugin, openInGoHost } from './golang.ts';
import { readLinkerTrail } from './linker-trail.ts';
import type { CapturedOutput, LoadEvidence, LoadRequest } from './model.ts';
import { choosePlatform } from './platform.ts';
import { readAuditLibrary, readPrebuilt } from './prebuilt.ts';
import type { LoaderRun } from './run.ts';
import { makeStage, type Stage } from './stage.ts';
import { hasTunables, runStaged, STANDARD_PATH } from './staged.ts';
import { goSummaryOf, summaryOf } from './summary.ts';

/**
 * Loads a plugin for real, in a process of its own under the native loader: dlopen, required symbols, probes, dlclose.
 * Nothing of the plugin runs in this process, and nothing of it is left when this returns.
 * @throws EnvironmentError when the native loader is missing, was changed, or cannot run here; UsageError for names or
 * timeouts that cannot be passed on. A plugin that misbehaves is a finding, never an error.
 */
export async function loadPlugin(request: LoadRequest, progress: Progress): Promise<StepOutcome<LoadEvidence>> {
  const started = performance.now();
  const image = request.image ?? readElf(request.bytes).image;
  if (image === undefined) {
    return notRun(finding('load/failed', explainCheck('not-elf'), { subject: 'file' }), 'not an ELF file', started);
  }
  const machine = {
    architecture: process.arch,
    path: request.path ?? STANDARD_PATH,
    sysroot: request.sysroot,
  };
  const platform = choosePlatform(image, machine);
  if (platform.kind === 'unsupported') {
    return notRun(
      finding('load/unsupported', `There is no loader for ${platform.machine}; the plugin was not loaded.`, {
        subject: platform.machine,
      }),
      `no loader for ${platform.machine}`,
      started,
    );
  }
  if (platform.kind === 'missing') {
    return notRun(
      finding(
        'load/emulation-missing',
        `The plugin is for ${platform.machine}; to load it, this machine lacks ${platform.missing}.`,
        {
          subject: platform.machine,
        },
      ),
      `this machine lacks ${platform.missing}`,
      started,
    );
  }

  const goPlugin = isGoPlugin(image);
  // Its functions cannot be called without a Go runtime, and their names carry the package path.
  const job: LoadRequest = goPlugin ? { ...request, symbols: [], probes: [], unload: false } : request;
  const directory = request.prebuilt ?? join(installationRoot(), 'native', 'prebuilt');
  const prebuilt = readPrebuilt(directory, platform.prebuilt);
  const auditLibrary = readAuditLibrary(directory, platform.prebuilt)?.bytes;
  progress.start(`loading ${basename(request.file)}`);
  const attempt = async (audit: Uint8Array | undefined) => {
    const stage = makeStage(job, prebuilt.bytes, audit);
    try {
      const run = await runStaged({ request: job, stage, image, emulator: platform.emulator });
      return { stage, run, collected: collect(run.events, job) };
    } catch (error) {
      stage.remove();
      throw error;
    }
  };
  let tried: Awaited<ReturnType<typeof attempt>> | undefined;
  let unaudited = auditLibrary !== undefined && hasTunables(job) ? 'GLIBC_TUNABLES is given to the plugin' : undefined;
  const lost: Finding[] = [];
  try {
    tried = await attempt(auditLibrary);
    const due = unaudited === undefined ? dueToAudit(tried) : undefined;
    if (due !== undefined) {
      unaudited = due.reason;
      lost.push(...due.findings);
      tried.stage.remove();
      tried = undefined;
      tried = await attempt(undefined);
    }
    const { stage, run, collected } = tried;
    refuseBrokenEnvironment(collected, run);
    const evidence = toEvidence({
      collected,
      run,
      image,
      bytes: request.bytes,
      file: request.file,
      digest: prebuilt.digest,
      emulator: platform.emulator,
      stage,
      durationMs: since(started),
      unaudited,
    });
    const findings: Finding[] = [...lost, ...checkFindings(collected), ...loadFindings(evidence, job, image)];
    // A process that was dying when it was looked at hid nothing: how it died is told.
    if (collected.hidden && collected.crash === undefined && collected.interference?.unblocked !== true) {
      findings.push(
        finding('load/not-observed', 'The process could no longer be observed from outside.', { subject: 'process' }),
      );
    }
    // Under `strict` there is no unloading: that is tried in another process.
    const isStrict = request.sandbox?.profile === 'strict';
    const count = request.cycles ?? (isStrict ? 1 : 0);
    const cycles =
      count === 0 || goPlugin || evidence.result !== 'loaded'
        ? undefined
        : await runCycles({ request, image, loader: prebuilt.bytes, emulator: platform.emulator, count });
    if (cycles !== undefined && (request.cycles !== undefined || cycles.failed !== undefined)) {
      findings.push(...cycleFindings(cycles));
    }
    if (!stage.unchanged()) {
      findings.push(
        finding('load/file-changed', 'The file of the plugin was changed or removed while it was loaded.', {
          subject: 'file',
        }),
      );
    }
    if (goPlugin && evidence.result === 'loaded') {
      const probed = await openInGoHost(request, image, platform, prebuilt, auditLibrary);
      findings.push(...probed.findings);
      if (probed.evidence !== undefined) {
        const summary = goSummaryOf(evidence, probed.evidence);
        const trail = [...evidence.trail, ...later(probed, collected.started)];
        return { findings, evidence: { ...evidence, trail, go: probed.evidence }, summary };
      }
    }
    return {
      findings,
      evidence: cycles === undefined ? evidence : { ...evidence, cycles },
      summary: summaryOf(evidence, goPlugin),
    };
  } finally {
    progress.end();
    tried?.stage.remove();
  }
}

/** The trail of the Go host, with its times counted as those of the loader before it. */
function later({ trail = [], started }: Pick<GoProbeOutcome, 'trail' | 'started'>, begin: bigint | undefined) {
  const shift = started === undefined || begin === undefined || started < begin ? 0 : Number(started - begin) / 1e6;
  return trail.map((entry) => ({ ...entry, time: Math.round((entry.time + shift) * 1000) / 1000 }));
}

/**
 * Why to try again without the audit library: it could be what fails, and not the plugin. How much room there is for
 * thread-local variables differs a little with one (staged.ts), and it reads tables of the file that the dynamic linker itself
 * passes over. A crash in it is always told: the plugin shares its memory, and what it does in the second attempt, where there
 * is no trail to destroy, need not be what it did in the first.
 */
function dueToAudit({
  stage,
  collected,
}: {
  readonly stage: Stage;
  readonly collected: Collected;
}): { readonly reason: string; readonly findings: readonly Finding[] } | undefined {
  if (stage.audit === undefined) return undefined;
  if (/static TLS/.test(collected.open?.error ?? '')) {
    return { reason: 'with it there is less room for thread-local variables than the plugin needs', findings: [] };
  }
  if (collected.crash?.object !== stage.audit.library) return undefined;
  const trail = readLinkerTrail(stage.audit.trail);
  const ran = trail?.records.some(({ kind }) => kind === 'begin') === true;
  const found = ran
    ? destroyedTrail('the audit library crashed when it wrote there')
    : finding(
        'load/not-observed',
        'The audit library crashed in the process of the plugin: what the dynamic linker did is not known.',
        {
          subject: AUDIT_TRAIL,
          fix: 'Look at the dynamic section, the symbol versions and the IFUNC resolvers of the file: one of them leads to memory that is not there, or takes away what is.',
        },
      );
  return { reason: 'the audit library crashed in the process of the plugin', findings: [found] };
}

/** A loader that cannot do its work is not the plugin's fault. */
function refuseBrokenEnvironment({ check, loader }: Collected, run: LoaderRun): void {
  if (check?.noexec) {
    throw new EnvironmentError(
      'The directory for temporary files is mounted noexec, so nothing in it can be loaded. Point TMPDIR to one that is not.',
    );
  }
  if (loader === undefined) {
    const how = run.signal ?? `exit code ${run.exitCode}`;
    throw new EnvironmentError(`The native loader did not start (${how}): ${run.stderr.trim().slice(0, 2000)}`);
  }
}

function checkFindings({ check }: Collected): readonly Finding[] {
  if (check === undefined || check.loadable) return [];
  return [finding('load/failed', explainCheck(check.problem ?? 'unknown'), { subject: 'file' })];
}

function notRun(reason: Finding, summary: string, started: number): StepOutcome<LoadEvidence> {
  const nothing: CapturedOutput = { text: '', phases: [], bytes: 0, cut: false };
  return {
    findings: [reason],
    evidence: {
      result: 'not-run',
      phases: [],
      objects: [],
      symbols: [],
      probes: [],
      states: [],
      calls: [],
      callCount: 0,
      trail: [],
      deniedCount: 0,
      leftovers: [],
      output: { stdout: nothing, stderr: nothing },
      durationMs: since(started),
    },
    summary: `not loaded: ${summary}`,
  };
}

/** Milliseconds since `started` (performance.now()), to the microsecond. */
function since(started: number): number {
  return Math.round((performance.now() - started) * 1000) / 1000;
}
