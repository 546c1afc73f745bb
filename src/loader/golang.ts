import { basename } from 'node:path';
import { crossCompiler } from '../build/cross.ts';
import type { ElfImage } from '../elf/model.ts';
import { notRun } from '../golang/probe/findings.ts';
import type { GoProbe, GoProbeEvidence, GoProbeOutcome } from '../golang/probe/model.ts';
import { probeGoPlugin } from '../golang/probe/probe.ts';
import { rehearseGoSwap } from '../golang/probe/swap.ts';
import { readGo } from '../golang/read.ts';
import { timeoutsOf } from './job.ts';
import type { LoadRequest, NotRehearsed, Probe, Swap } from './model.ts';
import type { Platform } from './platform.ts';
import type { Prebuilt } from './prebuilt.ts';

/**
 * Whether the file is a Go plugin (-buildmode=plugin). It shares the runtime with its host, so the runtime's list of modules
 * is among its dynamic symbols; c-shared libraries keep their own runtime to themselves.
 */
export function isGoPlugin(image: ElfImage): boolean {
  const isModuleList = ({ name }: { readonly name: string }) => name === 'runtime.lastmoduledatap';
  return image.symbols.some(isModuleList) || image.undefined.some(isModuleList);
}

/**
 * Opens a Go plugin in a Go host: the native loader, a C program, proves only that it can be mapped and linked.
 * @param platform how programs of its architecture run here
 */
export async function openInGoHost(
  request: LoadRequest,
  image: ElfImage,
  platform: RunnablePlatform,
  loader: Prebuilt,
  auditLibrary?: Uint8Array,
): Promise<Pick<GoProbeOutcome, 'findings' | 'trail' | 'started'> & { readonly evidence?: GoProbeEvidence }> {
  const go = readGo(request.bytes, image);
  const architecture = GO_ARCHITECTURES[image.header.machine];
  if (go === undefined || architecture === undefined) {
    return { findings: [notRun('what the Go toolchain left in it could not be read')] };
  }
  if (platform.prebuilt.endsWith('-musl')) return { findings: [notRun('Go hosts for musl are not made here')] };
  if (request.toolEnvironment === undefined) return { findings: [notRun('no Go toolchain was given')] };
  const timeouts = timeoutsOf(request);
  const [probe, ...moreProbes] = (request.probes ?? []).map(goProbe);
  return probeGoPlugin({
    file: request.file,
    bytes: request.bytes,
    image,
    go,
    loader,
    confinement: confinementOf(request),
    architecture,
    symbols: request.symbols ?? [],
    ...toolsOf(platform, architecture),
    ...(auditLibrary === undefined ? {} : { auditLibrary }),
    ...(request.directory === undefined ? {} : { directory: request.directory }),
    ...(probe === undefined ? {} : { probe, moreProbes }),
    openMs: timeouts.open,
    probeMs: timeouts.probe,
    environment: request.toolEnvironment,
  });
}

function confinementOf({ sandbox, namespaces, environment, libraryPath }: LoadRequest) {
  return {
    ...(sandbox === undefined ? {} : { sandbox }),
    ...(namespaces === undefined ? {} : { namespaces }),
    ...(environment === undefined ? {} : { environment }),
    ...(libraryPath === undefined ? {} : { libraryPath }),
  };
}

/**
 * Rehearses the swap of Go plugins in a Go host; see golang/probe/swap.ts.
 * @returns undefined without a probe or a Go toolchain
 */
export async function rehearseInGoHost(
  request: LoadRequest,
  image: ElfImage,
  old: Pick<LoadRequest, 'file' | 'bytes' | 'directory'>,
  oldImage: ElfImage,
  platform: RunnablePlatform,
  loader: Prebuilt,
): Promise<Swap | NotRehearsed | undefined> {
  const [go, oldGo] = [readGo(request.bytes, image), readGo(old.bytes, oldImage)];
  const architecture = GO_ARCHITECTURES[image.header.machine];
  const [probe] = request.probes ?? [];
  if (probe === undefined || request.toolEnvironment === undefined) return undefined;
  if (go === undefined || oldGo === undefined || architecture === undefined || platform.prebuilt.endsWith('-musl')) {
    return { reason: 'a Go host for both releases could not be made here', certain: false };
  }
  return rehearseGoSwap({
    old: { file: `previous ${basename(old.file)}`, bytes: old.bytes, go: oldGo, directory: old.directory },
    new: { file: request.file, bytes: request.bytes, go, directory: request.directory },
    probe: goProbe(probe),
    architecture,
    ...toolsOf(platform, architecture),
    openMs: timeoutsOf(request).open,
    environment: request.toolEnvironment,
    loader,
    confinement: confinementOf(request),
  });
}

type RunnablePlatform = Extract<Platform, { readonly kind: 'run' }>;

/** What runs and compiles programs of another architecture. */
function toolsOf({ emulator }: RunnablePlatform, architecture: string) {
  if (emulator === undefined) return {};
  const compiler = crossCompiler(`linux/${architecture}`)?.cc;
  return {
    emulator,
    ...(compiler === undefined ? {} : { compiler }),
  };
}

function goProbe({ symbol, expect }: Probe): GoProbe {
  return { symbol, ...(expect === undefined ? {} : { expect }) };
}

const GO_ARCHITECTURES: Readonly<Record<string, string>> = { 'x86-64': 'amd64', aarch64: 'arm64' };
