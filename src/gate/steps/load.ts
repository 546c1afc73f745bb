import { dirname, join } from 'node:path';
import { loadAgainst } from '../../loader/against.ts';
import { loadPlugin } from '../../loader/load.ts';
import type { LoadRequest } from '../../loader/model.ts';
import { type GateStep, skip } from '../known.ts';
import { locate } from '../sources.ts';

/** Loads the plugin for real, in a process of its own, from the bytes that were read and verified. */
export const loadStep: GateStep = async (job, known, context) => {
  const { artifact, image } = known;
  if (artifact === undefined || image === undefined) return skip('there is no plugin file to load');
  // A step verify that did not finish clears nothing.
  if (known.signature === 'refused') return skip('the signature was refused, so the plugin was not run');
  if (known.signature === undefined) return skip('the signature could not be checked, so the plugin was not run');
  const { probe, symbols } = job.plugin;
  const probes = [...(probe === undefined ? [] : [probe]), ...job.plugin.probes];
  const limit = job.sandbox.timeout;
  const request: LoadRequest = {
    file: artifact.file,
    bytes: artifact.bytes,
    image,
    symbols: symbols.required,
    probes: probes.map(({ symbol, signature, expect, timeout }) => ({ symbol, signature, expect, timeout })),
    timeouts: {
      open: limit,
      symbol: limit,
      close: limit,
      exit: limit,
      // The process is ended after the longest of them; a call that was slower than its own limit is told of.
      ...(probes.length === 0 ? {} : { probe: Math.max(...probes.map((one) => one.timeout)) }),
    },
    sandbox: job.sandbox,
    directory: join(context.root, dirname(artifact.file)),
    path: context.environment.PATH,
    toolEnvironment: context.environment,
  };
  const before = known.previous;
  const outcome =
    before?.image === undefined || before.snapshotOf !== undefined
      ? await loadPlugin(request, context.progress)
      : await loadAgainst(
          request,
          { file: before.artifact.file, bytes: before.artifact.bytes, image: before.image },
          context.progress,
        );
  const opened = outcome.evidence.phases.find(({ phase }) => phase === 'open')?.durationMs;
  const parts = [outcome.summary];
  if (before?.snapshotOf !== undefined)
    parts.push('the previous release is a snapshot, so it was not run and no swap rehearsed');
  const events = outcome.evidence.trail.length;
  if (events > 0) parts.push(`${events} events in audit.jsonl`);
  return {
    outcome: {
      ...outcome,
      // Debug information names sources as the compiler was given them.
      findings: outcome.findings.map((finding) =>
        finding.location === undefined
          ? finding
          : { ...finding, location: { ...finding.location, file: locate(finding.location.file, context) } },
      ),
      summary: parts.join('; '),
    },
    known: { facts: opened === undefined ? {} : { loadMs: opened } },
  };
};
