import { isGoPlugin } from '../compare/interface.ts';
import type { ElfImage } from '../elf/model.ts';
import { isForMusl } from '../elf/musl.ts';
import { isReleased, parseToolchain } from '../golang/toolchain.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { HostImage, LoadableFile } from './model.ts';

/** Whether a program runs on musl. */
export function isMuslHost({ interpreter, dynamic }: ElfImage): boolean {
  return isForMusl(dynamic) || (interpreter !== undefined && /\/ld-musl-/.test(interpreter));
}

/** A process has one C library: host and plugin must be linked against the same. */
export function libcFindings(host: HostImage | undefined, plugin: LoadableFile): Finding[] {
  if (host === undefined) return [];
  const { image } = plugin;
  const pluginMusl = isForMusl(image.dynamic);
  if (!isMuslHost(host.image)) {
    if (!pluginMusl) return [];
    const message = 'The plugin is linked against musl, the host is not.';
    return [finding('fit/libc-mismatch', message, { subject: 'musl', fix: buildFix(plugin, 'glibc') })];
  }
  // Not before it is needed: of a file that is read piece by piece, it takes all imports.
  const { loads, reasons } = image.floors.musl;
  if (pluginMusl || loads === true) return [];
  const message = ['The host uses musl.', ...reasons].join(' ');
  const open = loads === 'undecided' ? { severity: 'undecided' as const } : {};
  return [finding('fit/libc-mismatch', message, { subject: 'musl', fix: buildFix(plugin, 'musl'), ...open })];
}

function buildFix({ image, go }: LoadableFile, libc: 'glibc' | 'musl'): string {
  if (go === undefined) {
    const triple = `${image.header.machine.replace('x86-64', 'x86_64')}-linux-${libc === 'musl' ? 'musl' : 'gnu'}`;
    return `Build the plugin for ${libc}: ${libc === 'musl' ? 'musl-gcc' : 'gcc'} -shared -fPIC ..., or zig cc -target ${triple} -shared -fPIC ...`;
  }
  const { release } = parseToolchain(go.toolchain ?? '');
  const version = isReleased(release) ? release.slice('go'.length) : 'VERSION';
  const build = `go build -buildmode=${isGoPlugin(image) ? 'plugin' : 'c-shared'} .`;
  const container = 'docker run --rm -v "$PWD":/src -w /src golang:';
  return libc === 'musl'
    ? `Build it where the host is built: ${container}${version}-alpine sh -c 'apk add --no-cache build-base && ${build}'`
    : `Build it where the host is built: ${container}${version} ${build}`;
}
