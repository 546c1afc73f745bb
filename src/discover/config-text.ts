import { visibleLine } from '../text/visible.ts';
import type { Discovered } from './discover.ts';

/**
 * A configuration file with comments for what was found. Names and paths come from the repository and are quoted where
 * YAML could read them as something else.
 * @param target of the runner, such as `linux/amd64`
 */
export function configText(found: readonly Discovered[], target: string): string {
  return [
    '# Configuration of plugin-gate. All keys: docs/configuration.md of plugin-gate.',
    '# Check it with `plugin-gate check`, which builds and judges everything here.',
    'version: 1',
    '',
    'plugins:',
    ...(found.length === 0
      ? EXAMPLE
      : found.flatMap((plugin, index) => [...(index > 0 ? [''] : []), ...entry(plugin, target)])),
    '',
    '# Where the previous release comes from. To compare, put the released files into the repository or have the workflow',
    '# download them before the gate runs, and name them:',
    '#   baseline: { file: "previous/{name}.so" }',
    ...(found.some(({ previous }) => previous === undefined) || found.length === 0
      ? ['baseline:', '  none: first release that is gated']
      : []),
    '',
    '# Who must have signed the plugins. With Sigstore, exactly the workflow that may:',
    '# signature:',
    '#   bundle: "{artifact}.sigstore.json"',
    '#   identity: https://github.com/OWNER/REPOSITORY/.github/workflows/release.yml@refs/heads/main',
    '#   issuer: https://token.actions.githubusercontent.com',
    '',
    'policy:',
    '  # fail: what could not be checked blocks the release. warn lets it pass.',
    '  undecided: fail',
    '  # Level of single rules, see `plugin-gate explain RULE`:',
    '  # rules: { sym/added: "off", hard/no-relro: error }',
    '',
  ].join('\n');
}

function entry(plugin: Discovered, target: string): string[] {
  const { name, kind, artifact, build, versionScript, previous, evidence, doubt } = plugin;
  const lines = [
    `  # ${comment(evidence)}`,
    ...(doubt === undefined ? [] : [`  # ${comment(doubt)}`]),
    `  - name: ${scalar(name)}`,
    `    kind: ${kind}`,
  ];
  if (build === undefined) lines.push('    # build: { command: [make] }');
  else {
    lines.push('    build:');
    if (build.commands !== undefined) lines.push(`      command:${commands(build.commands)}`);
    if (build.go !== undefined) {
      lines.push('      go:', `        package: ${scalar(build.go.package)}`);
      if (build.go.tags !== undefined && build.go.tags.length > 0) lines.push(`        tags: ${list(build.go.tags)}`);
      if (build.go.toolchain !== undefined) lines.push(`        toolchain: ${scalar(build.go.toolchain)}`);
      else if (kind === 'go-plugin')
        lines.push('        # toolchain: go1.24.4   # the Go version that the host is built with');
    }
    if (build.directory !== '.') lines.push(`      directory: ${scalar(build.directory)}`);
  }
  lines.push(
    `    artifact: ${scalar(artifact)}`,
    `    # targets: [${target}]   # several need {arch} in the artifact's path`,
  );
  if (versionScript === undefined) lines.push('    # symbols: { required: [name_of_the_entry_point] }');
  else
    lines.push(
      '    symbols:',
      `      versionScript: ${scalar(versionScript)}`,
      '      # required: [name_of_the_entry_point]',
    );
  if (kind !== 'go-plugin') lines.push('    # headers: [include/*.h]');
  lines.push('    # hosts: [{ name: oldest, target: "debian:11" }]');
  if (previous !== undefined) lines.push('    baseline:', `      file: ${scalar(previous)}`);
  return lines;
}

const EXAMPLE = [
  '  # No plugin was found; this is an example to be changed.',
  '  - name: greet',
  '    kind: elf   # go-plugin, c-shared or elf',
  '    build:',
  '      command: [make]',
  '    artifact: build/greet.so',
  '    # targets: [linux/amd64, linux/arm64]   # several need {arch} in the path of the artifact',
  '    # symbols: { required: [greet_init] }',
  '    # headers: [include/*.h]',
  '    # hosts: [{ name: oldest, target: "debian:11" }]',
];

function commands(all: readonly (readonly string[])[]): string {
  const [first = []] = all;
  return all.length === 1 ? ` ${list(first)}` : `\n${all.map((argv) => `        - ${list(argv)}`).join('\n')}`;
}

function list(words: readonly string[]): string {
  return `[${words.map(scalar).join(', ')}]`;
}

/** Bare where no reading of YAML finds anything but a text in it, else in double quotes, whose escapes JSON's are. */
function scalar(text: string): string {
  const bare =
    /^(?:-{0,2}[A-Za-z./])[A-Za-z0-9_./=-]*$/.test(text) &&
    !/^(?:true|false|null|yes|no|on|off|y|n|-?\.(?:nan|inf))$/i.test(text);
  return bare ? text : JSON.stringify(text);
}

/** One line, whatever a file is called. */
function comment(text: string): string {
  return visibleLine(text).slice(0, 200);
}
