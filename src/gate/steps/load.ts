import { dirname, join } from 'node:path';
import { loadAgainst } from '../../loader/against.ts';
import { loadPlugin } from '../../loader/load.ts';
import type { LoadRequest } from '../../loader/model.ts';
import { type GateStep, skip } from '../known.ts';

/** Loads the plugin for real, in a process of its own, from the bytes that were read and verified. */
export const loadStep: GateStep = async (job, known, context) => {
  const { artifact, image } = known;
  if (artifact === undefined || image === undefined) return skip('there is no plugin file to load');
  // A step verify that did not finish clears nothing.
  if (known.signature === 'refused') return skip('the signature was refused, so the plugin was not run');
  if (known.signature === undefined) return skip('the signature could not be checked, so the plugin was not run');
  const { probe, symbols } = job.plugin;
  const timeout = job.sandbox.timeout;
  const request: LoadRequest = {
    file: artifact.file,
    bytes: artifact.bytes,
    image,
    symbols: symbols.required,
    probes: probe === undefined ? [] : [{ symbol: probe.symbol, signature: probe.signature, expect: probe.expect }],
    timeouts: {
      open: timeout,
      symbol: timeout,
      close: timeout,
      exit: timeout,
      ...(probe === undefined ? {} : { probe: probe.timeout }),
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
  const summary =
    before?.snapshotOf === undefined
      ? outcome.summary
      : `${outcome.summary}; the previous release is a snapshot, so it was not run and no swap rehearsed`;
  return { outcome: { ...outcome, summary }, known: { facts: opened === undefined ? {} : { loadMs: opened } } };
};
