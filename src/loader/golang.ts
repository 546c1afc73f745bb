import { crossCompiler } from '../build/cross.ts';
import type { ElfImage } from '../elf/model.ts';
import { notRun } from '../golang/probe/findings.ts';
import type { GoProbeEvidence } from '../golang/probe/model.ts';
import { probeGoPlugin } from '../golang/probe/probe.ts';
import { readGo } from '../golang/read.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { timeoutsOf } from './job.ts';
import type { LoadRequest } from './model.ts';
import type { Platform } from './platform.ts';

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
  platform: Extract<Platform, { readonly kind: 'run' }>,
): Promise<{ readonly findings: readonly Finding[]; readonly evidence?: GoProbeEvidence }> {
  const go = readGo(request.bytes, image);
  const architecture = GO_ARCHITECTURES[image.header.machine];
  if (go === undefined || architecture === undefined) {
    return { findings: [notRun('what the Go toolchain left in it could not be read')] };
  }
  if (platform.prebuilt.endsWith('-musl')) return { findings: [notRun('Go hosts for musl are not made here')] };
  if (request.toolEnvironment === undefined) return { findings: [notRun('no Go toolchain was given')] };
  const { emulator } = platform;
  const timeouts = timeoutsOf(request);
  const [probe] = request.probes ?? [];
  const compiler = emulator === undefined ? undefined : crossCompiler(`linux/${architecture}`)?.cc;
  const probed = await probeGoPlugin({
    file: request.file,
    bytes: request.bytes,
    go,
    architecture,
    symbols: request.symbols ?? [],
    ...(emulator === undefined ? {} : { emulator: [emulator.program, '-L', emulator.sysroot] }),
    ...(compiler === undefined ? {} : { compiler }),
    ...(request.directory === undefined ? {} : { directory: request.directory }),
    ...(probe === undefined
      ? {}
      : { probe: { symbol: probe.symbol, ...(probe.expect === undefined ? {} : { expect: probe.expect }) } }),
    openMs: timeouts.open,
    probeMs: timeouts.probe,
    environment: request.toolEnvironment,
  });
  if (probed.evidence.result === 'no-host') return probed;
  const message = 'The Go host that opened the plugin was not confined: it had the files and the network of its user.';
  return { ...probed, findings: [...probed.findings, finding('go/host-unconfined', message, { subject: 'go' })] };
}

const GO_ARCHITECTURES: Readonly<Record<string, string>> = { 'x86-64': 'amd64', aarch64: 'arm64' };
