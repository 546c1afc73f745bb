import { statusOf } from '../rules/judge.ts';
import type { RanJob, RanStep } from './job.ts';
import type { JudgedFinding, PluginResult, StepResult } from './report.ts';

/** A job as the report shows it. @param findings all of the run, after policy and waivers */
export function pluginResult({ job, known, steps }: RanJob, findings: readonly JudgedFinding[]): PluginResult {
  const own = findings.filter(({ plugin, target }) => plugin === job.plugin.name && target === job.target);
  const { artifact, previous, compatibility, versionAdvice } = known;
  return {
    plugin: job.plugin.name,
    kind: job.plugin.kind,
    target: job.target,
    ...(artifact === undefined
      ? {}
      : { artifact: { file: artifact.file, digest: artifact.digest, size: artifact.size } }),
    ...(previous === undefined
      ? {}
      : {
          baseline: {
            file: previous.artifact.file,
            digest: previous.artifact.digest,
            size: previous.artifact.size,
            source: previous.source,
            ...(previous.version === undefined ? {} : { version: previous.version }),
          },
        }),
    status: statusOf(own),
    ...(compatibility === undefined ? {} : { compatibility }),
    ...(versionAdvice === undefined ? {} : { versionAdvice }),
    steps: steps.map((step) => stepResult(step, own)),
    facts: known.facts,
  };
}

function stepResult(ran: RanStep, findings: readonly JudgedFinding[]): StepResult {
  const status = statusOf(findings.filter(({ step }) => step === ran.step));
  return {
    step: ran.step,
    status: ran.skipped && status === 'pass' ? 'skipped' : status,
    durationMs: ran.durationMs,
    summary: ran.summary,
    ...(ran.evidence === undefined ? {} : { evidence: ran.evidence }),
    ...(ran.reuse === undefined ? {} : { reuse: ran.reuse }),
  };
}
