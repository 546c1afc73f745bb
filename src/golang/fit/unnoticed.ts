import { cappedNames } from '../../compare/fold.ts';
import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import type { GoReading } from '../read.ts';
import { buildCommand, shellWord } from './build-command.ts';
import { moduleIndex, useText } from './modules.ts';
import { isStandard, settingDifferences } from './settings.ts';

/** C flags that go into cgo packages on both sides. */
const C_FLAGS: readonly string[] = ['CGO_CFLAGS', 'CGO_CPPFLAGS', 'CGO_CXXFLAGS', 'CGO_LDFLAGS'];

/**
 * Differences that the package hashes do not show, so that plugin.Open accepts the plugin.
 * @param agreeing shared packages whose hashes agree
 * @param mismatched whether others do not: then differing flags are told as their causes
 */
export function unnoticedFindings(
  host: GoReading,
  plugin: GoReading,
  agreeing: readonly string[],
  mismatched: boolean,
): readonly Finding[] {
  return [
    ...modules(host, plugin, agreeing),
    ...(mismatched ? [] : settings(host, plugin, agreeing.some(isStandard))),
    ...instructionSets(host, plugin),
    ...cFlags(host, plugin),
  ];
}

function modules(host: GoReading, plugin: GoReading, agreeing: readonly string[]): readonly Finding[] {
  if (host.build === undefined || plugin.build === undefined) return [];
  const [theirs, own] = [moduleIndex(host), moduleIndex(plugin)];
  const differing = new Map<string, { readonly text: string; readonly fix: string; readonly packages: string[] }>();
  for (const path of agreeing) {
    const [before, now] = [theirs.of(path), own.of(path)];
    if (before === undefined || now === undefined || before.path !== now.path) continue;
    // A directory has neither version nor sum to compare.
    if (before.local || now.local) continue;
    const sums = before.sum !== undefined && now.sum !== undefined && before.sum !== now.sum;
    if (before.version === now.version && !sums) continue;
    const detail =
      before.version === now.version
        ? `other source of ${before.version} in the host (${before.sum}) than in the plugin (${now.sum})`
        : `${useText(before)} in the host and ${useText(now)} in the plugin`;
    const entry = differing.get(now.path) ?? {
      text: `${now.path} is ${detail}`,
      fix: `go get ${shellWord(`${before.path}@${before.version}`)}`,
      packages: [],
    };
    entry.packages.push(path);
    differing.set(now.path, entry);
  }
  return [...differing].map(([subject, { text, fix, packages }]) =>
    finding('go/module-unnoticed', `${text}. The hashes of its packages agree, so plugin.Open does not notice.`, {
      subject,
      affected: cappedNames(packages),
      fix,
    }),
  );
}

/** @param alike a package of the standard library has one hash in both, which -trimpath on one side would change */
function settings(host: GoReading, plugin: GoReading, alike: boolean): readonly Finding[] {
  return settingDifferences(host, plugin, alike).map(({ name, host: before, plugin: now }) =>
    finding(
      'go/settings-unnoticed',
      `${name} is ${before} in the host and ${now} in the plugin. The package hashes agree, so plugin.Open does not notice.`,
      {
        subject: name,
        old: before,
        new: now,
        fix: buildCommand(host),
        ...(name === 'toolchain' ? {} : { severity: 'note' }),
      },
    ),
  );
}

/** `v1` to `v4`; a plugin for a higher level than its host can meet a processor without its instructions. */
function instructionSets(host: GoReading, plugin: GoReading): readonly Finding[] {
  const [before, now] = [host, plugin].map(({ build }) => build?.settings.get('GOAMD64'));
  if (before === undefined || now === undefined || !(now > before)) return [];
  const message = `The plugin is built for GOAMD64=${now}, the host for ${before}: on a processor that runs the host but lacks the instructions of ${now}, the plugin ends it with an illegal instruction.`;
  return [
    finding('go/settings-unnoticed', message, {
      subject: 'GOAMD64',
      old: before,
      new: now,
      fix: `GOAMD64=${before} ${buildCommand(host)}`,
    }),
  ];
}

function cFlags(host: GoReading, plugin: GoReading): readonly Finding[] {
  return C_FLAGS.flatMap((name) => {
    const [before, now] = [host, plugin].map(({ build }) => build?.settings.get(name));
    if (before === undefined || now === undefined || before === now) return [];
    const message = `${name} is ${before === '' ? 'empty' : before} in the host and ${now === '' ? 'empty' : now} in the plugin; Go does not compare it.`;
    const fix = `${name}=${shellWord(before)} ${buildCommand(host)}`;
    return [finding('go/settings-unnoticed', message, { subject: name, severity: 'note', old: before, new: now, fix })];
  });
}
