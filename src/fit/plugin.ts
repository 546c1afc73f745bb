import { refusedKind, targetMismatch } from '../compare/identity.ts';
import { requiredMissing } from '../compare/required.ts';
import { floorFindings } from '../elf/floor-findings.ts';
import type { ElfImage } from '../elf/model.ts';
import { isForMusl } from '../elf/musl.ts';
import { compareVersions } from '../elf/systems.ts';
import type { Opened } from '../golang/fit/fit.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { type Closure, closureOf } from './closure.ts';
import { fitGoPlugin, goFileOf } from './go-plugin.ts';
import { isMuslHost, libcFindings } from './libc.ts';
import type { Fit, FitOptions, HostImage, LoadableFile } from './model.ts';
import { missingLibraries, missingVersions, type Process, unboundSymbols } from './requirements.ts';
import { sharedTlsFindings, staticTlsFindings, staticTlsOf } from './static-tls.ts';

/** The first glibc that does not make the stack executable for a plugin (elf/dl-load.c). */
const GLIBC_REFUSES_EXECSTACK = '2.41';

/** Fits each plugin into the host; those before a plugin count for the thread-local storage that they share. */
export function fitPlugins(
  host: HostImage | undefined,
  plugins: readonly LoadableFile[],
  options: FitOptions,
): readonly Fit[] {
  let tls = 0;
  const opened: Opened[] = [];
  const hostClosure = host === undefined ? undefined : closureOf(host, options.find);
  return plugins.map((plugin) => {
    const { reasons: found, tlsBytes } = judge(host, hostClosure, plugin, options, tls);
    // What the loader refuses gives its storage back.
    if (!found.some(({ severity }) => severity === 'error')) tls += tlsBytes;
    const go = fitGoPlugin(host, plugin, opened, options.dlopened);
    const reasons = [...found, ...go.findings];
    const answer = loads(reasons);
    if (plugin.go !== undefined) opened.push({ ...goFileOf(plugin, plugin.go), accepted: answer !== false });
    return { loads: answer, reasons, ...(go.fit === undefined ? {} : { go: go.fit }) };
  });
}

/**
 * Whether a host could load a plugin with dlopen(RTLD_NOW), and every reason why not, from the files alone.
 * @param host absent when it is not known; symbols that only a host can provide leave the answer undecided then
 */
export function fitPlugin(host: HostImage | undefined, plugin: LoadableFile, options: FitOptions): Fit {
  const [fit] = fitPlugins(host, [plugin], options);
  return fit ?? { loads: 'undecided', reasons: [] };
}

/** No when anything is certain to keep it out; undecided when something could not be told. */
export function loads(reasons: readonly Finding[]): Fit['loads'] {
  if (reasons.some(({ severity }) => severity === 'error')) return false;
  return reasons.some(({ severity }) => severity === 'undecided') ? 'undecided' : true;
}

function judge(
  host: HostImage | undefined,
  hostClosure: Closure | undefined,
  plugin: LoadableFile,
  options: FitOptions,
  tlsBefore: number,
): { reasons: readonly Finding[]; tlsBytes: number } {
  const refused = [...refusedFindings(plugin.image), ...machineFindings(host, plugin.image)];
  if (refused.length > 0) return { reasons: refused, tlsBytes: 0 };
  const loaders = host === undefined ? [] : [host];
  const added = closureOf(plugin, options.find, loaders, hostClosure?.byName);
  const musl = host === undefined ? isMuslProcess(plugin.image, options) : isMuslHost(host.image);
  const process: Process = { host, hostClosure, added, musl };
  // Whatever the host is, its C library is there from the start and takes nothing of the reserve.
  const cLibrary = added.byName.get('libc.so.6');
  const tlsBytes = musl ? 0 : staticTlsOf(added.files.filter((file) => file !== cLibrary));
  const reasons = [
    ...hostFindings(host),
    ...libcFindings(host, plugin),
    ...(options.target === undefined ? [] : floorFindings(plugin.image, options.target)),
    ...missingLibraries(process),
    ...missingVersions(process, options),
    ...unboundSymbols(process, options),
    ...staticTlsFindings(tlsBytes),
    ...sharedTlsFindings(tlsBytes, tlsBefore),
    ...stackFindings(process, options),
    ...requiredMissing(plugin.image, options.required ?? []).map(({ effect: _, ...found }) => found),
  ];
  return { reasons, tlsBytes };
}

function refusedFindings(image: ElfImage): Finding[] {
  const refused = refusedKind(image);
  return refused === undefined
    ? []
    : [finding('fit/not-loadable', `The plugin ${refused.message}.`, { subject: refused.kind })];
}

function machineFindings(host: HostImage | undefined, plugin: ElfImage): Finding[] {
  const mismatch = host === undefined ? undefined : targetMismatch(host.image.header, plugin.header);
  if (mismatch === undefined) return [];
  const message = `The plugin is for ${mismatch.other}, the host for ${mismatch.one}.`;
  return [finding('fit/machine', message, { subject: 'machine', old: mismatch.one, new: mismatch.other })];
}

function hostFindings(host: HostImage | undefined): Finding[] {
  if (host === undefined) return [];
  const { header, dynamic, interpreter } = host.image;
  const program = header.type === 'exec' || dynamic.flags1.includes('PIE');
  if (!program || interpreter !== undefined) return [];
  return [finding('fit/host-static', `${host.file} is linked statically.`, { subject: host.file })];
}

function isMuslProcess(plugin: ElfImage, { target }: FitOptions): boolean {
  return target === undefined ? isForMusl(plugin.dynamic) : target.musl !== undefined;
}

function stackFindings({ added, musl }: Process, options: FitOptions): Finding[] {
  const files = added.files.filter(({ image }) => !image.hardening.nxStack);
  if (files.length === 0 || musl) return [];
  const glibc = options.target?.versions.GLIBC ?? glibcOf(added);
  const refused = glibc !== undefined && compareVersions(glibc, GLIBC_REFUSES_EXECSTACK) >= 0;
  return files.map(({ file }, index) => {
    const what = file === added.files[0]?.file ? 'The plugin' : file;
    const message = `${what} asks for an executable stack${refused ? `, and glibc ${glibc} refuses that` : ''}.`;
    const subject = index === 0 ? 'executable stack' : file;
    return finding('fit/executable-stack', message, { subject, ...(refused && { severity: 'error' }) });
  });
}

/** The version of the C library in the process: the highest one that it defines. */
function glibcOf({ byName }: Closure): string | undefined {
  const defined = byName.get('libc.so.6')?.image.versions.defined ?? [];
  return defined
    .flatMap(({ name }) => /^GLIBC_(\d+(?:\.\d+)+)$/.exec(name)?.[1] ?? [])
    .sort(compareVersions)
    .at(-1);
}
