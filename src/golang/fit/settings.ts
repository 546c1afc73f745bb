import { truncate } from '../../text/truncate.ts';
import type { GoReading } from '../read.ts';
import { parseToolchain } from '../toolchain.ts';

/** A difference in how two binaries were built. */
export interface SettingDifference {
  /** `toolchain`, `GOEXPERIMENT`, `-trimpath`, ... */
  readonly name: string;
  /** As a person reads them; `off` and `none` for what was not given. */
  readonly host: string;
  readonly plugin: string;
  /** Whether it changes the hashes of nearly all packages that it covers; the others may change some. */
  readonly sure: boolean;
  /** Packages whose hashes it can change. */
  readonly covers: (packagePath: string) => boolean;
}

const LONGEST_VALUE = 300;

const everything = (): boolean => true;

/** Flags that are on or off, from what changes most to what changes least. */
const SWITCHES: readonly string[] = ['-race', '-msan', '-asan', '-cover'];

/**
 * Build settings that change package hashes and differ. A setting that one side does not record is not compared.
 * @param host what the plugin must be like: a host, or a plugin that was loaded before
 * @param sameTrim that they do not differ in -trimpath is known already
 */
export function settingDifferences(host: GoReading, plugin: GoReading, sameTrim = false): readonly SettingDifference[] {
  const all = [
    ...toolchains(host, plugin),
    ...(sameTrim ? [] : trimpaths(host, plugin)),
    ...compilerFlags(host, plugin),
    ...SWITCHES.flatMap((name) => plain(name, host, plugin, { absent: 'off', sure: name !== '-cover' })),
    ...plain('GOFIPS140', host, plugin, { absent: 'off', sure: false }),
    ...plain('-asmflags', host, plugin, { absent: 'none', sure: false }),
    ...plain('-tags', host, plugin, { absent: 'none', sure: false }),
    ...plain('CGO_ENABLED', host, plugin, { absent: '1', sure: false }),
    ...plain('-pgo', host, plugin, { absent: 'none', sure: false }),
  ];
  // A hostile file can have megabytes here, and each finding repeats them.
  return all.map((one) => ({
    ...one,
    host: truncate(one.host, LONGEST_VALUE),
    plugin: truncate(one.plugin, LONGEST_VALUE),
  }));
}

function toolchains(host: GoReading, plugin: GoReading): readonly SettingDifference[] {
  if (host.toolchain === undefined || plugin.toolchain === undefined) return [];
  const [theirs, own] = [parseToolchain(host.toolchain), parseToolchain(plugin.toolchain)];
  const found: SettingDifference[] = [];
  if (theirs.release !== own.release) {
    found.push({ name: 'toolchain', host: theirs.release, plugin: own.release, sure: true, covers: everything });
  }
  const [before, now] = [experiments(host), experiments(plugin)];
  if (before !== now) {
    const values = { host: before || 'none', plugin: now || 'none' };
    found.push({ name: 'GOEXPERIMENT', ...values, sure: true, covers: everything });
  }
  return found;
}

export function experiments({ build, toolchain }: GoReading): string {
  return build?.settings.get('GOEXPERIMENT') ?? parseToolchain(toolchain ?? '').experiments;
}

/** Whether a binary was built with -trimpath: what the compiler recorded counts before what was asked for. */
export function trimmed({ trimmed: compiled, build }: GoReading): boolean | undefined {
  return compiled ?? (build === undefined ? undefined : build.settings.get('-trimpath') === 'true');
}

function trimpaths(host: GoReading, plugin: GoReading): readonly SettingDifference[] {
  const [theirs, own] = [trimmed(host), trimmed(plugin)];
  if (theirs === undefined || own === undefined || theirs === own) return [];
  const word = (value: boolean): string => (value ? 'on' : 'off');
  return [{ name: '-trimpath', host: word(theirs), plugin: word(own), sure: true, covers: everything }];
}

/** Of -gcflags, the part that reaches packages beside the one that is built: `all=...`, `std=...` or a pattern. */
function compilerFlags(host: GoReading, plugin: GoReading): readonly SettingDifference[] {
  const [theirs, own] = [sharedFlags(host), sharedFlags(plugin)];
  if (theirs === undefined || own === undefined || theirs === own) return [];
  const covers = (path: string): boolean => [theirs, own].some((flags) => reaches(flags, path));
  return [{ name: '-gcflags', host: theirs || 'none', plugin: own || 'none', sure: true, covers }];
}

function sharedFlags({ build, producer }: GoReading): string | undefined {
  if (build !== undefined) {
    const flags = build.settings.get('-gcflags') ?? '';
    // Without a pattern they are for the packages named on the command line, which no other binary shares.
    return /^\S+=/.test(flags) && !flags.startsWith('-') ? flags : '';
  }
  if (producer === undefined) return undefined;
  const flags = producer.flags.filter((flag) => !SWITCHES.includes(flag));
  return flags.length === 0 ? '' : `all=${flags.join(' ')}`;
}

function reaches(flags: string, path: string): boolean {
  const pattern = flags.slice(0, flags.indexOf('='));
  if (pattern === '') return false;
  if (pattern === 'all' || pattern === './...') return true;
  if (pattern === 'std') return isStandard(path);
  return pattern.endsWith('/...') ? `${path}/`.startsWith(pattern.slice(0, -3)) : path === pattern;
}

/** Whether an import path is one of the standard library: those of modules have a dot in their first part. */
export function isStandard(path: string): boolean {
  return !path.slice(0, `${path}/`.indexOf('/')).includes('.');
}

function plain(
  name: string,
  host: GoReading,
  plugin: GoReading,
  { absent, sure }: { readonly absent: string; readonly sure: boolean },
): readonly SettingDifference[] {
  const [theirs, own] = [settingOf(host, name), settingOf(plugin, name)];
  if (theirs === undefined || own === undefined) return [];
  const [before, now] = [theirs, own].map((value) => (value === 'true' ? 'on' : value || absent));
  if (before === undefined || now === undefined) return [];
  return before === now ? [] : [{ name, host: before, plugin: now, sure, covers: everything }];
}

/** Empty when it was not given; undefined when the file does not tell. */
function settingOf({ build, producer }: GoReading, name: string): string | undefined {
  if (build !== undefined) return build.settings.get(name) ?? '';
  return producer !== undefined && SWITCHES.includes(name) ? (producer.flags.includes(name) ? 'true' : '') : undefined;
}
