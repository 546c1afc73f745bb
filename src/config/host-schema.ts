import { z } from 'zod';
import { HOST_TYPE } from '../abi/host/type-text.ts';
import { DISTRIBUTIONS, SYSTEMS } from '../elf/systems.ts';
import { ALPINE } from '../elf/targets.ts';
import { PRESETS } from '../fit/presets/names.ts';
import { anyPath, name, repositoryPath, symbolName, text } from './scalars.ts';

/** A host that a plugin must load into: what is known of it, in several forms. */

/** The systems whose libraries are known, and any glibc: what `fit --target` takes. */
const RELEASES: readonly (readonly [distribution: string, releases: readonly string[]])[] = [
  ...DISTRIBUTIONS.map((one) => {
    const own = SYSTEMS.filter(({ distribution }) => distribution === one);
    return [one, own.map(({ release }) => release)] as const;
  }),
  ['alpine', Object.keys(ALPINE)],
];
const SYSTEM = new RegExp(
  `^(?:${RELEASES.flatMap(([distribution, releases]) =>
    releases.map((release) => `${distribution}:${release.replaceAll('.', '\\.')}`),
  ).join('|')}|glibc:2\\.[0-9]{1,3}(?:\\.[0-9]{1,3})?)$`,
);
const EXPECTS_SYSTEM = `expected a system that is known (${RELEASES.map(
  ([distribution, releases]) => `${distribution}: ${releases.join(', ')}`,
).join('; ')}) such as debian:11, or a glibc such as glibc:2.31`;

/** A type of the host: a typedef, a record, or a member of a record. */
function hostType() {
  const expected = 'expected a type of the host such as plugin_init_fn, struct plugin_info or plugin_api.open';
  return z.string({ error: expected }).regex(HOST_TYPE, { error: expected });
}

/** Keys of which a host has one at least. */
export const HOST_KEYS = ['file', 'package', 'target', 'sysroot', 'preset'] as const;

export const hostSchema = z
  .strictObject({
    name: name('Name of the host in reports. Without it, that of its file, package, kind or system.').optional(),
    file: anyPath(
      'The host program or one of its builds, in the repository or installed on the machine; where the program cannot be had, its go.mod (with go.sum beside it) or a dump of its build information (go version -m). {name}, {os}, {arch} and {version} are replaced.',
    ).optional(),
    package: text(
      'Go main package of the host, such as ./cmd/host. It is built with the toolchain and the flags of the plugin.',
    )
      .regex(/^[^-\s][^\s]*$/, { error: 'expected a package as go build takes it, such as ./cmd/host' })
      .optional(),
    directory: repositoryPath(
      'Where `package` is built: inside its module, relative to the configuration file. The directory of the configuration unless given.',
    ).optional(),
    preset: z
      .enum(PRESETS, { error: `expected a kind of host that is known: ${PRESETS.join(', ')}` })
      .meta({
        description: 'Kind of the host: entry points, versions and signatures that it asks for are checked too.',
      })
      .optional(),
    target: z
      .string({ error: EXPECTS_SYSTEM })
      .regex(SYSTEM, { error: EXPECTS_SYSTEM })
      .meta({
        description:
          'System that the plugin must load on, such as debian:11, ubuntu:20.04, rhel:8, alpine:3.20 or glibc:2.31.',
      })
      .optional(),
    sysroot: anyPath(
      'Root of an unpacked system, such as a container image: libraries are taken from there.',
    ).optional(),
    libraries: z
      .array(anyPath('A directory with libraries.'), { error: 'expected a list of directories' })
      .meta({ description: 'Directories with the libraries that the host brings along.' })
      .default([]),
    headers: z
      .array(repositoryPath('A path or pattern, such as vendor/host/*.h.'), {
        error: 'expected a list of paths or patterns',
      })
      .meta({ description: 'Headers of the host: types declared there are those that host and plugin share.' })
      .default([]),
    entries: z
      .record(symbolName('A symbol of the plugin.'), hostType(), {
        error: 'expected symbols, each with a type of the host, such as plugin_init: plugin_init_fn',
      })
      .meta({
        description:
          'What the host takes symbols for that it looks up by name, in its own types: `plugin_init: plugin_init_fn`, `plugin_info: struct plugin_info`, or a member that holds the function, `plugin_open: plugin_api.open`. Needs `file` with debug information.',
      })
      .default({}),
  })
  .meta({
    description:
      'A host that the plugin must load into: its `file` or its `package`, its kind (`preset`), the system (`target` or `sysroot`), or several of them.',
    anyOf: HOST_KEYS.map((key) => ({ required: [key] })),
    not: { required: ['file', 'package'] },
    dependentRequired: { directory: ['package'] },
  })
  .transform((host) => ({ ...host, name: hostName(host) }));

/** What a host is called where the configuration gives it no name. */
export function hostName(host: {
  readonly name?: string | undefined;
  readonly file?: string | undefined;
  readonly package?: string | undefined;
  readonly preset?: string | undefined;
  readonly target?: string | undefined;
  readonly sysroot?: string | undefined;
}): string {
  if (host.name !== undefined) return host.name;
  if (host.file !== undefined) return host.file.slice(host.file.lastIndexOf('/') + 1);
  return (
    host.package ??
    ([host.preset, host.target ?? host.sysroot].filter((part) => part !== undefined).join(' on ') || 'host')
  );
}
