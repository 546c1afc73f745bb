import { targetMismatch } from '../compare/identity.ts';
import { isGoPlugin } from '../compare/interface.ts';
import { fitGo, type GoFile, type GoFit, type Opened } from '../golang/fit/fit.ts';
import type { GoReading } from '../golang/read.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { HostImage, LoadableFile } from './model.ts';

/** A process of which only the plugins are known: they must agree with each other whatever the host has. */
const NO_HOST = {
  file: 'the host',
  go: { hashes: new Map<string, string>(), directories: new Set<string>() },
} as const;

/** Every Go plugin has the package runtime; without asking for it first, all symbols would have to be read. */
export function isPluginOfGo({ go, image }: LoadableFile): boolean {
  return go?.hashes.has('runtime') === true || isGoPlugin(image);
}

/**
 * What a Go host would say of a plugin beside what the dynamic loader says; of other plugins than those of Go only that
 * plugin.Open does not take them.
 * @param opened Go plugins that the host has opened before, in order
 * @param dlopened whether it is known that the host does not load it by plugin.Open
 */
export function fitGoPlugin(
  host: HostImage | undefined,
  plugin: LoadableFile,
  opened: readonly Opened[],
  dlopened = false,
): { readonly fit?: GoFit; readonly findings: readonly Finding[] } {
  const { go } = plugin;
  if (!isPluginOfGo(plugin)) {
    const opens = host?.go?.hashes.has('runtime') === true && !dlopened;
    return { findings: opens ? [notPlugin(host.file, go?.build?.settings.get('-buildmode'))] : [] };
  }
  if (go === undefined) {
    const message = 'This is a Go plugin, but what the Go toolchain left in it was not read.';
    return { findings: [finding('go/not-read', message, { subject: 'file' })] };
  }
  if (host === undefined) {
    const message = 'Whether its packages match those of the Go host is open: no host file was given.';
    const { findings } = fitGo(NO_HOST, goFileOf(plugin, go), opened);
    const among = findings.filter(({ rule }) => rule === 'go/plugin-path-twice' || rule === 'go/plugins-disagree');
    return { findings: [finding('go/host-unknown', message, { subject: 'host' }), ...among] };
  }
  // For another machine every package differs for that one reason.
  if (targetMismatch(host.image.header, plugin.image.header) !== undefined) return { findings: [] };
  if (host.go === undefined) {
    const message = `${host.file} was not made by the Go toolchain; it cannot run a plugin of -buildmode=plugin.`;
    return { findings: [finding('go/host-not-go', message, { subject: host.file })] };
  }
  if (!host.go.hashes.has('runtime') && host.go.hashes.size === 0) {
    const cgo = host.go.build?.settings.get('CGO_ENABLED') === '0';
    const why = cgo ? 'was built with CGO_ENABLED=0' : 'does not import the package plugin, or was linked without cgo';
    const message = `${host.file} ${why}: it has no package hashes and cannot open Go plugins.`;
    const fix = cgo
      ? 'Build the host with cgo: CGO_ENABLED=1 go build .'
      : 'Import the package in the host (import _ "plugin") and build it with cgo: CGO_ENABLED=1 go build .';
    return { findings: [finding('go/host-cannot-load', message, { subject: host.file, fix })] };
  }
  return fitGo({ file: host.file, go: host.go }, goFileOf(plugin, go), opened);
}

export function goFileOf({ file, realPath }: LoadableFile, go: GoReading): GoFile {
  return { file, go, ...(realPath === undefined ? {} : { realPath }) };
}

/** runtime/plugin.go, plugin_lastmoduleinit: "runtime: no plugin module data" is fatal. */
function notPlugin(host: string, buildmode: string | undefined): Finding {
  const what = buildmode === undefined ? 'this file is none' : `this file was built with -buildmode=${buildmode}`;
  const message = `${host} opens Go plugins, and ${what}: plugin.Open would end the host with "no plugin module data". Whether the host loads it in another way, with dlopen through cgo, does not show in the files.`;
  const fix =
    'Build with go build -buildmode=plugin; for a host that uses dlopen, say in a configuration what kind the plugin has.';
  return finding('go/not-plugin', message, { subject: 'file', severity: 'undecided', fix });
}
