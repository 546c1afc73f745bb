import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { HostConfig } from '../../config/schema.ts';
import { openElf } from '../../elf/open.ts';
import type { LoadableFile } from '../../fit/model.ts';
import { readGo } from '../../golang/read.ts';
import type { RuleId } from '../../rules/catalogue.ts';
import type { Finding } from '../../rules/finding.ts';
import type { GateContext } from '../known.ts';
import type { Job } from '../plan.ts';

/** Plugins before one in the configuration that are looked at; more are no help to anybody. */
const MOST_BEFORE = 16;

/** What plugins of one process do to each other. */
const BETWEEN: ReadonlySet<RuleId> = new Set<RuleId>([
  'go/plugin-path-twice',
  'go/plugins-disagree',
  'fit/static-tls-shared',
]);

/**
 * Plugins of the same run that name the same host, as far as they stand before this one in the configuration and their files
 * are there. Only what the answers need is read of them.
 * @returns the plugins, and what closes their files
 */
export function pluginsBefore(
  job: Job,
  host: HostConfig,
  { jobs = [], root }: GateContext,
): { readonly plugins: readonly LoadableFile[]; readonly close: () => void } {
  const opened = filesBefore(job, host, jobs).flatMap((artifact) => openPlugin(join(root, artifact)) ?? []);
  return {
    plugins: opened.map(({ plugin }) => plugin),
    close: () => {
      for (const { descriptor } of opened) closeSync(descriptor);
    },
  };
}

/** The files that {@link pluginsBefore} looks at, as far as they are there; from the configuration's directory. */
export function filesBefore(job: Job, host: HostConfig, jobs: readonly Job[]): readonly string[] {
  const place = placeOf(host);
  const own = jobs.findIndex(({ plugin, target }) => plugin.name === job.plugin.name && target === job.target);
  if (place === undefined || own <= 0) return [];
  return jobs
    .slice(0, own)
    .filter(({ plugin, target }) => target === job.target && plugin.hosts.some((other) => placeOf(other) === place))
    .slice(-MOST_BEFORE)
    .map(({ artifact }) => artifact);
}

/** What stands between plugins holds only where one process loads both, which the configuration does not say. */
export function asAdvice(reason: Finding): Finding {
  if (!BETWEEN.has(reason.rule)) return reason;
  return { ...reason, severity: 'warning', message: `${reason.message} This holds where one process loads both.` };
}

function placeOf({ file, package: main, directory }: HostConfig): string | undefined {
  if (file !== undefined) return file;
  return main === undefined ? undefined : `${directory ?? '.'} ${main}`;
}

/** Undefined for what cannot be read: its own job says so. */
function openPlugin(file: string): { readonly plugin: LoadableFile; readonly descriptor: number } | undefined {
  let descriptor: number | undefined;
  try {
    const opened = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    descriptor = opened;
    const stat = fstatSync(opened);
    const open = openElf(stat.isFile() ? stat.size : 0, (buffer, offset, length, position) =>
      readSync(opened, buffer, offset, length, position),
    );
    if ('image' in open) {
      const { image, bytes, find } = open;
      const go = readGo(bytes, image, find);
      const found = { ...(find === undefined ? {} : { find }), ...(go === undefined ? {} : { go }) };
      return { plugin: { file, image, bytes, ...found }, descriptor: opened };
    }
  } catch {
    // Missing or unreadable.
  }
  if (descriptor !== undefined) closeSync(descriptor);
  return undefined;
}
