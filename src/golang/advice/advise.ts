import { realpathSync } from 'node:fs';
import { isAbsolute, join, posix, relative } from 'node:path';
import type { Finding, Location } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import { truncate } from '../../text/truncate.ts';
import { analyse } from './analyser.ts';
import { parseRemarks, type Remark } from './remarks.ts';
import { hasSigns } from './signs.ts';

export interface AdviceRequest {
  /** Absolute path of the directory whose Go sources are looked at. */
  readonly directory: string;
  /** Absolute path that places are relative to; the directory must lie in it. */
  readonly repository: string;
  /**
   * The plugin's main package below the directory (`./cmd/plugin`): other programs there are not initialised in a host. `none`
   * for the sources of a host.
   */
  readonly plugin: string | 'none';
  /** Environment of the gate. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const LONGEST_REASON = 500;

/**
 * Tells where Go sources rest on something that Go plugins do not do. Nothing in the sources is run.
 * @throws EnvironmentError when the machine cannot start a process
 */
export async function adviseGo({
  directory,
  repository,
  plugin,
  environment,
}: AdviceRequest): Promise<readonly Finding[]> {
  const real = realDirectory(directory, repository);
  if (real === undefined || !hasSigns(real.directory)) return [];
  const analysis = await analyse(real.directory, environment);
  if ('reason' in analysis) {
    const message = `The Go sources were not analysed: ${truncate(analysis.reason, LONGEST_REASON)}.`;
    return [finding('go/source-not-analysed', message, { subject: 'sources' })];
  }
  const initialised = ({ kind, main, file }: Remark): boolean =>
    kind !== 'goroutine' || (plugin !== 'none' && (!main || posix.dirname(file) === directoryOfPackage(plugin)));
  return parseRemarks(analysis.output)
    .filter(initialised)
    .map((remark) => findingOf(remark, relative(real.repository, real.directory)));
}

/** As `go build` takes it: a directory, or files of one. */
function directoryOfPackage(name: string): string {
  const path = posix.normalize(name).replace(/\/$/, '');
  return path.endsWith('.go') ? posix.dirname(path) : path;
}

/** Links out of the repository are not followed. */
function realDirectory(
  directory: string,
  repository: string,
): { readonly directory: string; readonly repository: string } | undefined {
  try {
    const real = { directory: realpathSync(directory), repository: realpathSync(repository) };
    const way = relative(real.repository, real.directory);
    return way === '..' || way.startsWith('../') || isAbsolute(way) ? undefined : real;
  } catch {
    return undefined;
  }
}

function findingOf(remark: Remark, directory: string): Finding {
  const { kind, subject, line, column, via = 'init' } = remark;
  const file = join(directory, remark.file);
  const location: Location = { file, line, column };
  const about = { subject: `${file} ${subject}`, location };
  switch (kind) {
    case 'close':
      return finding(
        'go/plugin-close',
        `${subject} is to unload a plugin: the package plugin has no Close, and nothing that was opened is ever unloaded.`,
        about,
      );
    case 'reload':
      return finding(
        'go/hot-reload',
        `plugin.Open(${subject}) is called again for one path: it gives back the plugin (or the error) of the first call, whatever the file holds by then.`,
        about,
      );
    case 'cbytes':
      return finding(
        'go/callback-copied',
        `C.CBytes copies the bytes of ${subject}, which hold a function value; the copy keeps nothing alive.`,
        { ...about, fix: 'Use cgo.NewHandle of runtime/cgo, and pass the handle through C.' },
      );
    case 'main-type':
      return finding(
        'go/main-type-asserted',
        `What Lookup gave is asserted to ${subject}, a type of this package main: no plugin can have a value of it.`,
        about,
      );
    case 'goroutine':
      return finding(
        'go/goroutine-in-init',
        `go ${subject}(…) runs while the package is initialised (${via}), inside plugin.Open or dlopen.`,
        about,
      );
  }
}
