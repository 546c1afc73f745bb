import { z } from 'zod';
import { isCallName } from '../loader/call-names.ts';
import { isFileCall, SANDBOX_PROFILES } from '../loader/sandbox.ts';
import { hostSchema } from './host-schema.ts';
import {
  duration,
  flag,
  flags,
  name,
  repositoryPath,
  semanticVersion,
  symbolName,
  TARGET_TOKENS,
  target,
  text,
} from './scalars.ts';
import { baselineSignatureSchema, rollbackSchema, signatureSchema } from './signature-schema.ts';

/** Sections of one plugin, and those that can stand both for all plugins and for one. */

export const KINDS = ['go-plugin', 'c-shared', 'elf'] as const;

const ARGV_EXPECTED = 'expected a list of words such as [make, -C, plugin], or a list of such lists';
const word = text('One word of the command line.', 'expected a word; put numbers and true or false in quotes');
const argv = z.array(word, { error: ARGV_EXPECTED }).min(1, { error: ARGV_EXPECTED }).max(1000);

const command = z
  .union([argv, z.array(argv, { error: ARGV_EXPECTED }).min(1, { error: ARGV_EXPECTED }).max(100)], {
    error: ARGV_EXPECTED,
  })
  .meta({
    description:
      'Program and arguments, or a list of them that run one after the other. No shell is involved: for one, write [sh, -c, "..."]. {name}, {os}, {arch} and {version} are replaced.',
  })
  .transform((given): string[][] => {
    const lists: string[][] = [];
    const words: string[] = [];
    for (const item of given) Array.isArray(item) ? lists.push(item) : words.push(item);
    return words.length > 0 ? [words] : lists;
  });

const goBuild = z
  .strictObject({
    package: text('Package to build, as `go build` takes it: `./cmd/greet`, an import path or .go files.').default('.'),
    tags: z
      .array(text('A build tag.').regex(/^[^\s,]+$/, { error: 'expected one build tag, without spaces or commas' }), {
        error: 'expected a list of build tags such as [netgo, osusergo]',
      })
      .meta({ description: 'Build tags (-tags).' })
      .default([]),
    trimpath: flag(
      'Remove build paths (-trimpath). Must be as in the build of the host, or Go refuses to load.',
    ).default(true),
    ldflags: flags('Linker flags (-ldflags).').default(''),
    gcflags: flags('Compiler flags (-gcflags). Must be as in the build of the host.').default(''),
    asmflags: flags('Assembler flags (-asmflags).').default(''),
    race: flag('Race detector (-race). Must be as in the build of the host.').default(false),
    goamd64: z
      .enum(['v1', 'v2', 'v3', 'v4'], { error: 'expected v1, v2, v3 or v4' })
      .meta({ description: 'Microarchitecture level for amd64 (GOAMD64).' })
      .optional(),
    toolchain: text('Go toolchain that must build it (GOTOOLCHAIN), for example go1.24.4; the one of the host.')
      .regex(/^(?:local|go[0-9]+\.[0-9]+(?:\.[0-9]+)?(?:(?:rc|beta)[0-9]+)?(?:-[A-Za-z0-9.-]+)?)$/, {
        error: 'expected a Go toolchain such as go1.24.4, or local',
      })
      .optional(),
  })
  .meta({ description: 'Build with the go command, in the build mode of the plugin kind.' });

export const buildSchema = z
  .strictObject({
    command: command.optional(),
    go: goBuild.optional(),
    directory: repositoryPath('Where the build runs, relative to the configuration file.').default('.'),
    env: z
      .record(
        z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'expected the name of an environment variable, such as CC' }),
        flags('Value; {name}, {os}, {arch} and {version} are replaced.'),
        { error: 'expected names and values such as { CC: clang }' },
      )
      .meta({
        description:
          'Environment variables of the build, added to those that every build gets: PATH, HOME, caches, compilers and their flags, proxies.',
      })
      .default({}),
    timeout: duration('The build is stopped after this time.').prefault('10m'),
    reproducible: flag('Build twice, the second time from clean, and require the same bytes.').default(false),
  })
  .meta({
    description:
      'How to build the plugin: either `command` or `go`. Without this section the artifact must be there already.',
    oneOf: [{ required: ['command'] }, { required: ['go'] }],
  });

const symbolsSchema = z
  .strictObject({
    required: z
      .array(symbolName('Name of a symbol.'), { error: 'expected a list of symbol names' })
      .meta({ description: 'Symbols that hosts look up and that the plugin must export.' })
      .default([]),
    versionScript: repositoryPath('Version script the plugin is linked with; exports are compared with it.').optional(),
  })
  .meta({ description: 'What the plugin must export.' });

const probeSchema = z
  .strictObject({
    symbol: symbolName('Function that is called after loading.'),
    signature: z
      .enum(['int(void)', 'void(void)', 'const char *(void)'], {
        error: 'expected int(void), void(void) or const char *(void)',
      })
      .meta({ description: 'C signature of the function.' })
      .default('int(void)'),
    expect: z
      .union([z.int32(), z.string().max(4096)], { error: 'expected a whole number or a text' })
      .meta({
        description:
          'What a healthy plugin returns: a number for int(void), 0 unless given; a text for const char *(void), any unless given.',
      })
      .optional(),
    timeout: duration('The call counts as failed after this time.').prefault('2s'),
  })
  .meta({ description: 'A function of the plugin that tells whether it is healthy.' });

const tagPattern = text('Pattern of the tag, such as `v*` or `greet/v*`; `*` stands for any characters but a slash.');
const releaseLine = z
  .enum(['major', 'minor'], { error: 'expected major or minor' })
  .meta({
    description:
      'Only releases of the same line: with the major version of this release, or with its major and minor version. The plugin needs a `version`, or the tag of this run one.',
  })
  .optional();
const prereleases = flag('Pre-releases count too.').default(false);

const releaseBaseline = z
  .strictObject({
    repository: text('Repository whose releases are meant, when it is another one.')
      .regex(/^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+$/, { error: 'expected owner/name, such as octo/plugins' })
      .optional(),
    tag: tagPattern.default('*'),
    select: z
      .enum(['highest', 'latest', 'newest'], { error: 'expected highest, latest or newest' })
      .meta({
        description:
          'Which of them: the `highest` version below that of this release, the one that GitHub calls `latest`, or the `newest` by date.',
      })
      .default('highest'),
    prereleases,
    line: releaseLine,
    asset: text(
      'Name of the asset: the plugin, or a snapshot of it. {name}, {os} and {arch} are replaced, {version} by that of the previous release; `*` stands for any characters.',
    ),
  })
  .meta({ description: 'An asset of a release on GitHub.' });

const gitBaseline = z
  .strictObject({
    ref: text('Commit, branch or tag.')
      .regex(/^[^-\s~^:?*[\\][^\s~^:?*[\\]*$/, { error: 'expected a commit, branch or tag, such as v1.2.0' })
      .optional(),
    tag: tagPattern.optional(),
    prereleases,
    line: releaseLine,
  })
  .meta({
    description:
      'A commit of this repository, built again as the plugin is built: `ref`, or the highest version among the tags that fit `tag`.',
    oneOf: [{ required: ['ref'] }, { required: ['tag'] }],
  });

export const baselineSchema = z
  .strictObject({
    file: repositoryPath('The previous release of the plugin, or a snapshot of it.', TARGET_TOKENS).optional(),
    version: semanticVersion(
      'Version of the previous release; without it, the one that a snapshot gives. The version that this release claims is compared with it.',
    ).optional(),
    release: releaseBaseline.optional(),
    git: gitBaseline.optional(),
    oci: text(
      'The previous release in a registry: oci://host/name:tag, with #path of the file in an image. {name}, {os}, {arch} and {version} are replaced, {version} by `version`.',
    )
      .regex(/^oci:\/\/[^\s/]+\/[^\s]+$/, {
        error: 'expected a place in a registry such as oci://ghcr.io/org/greet:1.2.0',
      })
      .optional(),
    signature: baselineSignatureSchema.optional(),
    digest: text('Digest that the previous release must have: nothing else is compared with.')
      .regex(/^sha256:[0-9a-f]{64}$/, { error: 'expected sha256: and 64 hexadecimal digits' })
      .optional(),
    none: text(
      'There is no previous release, and why: said on purpose, shown in every report.',
      'expected the reason why there is no previous release, such as: first release',
    ).optional(),
  })
  .meta({
    description: 'Where the previous release comes from: one of `file`, `release`, `git`, `oci` and `none`.',
    oneOf: ['file', 'release', 'git', 'oci', 'none'].map((required) => ({ required: [required] })),
  });

const allowedCall = z
  .strictObject({
    call: text('Name of a system call, such as openat, socket or prctl.').refine(isCallName, {
      error: 'expected the name of a Linux system call, such as openat or socket',
    }),
    path: text('For calls on files: the file or directory, with all beneath; absolute, or below $TMPDIR.')
      .regex(/^(?:\/|\$TMPDIR(?:\/|$))[^\u0000-\u001f\u007f]*$/, {
        error: 'expected an absolute path, or one that begins with $TMPDIR',
      })
      .optional(),
    write: flag('The path may be changed, not only read.').optional(),
    arguments: z
      .record(
        z.string().regex(/^[0-5]$/, { error: 'expected the position of an argument, 0 to 5' }),
        z.int().nonnegative(),
        {
          error: 'expected positions and values such as { 0: 1 }',
        },
      )
      .meta({
        description: 'Values that arguments must have, by position from 0. Numbers only: memory can be changed.',
      })
      .optional(),
  })
  .superRefine(({ call, path, write, arguments: values }, context) => {
    const complain = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    if (isFileCall(call) && path === undefined) complain('call', `expected a path for ${call}`);
    if (isFileCall(call) && values !== undefined) complain('arguments', `expected a path alone for ${call}`);
    if (!isFileCall(call) && path !== undefined) complain('path', `expected no path: ${call} is not decided by one`);
    if (write !== undefined && path === undefined) complain('write', 'expected a path with it');
  })
  .meta({ description: 'A system call that the plugin may make besides what its profile allows.' });

export const sandboxSchema = z
  .strictObject({
    profile: z
      .enum(SANDBOX_PROFILES, { error: 'expected strict, c, go or audit' })
      .meta({
        description:
          'What a plugin may ask of the system. c and go: what a library needs, nothing else. strict: once loaded, only read, write, clock_gettime and exit_group. audit: everything but the network, and all is recorded. Without it, go for what the Go linker made and c for everything else.',
      })
      .optional(),
    mode: z
      .enum(['record', 'kill'], { error: 'expected record or kill' })
      .meta({ description: 'record: a denied call fails and the plugin goes on. kill: it ends the process.' })
      .default('record'),
    allow: z
      .array(allowedCall, { error: 'expected a list such as [{ call: openat, path: /etc/greet.conf }]' })
      .max(200, { error: 'expected at most 200 calls' })
      .meta({ description: 'System calls that are allowed besides.' })
      .default([]),
    timeout: duration('Loading the plugin counts as failed after this time.').prefault('10s'),
  })
  .meta({ description: 'How the plugin is loaded.' });

export const pluginSchema = z
  .strictObject({
    name: name('Name of the plugin, unique in this file.'),
    kind: z.enum(KINDS, { error: 'expected go-plugin, c-shared or elf' }).meta({
      description:
        'go-plugin: Go with -buildmode=plugin. c-shared: Go with -buildmode=c-shared. elf: any other shared object (C, C++, Rust).',
    }),
    build: buildSchema.optional(),
    artifact: repositoryPath('The plugin file that is released.', TARGET_TOKENS),
    targets: z
      .array(target('A system and architecture.'), { error: 'expected a list such as [linux/amd64, linux/arm64]' })
      .min(1, { error: 'expected at least one target; leave the key out for the system of the runner' })
      .meta({ description: 'What to build and check for, in Go terms. Without it, the system of the runner.' })
      .optional(),
    version: semanticVersion('Version that this release claims.').optional(),
    sources: z
      .array(repositoryPath('A path or pattern, such as greet/**.'), { error: 'expected a list of paths or patterns' })
      .meta({
        description:
          'Everything that the plugin is made of. Where only changed plugins are checked, one whose sources did not change is left out; without this, it is always checked.',
      })
      .default([]),
    headers: z
      .array(repositoryPath('A path or pattern, such as include/*.h.'), {
        error: 'expected a list of paths or patterns',
      })
      .meta({ description: 'Public headers: types declared there are the interface.' })
      .default([]),
    symbols: symbolsSchema.prefault({}),
    hosts: z
      .array(hostSchema, { error: 'expected a list of hosts' })
      .meta({ description: 'Hosts that the plugin must load into.' })
      .default([]),
    probe: probeSchema.optional(),
    probes: z
      .array(probeSchema, { error: 'expected a list of probes' })
      .max(100, { error: 'expected at most 100 probes' })
      .meta({
        description: 'Further functions, called after `probe` in their order. A swap is rehearsed with the first.',
      })
      .default([]),
    baseline: baselineSchema.optional(),
    signature: signatureSchema.optional(),
    rollback: rollbackSchema.optional(),
    sandbox: sandboxSchema.optional(),
  })
  .meta({ description: 'One plugin. Its own baseline, signature and sandbox replace those for all plugins.' });
