import { dirname } from 'node:path';
import type { ElfImage } from '../elf/model.ts';
import { readElf } from '../elf/read.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { collect } from './collect.ts';
import { missingParts } from './denied.ts';
import { asUtf8, type LoaderEvent, toldEvent } from './event.ts';
import { toEvidence } from './evidence.ts';
import { hostFindings } from './findings.ts';
import type { LoadEvidence, LoadRequest } from './model.ts';
import { readablePlaces } from './places.ts';
import type { Emulator } from './platform.ts';
import type { Prebuilt } from './prebuilt.ts';
import { makeStage, type Stage } from './stage.ts';
import { runStaged, STANDARD_PATH } from './staged.ts';

/** A Go host that opens plugins under the native loader. */
export interface HostedRequest {
  /** What is loaded and how; probes are called in their order, symbols are listed by the host. */
  readonly request: LoadRequest;
  readonly image: ElfImage;
  readonly loader: Prebuilt;
  readonly host: Uint8Array;
  /** Whether it needs more address space than there is: race detector and sanitizers. */
  readonly unlimited: boolean;
  readonly auditLibrary?: Uint8Array;
  readonly emulator?: Emulator;
  /** Its words, when both releases have a place: of a swap, a second release is staged. */
  readonly words: (plugin: string, second: string | undefined) => readonly string[];
  /** The release that is swapped to; then the host rehearses. */
  readonly successor?: LoadRequest;
}

export interface HostedRun {
  readonly evidence: LoadEvidence;
  /** What the host told of itself and of the plugin. */
  readonly told: readonly LoaderEvent[];
  readonly findings: readonly Finding[];
  /** Nanoseconds of CLOCK_MONOTONIC from which times count. */
  readonly started?: bigint;
  /** Output as text, paths of private copies made readable. */
  readonly stdout: string;
  readonly stderr: string;
  readonly shorten: (text: string) => string;
}

/** An act of a rehearsal may take as long as opening; there are ten. */
const ACTS = 12;

/**
 * Runs a Go host in the sandbox of the native loader: the same layers, limits, record and trail as for a plugin that the loader
 * opens itself. Nothing of it is left when this returns.
 * @throws EnvironmentError as runLoader()
 */
export async function runHosted(hosted: HostedRequest): Promise<HostedRun> {
  const { request, image, loader, host, auditLibrary, emulator, successor } = hosted;
  const started = performance.now();
  const stage = makeStage(request, loader.bytes, emulator === undefined ? auditLibrary : undefined, host);
  let second: Stage | undefined;
  try {
    second = successor === undefined ? undefined : makeStage(successor, loader.bytes);
    const strict = request.sandbox?.profile === 'strict';
    const run = await runStaged({
      request: { ...request, symbols: [], ...(hosted.unlimited ? { addressSpace: 0 } : {}) },
      stage,
      image,
      emulator,
      host: {
        words: hosted.words(stage.plugin, second?.plugin),
        acts: successor !== undefined,
        environment: { ...hostEnvironment(stage.scratch, strict), ...request.environment },
        interpreter: readElf(host).image?.interpreter,
      },
      extra: {
        lines: [],
        readable:
          second === undefined ? [] : [dirname(dirname(second.plugin)), ...readablePlaces({ ...successor, image })],
        steps: successor === undefined ? 1 : ACTS,
      },
    });
    const collected = collect(run.events, request);
    const evidence = toEvidence({
      collected,
      run,
      image,
      bytes: request.bytes,
      file: request.file,
      digest: loader.digest,
      emulator,
      stage,
      durationMs: Math.round((performance.now() - started) * 1000) / 1000,
      host,
    });
    const shorten = shortener(request, stage, successor, second);
    return {
      evidence: { ...evidence, trail: evidence.trail.map((entry) => ({ ...entry, in: 'go-host' as const })) },
      told: run.events.flatMap((event) => toldEvent(event) ?? []),
      findings: [
        ...hostFindings(evidence, request, image),
        ...observed(collected),
        ...unconfined(evidence),
        ...kept(stage),
      ],
      started: collected.started,
      stdout: shorten(asUtf8(run.stdout)),
      stderr: shorten(asUtf8(run.stderr)),
      shorten,
    };
  } finally {
    stage.remove();
    second?.remove();
  }
}

/** The environment of a host: nothing is inherited. */
function hostEnvironment(scratch: string, strict: boolean): Readonly<Record<string, string>> {
  return {
    LC_ALL: 'C',
    PATH: STANDARD_PATH,
    HOME: scratch,
    TMPDIR: scratch,
    // All goroutines in the trace, not only the one that panicked.
    GOTRACEBACK: 'all',
    // Where the stack of its main thread lies is compared.
    GODEBUG: 'gcshrinkstackoff=1',
    // From Go 1.25 on, the runtime reads the limits of its control group again and again unless there is this.
    ...(strict ? { GOMAXPROCS: '2' } : {}),
  };
}

function shortener(
  { file }: LoadRequest,
  stage: Stage,
  successor: LoadRequest | undefined,
  second: Stage | undefined,
): (text: string) => string {
  return (text) => {
    const own = text.replaceAll(stage.plugin, file).replaceAll(stage.scratch, '<scratch>');
    return second === undefined || successor === undefined ? own : own.replaceAll(second.plugin, successor.file);
  };
}

function observed({ hidden, moved }: { readonly hidden: boolean; readonly moved: boolean }): readonly Finding[] {
  if (hidden) {
    const message = 'The process of the Go host could no longer be observed from outside.';
    return [finding('load/not-observed', message, { subject: 'process' })];
  }
  if (!moved) return [];
  const message =
    'The stack of the Go host became larger than it is prepared for, so it cannot be told whether the host itself went on.';
  return [finding('load/not-observed', message, { subject: 'stack' })];
}

/** What was not confined here is told of the Go host too: it runs all of the plugin's code. */
function unconfined(evidence: LoadEvidence): readonly Finding[] {
  const missing = missingParts(evidence);
  if (missing.length === 0) return [];
  const message = `The Go host that opened the plugin was not confined: this system lacks ${missing.join(' and ')}.`;
  return [finding('go/host-unconfined', message, { subject: 'go' })];
}

function kept(stage: Stage): readonly Finding[] {
  if (stage.unchanged()) return [];
  const message = 'The file of the plugin was changed or removed while a Go host had it open.';
  return [finding('load/file-changed', message, { subject: 'file' })];
}
