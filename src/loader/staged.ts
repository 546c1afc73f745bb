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
}

/** Runs the native loader on what was staged, with its sandbox and an environment of its own. */
export function runStaged({ request, stage, image, emulator, extra }: StagedRun): Promise<LoaderRun> {
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
  return runLoader({
    argv: emulator === undefined ? [stage.loader] : [emulator.program, '-L', emulator.sysroot, stage.loader],
    cwd: stage.scratch,
    env: {
      // English texts of dlerror, and nothing of the runner's secrets.
      LC_ALL: 'C',
      PATH: STANDARD_PATH,
      HOME: stage.scratch,
      TMPDIR: stage.scratch,
      ...(libraryPath.length > 0 ? { LD_LIBRARY_PATH: libraryPath.join(':') } : {}),
      ...request.environment,
    },
    // An emulator needs its own room for the guest's addresses.
    job: jobText(emulator === undefined ? request : { ...request, addressSpace: 0 }, stage.plugin, [
      ...sandbox,
      ...(extra?.lines ?? []),
    ]),
    timeoutMs: overallTimeout(request) + (extra?.steps ?? 0) * timeoutsOf(request).open,
  });
}
