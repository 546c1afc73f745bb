import { dirname } from 'node:path';
import type { ElfImage } from '../elf/model.ts';
import { jobText, overallTimeout, timeoutsOf } from './job.ts';
import type { LoadRequest } from './model.ts';
import { readablePlaces } from './places.ts';
import type { Emulator } from './platform.ts';
import { type LoaderRun, runLoader } from './run.ts';
import { profileOf, sandboxLines } from './sandbox.ts';
import type { Stage } from './stage.ts';

export const STANDARD_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface StagedRun {
  readonly request: LoadRequest;
  readonly stage: Stage;
  readonly image: ElfImage;
  readonly emulator?: Emulator;
  /** What a run does besides loading one file. */
  readonly extra?: {
    /** Further lines of the job. */
    readonly lines: readonly string[];
    readonly readable: readonly string[];
    /** Steps that each may take as long as opening. */
    readonly steps: number;
  };
  /** The program of the stage that loads the plugin in place of the loader's own code (native/loader/host.h). */
  readonly host?: {
    /** Its words, after its name. */
    readonly words: readonly string[];
    /** It rehearses a swap. */
    readonly acts: boolean;
    readonly environment: Readonly<Record<string, string>>;
    /** What the kernel starts it with. */
    readonly interpreter?: string;
  };
}

/** Bytes of what it prints that are kept, the last: the trace of all goroutines. */
const HOST_OUTPUT = 256 * 1024;

/** Runs the native loader on what was staged, with its sandbox and an environment of its own. */
export function runStaged({ request, stage, image, emulator, extra, host }: StagedRun): Promise<LoaderRun> {
  const libraryPath = request.libraryPath ?? [];
  const sandbox = sandboxLines(profileOf(request.sandbox, image), request.sandbox ?? {}, {
    readable: [
      dirname(dirname(stage.plugin)),
      stage.scratch,
      ...readablePlaces({ ...request, image }),
      ...(extra?.readable ?? []),
    ],
    scratch: stage.scratch,
  });
  // With a host it is for the host; an emulator is a program with a dynamic linker of its own.
  const audit = host === undefined ? auditEnvironment(stage, request) : {};
  const hosted = host === undefined || stage.host === undefined ? [] : hostLines(host, stage.host, stage, emulator);
  return runLoader({
    argv: emulator === undefined ? [stage.loader] : emulated(emulator, stage.loader, audit),
    cwd: stage.scratch,
    env: {
      // English texts of dlerror, and nothing of the runner's secrets.
      LC_ALL: 'C',
      PATH: STANDARD_PATH,
      HOME: stage.scratch,
      TMPDIR: stage.scratch,
      ...(libraryPath.length > 0 ? { LD_LIBRARY_PATH: libraryPath.join(':') } : {}),
      ...(emulator === undefined ? audit : {}),
      ...request.environment,
    },
    // An emulator needs its own room for the guest's addresses.
    job: jobText(emulator === undefined ? request : { ...request, addressSpace: 0 }, stage.plugin, [
      ...sandbox,
      ...hosted,
      ...(extra?.lines ?? []),
    ]),
    timeoutMs: overallTimeout(request) + (extra?.steps ?? 0) * timeoutsOf(request).open,
  });
}

/** The lines of a job (native/loader/job.h) by which a host loads the plugin. */
function hostLines(
  { words, acts, environment, interpreter }: NonNullable<StagedRun['host']>,
  program: string,
  { audit }: Stage,
  emulator: Emulator | undefined,
): readonly string[] {
  const variables = {
    ...environment,
    ...(audit === undefined || emulator !== undefined
      ? {}
      : { LD_AUDIT: audit.library, PLUGIN_GATE_TRAIL: audit.trail }),
  };
  const argv = emulator === undefined ? words : ['-L', emulator.sysroot, program, ...words];
  const started = emulator?.program ?? program;
  return [
    `host ${started}`,
    ...argv.map((word) => `argument ${word}`),
    ...Object.entries(variables).map(([name, value]) => `environment ${name}=${value}`),
    ...[started, interpreter].filter((path) => path !== undefined).map((path) => `execute ${path}`),
    ...(audit === undefined ? [] : [`trail ${audit.trail}`, `read ${audit.library}`]),
    ...(acts ? ['acts on'] : []),
    `limit output ${HOST_OUTPUT}`,
  ].filter((line) => !/[\n\0]/.test(line));
}

/**
 * What makes the dynamic linker tell what it does. glibc gives a process with an audit library more room for thread-local
 * variables of the initial-exec kind, which a host without one does not have: it is taken away again, from the default of 512.
 * With 160 bytes less (elf/dl-tls.c, LIBC_IE_TLS), glibc 2.31, 2.36 and 2.43 have exactly the same room as without, 2.41 has 8
 * bytes less; load.ts tries again without the audit library what does not fit. A plugin that is given tunables of its own is
 * not audited.
 */
function auditEnvironment(stage: Stage, request: LoadRequest): Readonly<Record<string, string>> {
  if (stage.audit === undefined || hasTunables(request)) return {};
  return {
    LD_AUDIT: stage.audit.library,
    PLUGIN_GATE_TRAIL: stage.audit.trail,
    [TUNABLES]: `glibc.rtld.optional_static_tls=${512 - 160}`,
  };
}

const TUNABLES = 'GLIBC_TUNABLES';

/** Whether the plugin is given tunables of its own, so that it is not audited. */
export function hasTunables({ environment = {} }: Pick<LoadRequest, 'environment'>): boolean {
  return Object.hasOwn(environment, TUNABLES);
}

/** The emulator is a program of this machine with a dynamic linker of its own: what is for the other is given by option. */
function emulated(emulator: Emulator, loader: string, audit: Readonly<Record<string, string>>): readonly string[] {
  const variables = Object.entries(audit).flatMap(([name, value]) => ['-E', `${name}=${value}`]);
  return [emulator.program, '-L', emulator.sysroot, ...variables, loader];
}
