import { dirname, join, relative } from 'node:path';
import { UsageError } from '../errors.ts';
import { crossCompiler } from './cross.ts';
import { buildEnvironment, type Environment } from './environment.ts';
import type { BuildRequest } from './request.ts';
import { expandTokens, expandWord, type Tokens, tokensFor } from './tokens.ts';

/** What will be run, settled before anything runs. */
export interface BuildPlan {
  readonly builder: 'go-plugin' | 'c-shared' | 'command';
  /** One after the other; none goes through a shell. */
  readonly commands: readonly (readonly string[])[];
  /** Absolute. */
  readonly directory: string;
  readonly environment: Environment;
  /** Path of the artifact relative to the root. */
  readonly artifact: string;
  readonly cross: boolean;
  /** Debian packages with the compilers of the target. */
  readonly compilerPackages: readonly string[];
}

/**
 * Settles what a build will run.
 * @throws UsageError for a configuration that cannot be built
 */
export function planBuild(request: BuildRequest): BuildPlan {
  const { build, plugin, target } = request;
  const tokens = tokensFor(plugin, target, request.version);
  const artifact = expandTokens(request.artifact, tokens, `artifact of plugin ${plugin}`);
  const directory = join(request.root, build.directory);
  const cross = target !== request.host;
  const compiler = cross ? crossCompiler(target) : undefined;
  const shared = { directory, artifact, cross, compilerPackages: compiler?.packages ?? ['gcc'] };
  const configured = expandValues(build.env, tokens);
  const compilers: Environment = compiler === undefined ? {} : { CC: compiler.cc, CXX: compiler.cxx };

  if (build.go !== undefined) {
    if (request.kind === 'elf') {
      throw new UsageError(
        `Plugin ${plugin}: build.go makes a Go plugin or a c-shared library, but the kind is elf. Set kind to go-plugin or c-shared, or use build.command.`,
      );
    }
    const set = { ...compilers, ...configured, ...goVariables(request) };
    return {
      ...shared,
      builder: request.kind,
      commands: [goArgv(request, relative(directory, join(request.root, artifact)), tokens)],
      environment: buildEnvironment(request.environment, set),
    };
  }
  if (build.command === undefined || build.command.length === 0) {
    throw new UsageError(`Plugin ${plugin}: build needs either a command or go.`);
  }
  // A command that calls compilers by these names, as make does, then builds for the target; others do not look.
  const [os = '', arch = ''] = target.split('/');
  const crossVariables = cross ? { ...compilers, GOOS: os, GOARCH: arch } : {};
  return {
    ...shared,
    builder: 'command',
    commands: build.command.map((argv) => argv.map((word) => expandWord(word, { ...tokens, artifact }))),
    environment: buildEnvironment(request.environment, { ...crossVariables, ...configured }),
  };
}

/** Directory of the artifact, for go build, which does not make it. */
export function artifactDirectory(root: string, plan: BuildPlan): string {
  return dirname(join(root, plan.artifact));
}

/** `go help build`: flags, then packages. */
function goArgv(request: BuildRequest, output: string, tokens: Tokens): readonly string[] {
  const { go } = request.build;
  if (go === undefined) return [];
  const packages = go.package.split(/\s+/).filter((word) => word !== '');
  const flag = packages.find((word) => word.startsWith('-'));
  if (flag !== undefined) {
    throw new UsageError(`Plugin ${request.plugin}: build.go.package holds the flag ${flag}; it takes packages only.`);
  }
  return [
    'go',
    'build',
    `-buildmode=${request.kind === 'go-plugin' ? 'plugin' : 'c-shared'}`,
    ...(go.trimpath ? ['-trimpath'] : []),
    ...(go.race ? ['-race'] : []),
    ...(go.tags.length > 0 ? [`-tags=${go.tags.join(',')}`] : []),
    ...(go.ldflags !== '' ? [`-ldflags=${expandWord(go.ldflags, tokens)}`] : []),
    ...(go.gcflags !== '' ? [`-gcflags=${go.gcflags}`] : []),
    ...(go.asmflags !== '' ? [`-asmflags=${go.asmflags}`] : []),
    '-o',
    output,
    ...(packages.length > 0 ? packages : ['.']),
  ];
}

function goVariables(request: BuildRequest): Environment {
  const [os = '', arch = ''] = request.target.split('/');
  const { goamd64, toolchain } = request.build.go ?? {};
  return {
    CGO_ENABLED: '1', // both build modes need the C linker, and go turns cgo off when it builds for another target
    GOOS: os,
    GOARCH: arch,
    ...(goamd64 === undefined || arch !== 'amd64' ? {} : { GOAMD64: goamd64 }),
    ...(toolchain === undefined ? {} : { GOTOOLCHAIN: toolchain }),
  };
}

function expandValues(values: Environment, tokens: Tokens): Environment {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, expandWord(value, tokens)]));
}
