import { basename, join } from 'node:path';
import type { ElfImage } from '../elf/model.ts';
import { readElf } from '../elf/read.ts';
import type { Progress, StepOutcome } from '../gate/step.ts';
import { installationRoot } from '../installation.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { formatBytes } from '../text/units.ts';
import { behaviourFindings, compareBehaviour, isSlower, measure } from './behaviour.ts';
import { isGoPlugin, rehearseInGoHost } from './golang.ts';
import { loadPlugin } from './load.ts';
import type { Comparison, LoadEvidence, LoadRequest, NotRehearsed, Swap } from './model.ts';
import { choosePlatform } from './platform.ts';
import { type PrebuiltName, readPrebuilt } from './prebuilt.ts';
import { STANDARD_PATH } from './staged.ts';
import { rehearseSwap } from './swap.ts';
import { swapFindings } from './swap-findings.ts';

/** The release that this one replaces. */
export type PreviousRelease = Pick<LoadRequest, 'file' | 'bytes' | 'image' | 'directory'>;

/**
 * Loads a plugin and the release before it under the same conditions, tells what only the new one does, and, when there is a
 * probe, rehearses the hot swap from one to the other and back. What is new comes first among the findings.
 * @throws as loadPlugin()
 */
export async function loadAgainst(
  request: LoadRequest,
  previous: PreviousRelease,
  progress: Progress,
): Promise<StepOutcome<LoadEvidence>> {
  const loaded = await loadPlugin(request, progress);
  const image = request.image ?? readElf(request.bytes).image;
  const oldImage = previous.image ?? readElf(previous.bytes).image;
  if (loaded.evidence.result === 'not-run' || image === undefined) return loaded;
  if (oldImage === undefined) return withoutPrevious(loaded, `${previous.file} is not an ELF file`);

  // What the previous release is wanted for is only what it does: nobody demands anything of it.
  const old: LoadRequest = {
    ...request,
    ...previous,
    image: oldImage,
    symbols: [],
    cycles: undefined,
    // Only in a Go host does a Go plugin do anything.
    toolEnvironment: isGoPlugin(oldImage) ? request.toolEnvironment : undefined,
  };
  const { evidence: before, findings: troubles } = await loadPlugin(old, progress);
  const first = compareBehaviour({ evidence: before, image: oldImage }, { evidence: loaded.evidence, image });
  if (before.result !== 'loaded') return withoutPrevious(loaded, whyNotLoaded(troubles), first);
  const comparison = isSlower(first) ? await measuredAgain(first, request, image, progress) : first;
  const answering = { old: before.probes[0]?.object, new: loaded.evidence.probes[0]?.object };
  const swap =
    loaded.evidence.result !== 'loaded'
      ? undefined
      : isGoPlugin(image) && isGoPlugin(oldImage)
        ? await rehearseGo(request, image, old, oldImage, loaded, progress)
        : isGoPlugin(image) || isGoPlugin(oldImage)
          ? undefined
          : await rehearse(request, old, answering, progress);
  if (swap !== undefined && 'reason' in swap) {
    const message = `The hot swap was not rehearsed: ${swap.reason}.`;
    return {
      ...loaded,
      findings: [
        ...behaviourFindings(comparison),
        ...loaded.findings,
        finding('swap/not-rehearsed', message, { subject: 'go', ...(swap.certain ? { severity: 'note' } : {}) }),
      ],
      evidence: { ...loaded.evidence, comparison },
    };
  }
  return {
    findings: [...behaviourFindings(comparison), ...loaded.findings, ...(swap === undefined ? [] : swapFindings(swap))],
    evidence: { ...loaded.evidence, comparison, ...(swap === undefined ? {} : { swap }) },
    summary: swap === undefined ? loaded.summary : `${loaded.summary}, ${summaryOf(swap)}`,
  };
}

/** Neither what is new could be told nor a swap rehearsed: that is not the new release's fault, and not a pass. */
function withoutPrevious(
  loaded: StepOutcome<LoadEvidence>,
  why: string,
  comparison?: Comparison,
): StepOutcome<LoadEvidence> {
  const message = `The previous release could not be loaded here, so the behaviour of the new one was not compared with it and no hot swap was rehearsed: ${why}.`;
  return {
    ...loaded,
    findings: [...loaded.findings, finding('swap/not-rehearsed', message, { subject: 'previous release' })],
    evidence: comparison === undefined ? loaded.evidence : { ...loaded.evidence, comparison },
  };
}

function whyNotLoaded(troubles: readonly Finding[]): string {
  const worst = troubles.find(({ severity }) => severity === 'error') ?? troubles[0];
  return worst === undefined ? 'it ended early' : worst.message.replace(/\.$/, '');
}

/** The lesser time of two counts: what was slow once was somebody else's work on this machine. */
async function measuredAgain(
  comparison: Comparison,
  request: LoadRequest,
  image: ElfImage,
  progress: Progress,
): Promise<Comparison> {
  const again: LoadRequest = { ...request, cycles: undefined };
  const { evidence } = await loadPlugin(again, progress);
  if (evidence.result !== 'loaded') return comparison;
  const { openMs } = measure({ evidence, image });
  return { ...comparison, new: { ...comparison.new, openMs: Math.min(openMs, comparison.new.openMs) } };
}

function platformOf(request: LoadRequest, image: ElfImage) {
  const platform = choosePlatform(image, {
    architecture: process.arch,
    path: request.path ?? STANDARD_PATH,
    sysroot: request.sysroot,
  });
  return platform.kind === 'run' ? platform : undefined;
}

/** Only a plugin that a Go host opened, and whose probe it called, can be swapped to. */
async function rehearseGo(
  request: LoadRequest,
  image: ElfImage,
  old: LoadRequest,
  oldImage: ElfImage,
  { evidence }: StepOutcome<LoadEvidence>,
  progress: Progress,
): Promise<Swap | NotRehearsed | undefined> {
  const platform = platformOf(request, image);
  if (platform === undefined || evidence.go?.result !== 'opened' || evidence.go.probe?.signature === undefined)
    return undefined;
  progress.start(`rehearsing the swap to ${basename(request.file)}`);
  try {
    return await rehearseInGoHost(request, image, old, oldImage, platform, prebuiltOf(request, platform));
  } finally {
    progress.end();
  }
}

async function rehearse(
  request: LoadRequest,
  old: LoadRequest,
  answering: { readonly old?: string; readonly new?: string },
  progress: Progress,
): Promise<Swap | undefined> {
  const image = request.image ?? readElf(request.bytes).image;
  const [probe] = request.probes ?? [];
  if (probe === undefined || image === undefined) return undefined;
  const platform = platformOf(request, image);
  if (platform === undefined) return undefined;
  const prebuilt = prebuiltOf(request, platform);
  progress.start(`rehearsing the swap to ${basename(request.file)}`);
  try {
    return await rehearseSwap({
      old,
      new: request,
      image,
      probe,
      answering,
      loader: prebuilt.bytes,
      emulator: platform.emulator,
    });
  } finally {
    progress.end();
  }
}

function prebuiltOf(request: LoadRequest, { prebuilt }: { readonly prebuilt: PrebuiltName }) {
  return readPrebuilt(request.prebuilt ?? join(installationRoot(), 'native', 'prebuilt'), prebuilt);
}

function summaryOf({ acts, ended, failed, served, keptKiB }: Swap): string {
  if (!ended) return 'the swap ended the process';
  if (failed > 0 || acts.some(({ succeeded }) => !succeeded)) return 'the swap failed';
  const kept = keptKiB === undefined ? '' : `, ${formatBytes(keptKiB * 1024)} stay in a Go host`;
  return `swapped and rolled back under ${served.old + served.new} calls${kept}`;
}
