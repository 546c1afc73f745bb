import { targetMismatch } from '../compare/identity.ts';
import { isGoPlugin } from '../compare/interface.ts';
import { fitGo, type GoFit, type Opened } from '../golang/fit/fit.ts';
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
 * What a Go host would say of a Go plugin beside what the dynamic loader says; nothing for other plugins.
 * @param opened Go plugins that the host has opened before, in order
 */
export function fitGoPlugin(
  host: HostImage | undefined,
  plugin: LoadableFile,
  opened: readonly Opened[],
): { readonly fit?: GoFit; readonly findings: readonly Finding[] } {
  const { go } = plugin;
  if (!isPluginOfGo(plugin)) return { findings: [] };
  if (go === undefined) {
    const message = 'This is a Go plugin, but what the Go toolchain left in it was not read.';
    return { findings: [finding('go/not-read', message, { subject: 'file' })] };
  }
  if (host === undefined) {
    const message = 'Whether its packages match those of the Go host is open: no host file was given.';
    const { findings } = fitGo(NO_HOST, { file: plugin.file, go }, opened);
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
  return fitGo({ file: host.file, go: host.go }, { file: plugin.file, go }, opened);
}
