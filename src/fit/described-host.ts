import { cappedNames, listNames } from '../compare/fold.ts';
import { isGoPlugin } from '../compare/interface.ts';
import type { ElfImage } from '../elf/model.ts';
import { compareVersions } from '../elf/systems.ts';
import type { GoBuildInfo } from '../golang/build-info.ts';
import { buildCommand } from '../golang/fit/build-command.ts';
import { type Cause, explainMismatches } from '../golang/fit/causes.ts';
import { isStandard, settingDifferences } from '../golang/fit/settings.ts';
import type { GoReading } from '../golang/read.ts';
import { parseToolchain } from '../golang/toolchain.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { HostDescription } from './host-description.ts';
import type { LoadableFile } from './model.ts';

/**
 * What can be said of a plugin and a Go host of which only a description is there. What is certain is an error; a module
 * that differs is undecided, since the description does not tell which of its packages the host has; and the package hashes
 * themselves are never known.
 */
export function fitDescribed(host: HostDescription, plugin: LoadableFile): readonly Finding[] {
  if (!isGoPlugin(plugin.image)) {
    const message = `${host.file} tells of a Go host; what it exports to a plugin that is not written in Go stands in the program alone.`;
    return [finding('go/host-partial', message, { subject: 'host' })];
  }
  const { go } = plugin;
  if (go === undefined) {
    const message = 'This is a Go plugin, but what the Go toolchain left in it was not read.';
    return [finding('go/not-read', message, { subject: 'file' })];
  }
  switch (host.kind) {
    case 'build-info':
      return [...built(host.build, go, plugin.image), partial(host, buildOpen(host.build, go))];
    case 'go.mod':
      return [...oldest(host, go), ...modules(modulesOnly(host), go), partial(host, modOpen(host, go))];
  }
}

/** Modules that are told one by one. */
const MOST_MODULES = 60;

/** What `plugin.Open` compares and no description has. */
const HASHES = 'the package hashes (edited source, directories of source, C code)';

function built(build: GoBuildInfo, go: GoReading, image: ElfImage): readonly Finding[] {
  const { settings } = build;
  const machine = machineFindings(settings.get('GOOS'), settings.get('GOARCH'), image);
  if (machine.length > 0) return machine;
  if (settings.get('CGO_ENABLED') === '0') {
    const message = 'The host was built with CGO_ENABLED=0: it cannot open Go plugins.';
    return [
      finding('go/host-cannot-load', message, {
        subject: 'CGO_ENABLED',
        fix: 'Build the host with cgo: CGO_ENABLED=1 go build .',
      }),
    ];
  }
  const host = readingOf(build);
  const packages = [...go.hashes.keys()];
  // The runtime is in every Go program, so what changes it changes a package that both have.
  // A dump that was made without settings says nothing of them, not that none were given.
  const told: GoReading = settings.size === 0 ? { ...host, build: undefined } : host;
  const found = settingDifferences(told, go).map(({ name, host: theirs, plugin: own, sure, covers }) => {
    const certain = sure && covers('runtime');
    const rule = name === 'toolchain' ? 'go/toolchain-mismatch' : 'go/flags-mismatch';
    const text = `${name} is ${theirs} in the host and ${own} in the plugin`;
    const what = certain
      ? `${text}: nearly all of the ${packages.length} packages of the plugin differ from those of the host.`
      : `${text}; whether that changes a package which both have is not recorded.`;
    const more = { subject: name, old: theirs, new: own, fix: buildCommand(host) };
    return finding(rule, what, { ...more, ...(!certain && { severity: 'undecided' as const }) });
  });
  return [...found, ...modules(host, go)];
}

const MACHINES: Readonly<Record<string, string>> = {
  amd64: 'x86-64',
  arm64: 'aarch64',
  '386': 'i386',
  arm: 'arm',
  riscv64: 'riscv',
  ppc64: 'ppc64',
  ppc64le: 'ppc64',
  s390x: 's390x',
};

function machineFindings(system: string | undefined, architecture: string | undefined, image: ElfImage): Finding[] {
  if (system !== undefined && system !== 'linux') {
    const message = `The host was built for ${system}, the plugin for linux.`;
    return [finding('fit/machine', message, { subject: 'machine', old: system, new: 'linux' })];
  }
  const machine = MACHINES[architecture ?? ''];
  if (architecture === undefined || machine === undefined || machine === image.header.machine) return [];
  const message = `The host was built for ${architecture}, the plugin is for ${image.header.machine}.`;
  return [finding('fit/machine', message, { subject: 'machine', old: architecture, new: image.header.machine })];
}

function readingOf(build: GoBuildInfo): GoReading {
  return { toolchain: build.toolchain, build, hashes: new Map(), directories: new Set() };
}

/** A reading that has the modules of a go.mod and says nothing of settings: those of the plugin stand for them. */
function modulesOnly({ goMod }: Extract<HostDescription, { kind: 'go.mod' }>): GoReading {
  const build: GoBuildInfo = {
    toolchain: '',
    module: { path: goMod.module, version: '(devel)' },
    modules: goMod.modules,
    settings: new Map(),
  };
  return { build, hashes: new Map(), directories: new Set() };
}

/** Modules that both have in other versions, or with other source. */
function modules(host: GoReading, go: GoReading): readonly Finding[] {
  const packages = [...go.hashes.keys()].filter((path) => !isStandard(path) && path !== go.plugin?.path);
  // What the compiler recorded is on one side only; without it, the build information decides.
  const own: GoReading = { ...go, directories: new Set() };
  const alike: GoReading =
    host.build === undefined ? host : { ...host, build: { ...host.build, settings: sameTrim(host.build, go) } };
  const { causes } = explainMismatches(alike, own, packages);
  const groups = new Map<Cause, string[]>();
  for (const [index, cause] of causes.entries()) {
    if (!/^go\/(?:module-version|module-source|replace-path)$/.test(cause.rule)) continue;
    const group = groups.get(cause) ?? [];
    group.push(packages[index] ?? '');
    groups.set(cause, group);
  }
  const told = [...groups].slice(0, MOST_MODULES).map(([cause, affected]) => moduleFinding(cause, affected));
  const left = groups.size - told.length;
  if (left === 0) return told;
  const message = `${left} more modules differ.`;
  return [...told, finding('go/module-version', message, { subject: 'more modules', severity: 'undecided' })];
}

/** The text begins with the path of the module, which stays as it is written. */
function moduleFinding(cause: Cause, affected: readonly string[]): Finding {
  const names = affected.length === 1 ? affected[0] : `${affected.length} packages (${listNames(affected, 3)})`;
  const message = `${cause.text}. The plugin has ${names} of it; plugin.Open refuses the plugin if the host has one of them too, which is not recorded.`;
  return finding(cause.rule, message, {
    subject: cause.subject,
    severity: 'undecided',
    affected: cappedNames(affected),
    fix: cause.fix,
    ...(cause.host === undefined ? {} : { old: cause.host }),
    ...(cause.plugin === undefined ? {} : { new: cause.plugin }),
  });
}

/** A difference of -trimpath is told for itself, and must not hide the modules. */
function sameTrim(build: GoBuildInfo, go: GoReading): ReadonlyMap<string, string> {
  const settings = new Map(build.settings);
  const own = go.build?.settings.get('-trimpath');
  if (own === undefined) settings.delete('-trimpath');
  else settings.set('-trimpath', own);
  return settings;
}

/** A module cannot be built by a toolchain that is older than its go line (from Go 1.21 on) or its toolchain line. */
function oldest(host: Extract<HostDescription, { kind: 'go.mod' }>, go: GoReading): readonly Finding[] {
  const least = leastToolchain(host);
  const own = /^go(\d+(?:\.\d+)*)/.exec(parseToolchain(go.toolchain ?? '').release)?.[1];
  if (least === undefined || own === undefined || compareVersions(own, least) >= 0) return [];
  const message = `${host.file} asks for Go ${least} or later, the plugin was built with go${own}: host and plugin cannot come from one toolchain.`;
  return [
    finding('go/toolchain-mismatch', message, {
      subject: 'toolchain',
      old: `go${least} or later`,
      new: `go${own}`,
      fix: `Build the plugin with the exact toolchain of the host, at least: GOTOOLCHAIN=go${/\.\d+\./.test(least) ? least : `${least}.0`} go build -buildmode=plugin`,
    }),
  ];
}

function leastToolchain({ goMod }: Extract<HostDescription, { kind: 'go.mod' }>): string | undefined {
  const line = /^(1\.\d+(?:\.\d+)?)$/.exec(goMod.go ?? '')?.[1];
  // Up to 1.20 the line names features of the language, and older toolchains build such modules too.
  return line !== undefined && compareVersions(line, '1.21') >= 0 ? line : undefined;
}

function buildOpen(build: GoBuildInfo, go: GoReading): readonly string[] {
  return [
    ...(go.build === undefined ? ['the modules and flags of the plugin, which has no build information'] : []),
    ...(build.settings.size === 0 ? ['the flags of the host, which the dump leaves out'] : []),
    'which packages the host has',
    HASHES,
    'whether the host imports the package plugin',
  ];
}

function modOpen({ sums }: Extract<HostDescription, { kind: 'go.mod' }>, go: GoReading): readonly string[] {
  return [
    ...(go.build === undefined ? ['the modules and flags of the plugin, which has no build information'] : []),
    'the toolchain of the host, which go.mod gives as a lower bound only',
    'its flags (-trimpath, -gcflags, -race, -tags, GOEXPERIMENT, CGO_ENABLED) and machine',
    ...(sums ? [] : ['the sums of its modules, as no go.sum lies beside it']),
    'which packages the host has',
    HASHES,
  ];
}

function partial({ kind, file }: HostDescription, open: readonly string[]): Finding {
  const what = kind === 'go.mod' ? 'a go.mod' : 'a dump of build information';
  const message = `${file} is ${what}, not the host itself. Not decided: ${open.join('; ')}.`;
  return finding('go/host-partial', message, { subject: 'host' });
}
