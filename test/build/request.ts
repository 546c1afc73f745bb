import { buildPlugin } from '../../src/build/build.ts';
import type { BuildOutcome, BuildRequest } from '../../src/build/request.ts';
import { runnerTarget } from '../../src/gate/plan.ts';
import type { Progress } from '../../src/gate/step.ts';
import { SILENT } from '../../src/gate/step.ts';

export const HOST = runnerTarget(process.platform, process.arch) ?? 'linux/amd64';

export const BUILD_DEFAULTS: BuildRequest['build'] = {
  directory: '.',
  env: {},
  timeout: 300_000,
  reproducible: false,
};

export const GO_DEFAULTS: NonNullable<BuildRequest['build']['go']> = {
  package: '.',
  tags: [],
  trimpath: true,
  ldflags: '',
  gcflags: '',
  asmflags: '',
  race: false,
};

/** A request to build plugin `greet` in `root`, with what differs from a plain one. */
export function requestFor(
  root: string,
  build: Partial<BuildRequest['build']>,
  more: Partial<Omit<BuildRequest, 'build'>> = {},
): BuildRequest {
  return {
    plugin: 'greet',
    kind: 'elf',
    artifact: 'greet.so',
    target: HOST,
    host: HOST,
    root,
    environment: process.env,
    build: { ...BUILD_DEFAULTS, ...build },
    ...more,
  };
}

export function build(request: BuildRequest, progress: Progress = SILENT): Promise<BuildOutcome> {
  return buildPlugin(request, progress);
}

/** Rules and severities of an outcome, for a look at what came up. */
export function rulesOf({ findings }: BuildOutcome): readonly string[] {
  return findings.map(({ rule, severity }) => `${rule} ${severity}`);
}
