import type { SourceLine } from '../dwarf/line-rows.ts';
import type { GoProbeEvidence } from '../golang/probe/model.ts';
import type { ProbeSignature } from './request.ts';
import type { SandboxProfile } from './sandbox.ts';
import type { Swap } from './swap-model.ts';

export type { LoadRequest, LoadTimeouts, Probe, ProbeSignature } from './request.ts';
export { DEFAULT_TIMEOUTS } from './request.ts';
export type { NotRehearsed, Swap, SwapAct } from './swap-model.ts';

/** Phases in their order; `symbols` and `probe` only where asked for. */
export const PHASES = ['start', 'open', 'symbols', 'probe', 'close', 'swap', 'exit'] as const;
export type Phase = (typeof PHASES)[number];

export interface PhaseTime {
  readonly phase: Phase;
  /** Which probe. */
  readonly index?: number;
  /** Milliseconds since the loader started, monotonic. */
  readonly startMs: number;
  /** Absent for the phase in which the process ended. */
  readonly durationMs?: number;
}

export interface SymbolLookup {
  readonly name: string;
  readonly found: boolean;
  /** File in whose memory the address lies. */
  readonly object?: string;
  readonly error?: string;
}

export interface ProbeCall {
  readonly symbol: string;
  readonly signature: ProbeSignature;
  readonly found: boolean;
  /** For `int(void)`. */
  readonly number?: number;
  /** For `const char *(void)`; absent when it returned NULL. */
  readonly text?: string;
  readonly error?: string;
  /** File in whose memory the probe lies. */
  readonly object?: string;
}

/** The process as seen from outside between two phases; sizes in KiB. Absent numbers could not be read. */
export interface ProcessState {
  readonly phase: Phase;
  readonly index?: number;
  readonly residentKiB?: number;
  readonly virtualKiB?: number;
  readonly threads?: number;
  readonly descriptors?: number;
  /** Mappings that are writable and executable at once. */
  readonly writableCode?: number;
  /** Whether the main thread waited where the loader's own code waits; `unknown` where the kernel does not tell. */
  readonly position: 'expected' | 'elsewhere' | 'unknown';
}

/** A file whose code in memory is not what the file holds, or can be written to; seen from outside after a phase. */
export interface CodeState {
  readonly phase: Phase;
  /** Empty for memory without a file; `[stack]` and the like are the kernel's names. */
  readonly path: string;
  /** Writable and executable at once. */
  readonly writable: boolean;
  /** Pages of its code were written to. */
  readonly changed: boolean;
  /** It is the plugin itself. */
  readonly own: boolean;
  /** It was mapped before the plugin was. */
  readonly before: boolean;
}

/** What became of a descriptor that was there before the plugin; or, when it was unloaded, one that was not. */
export interface DescriptorChange {
  readonly phase: Phase;
  readonly number: number;
  readonly what: 'closed' | 'replaced' | 'flags' | 'added';
  /** As /proc names it: `/dev/null`, `pipe:[4711]`. Untrusted text. */
  readonly target: string;
}

/** A system call of the plugin's process, written down before it ran. */
export interface RecordedCall {
  readonly phase: Phase;
  /** `openat` */
  readonly name: string;
  /** What it is about: a path, an address; untrusted text. */
  readonly detail: string;
  /** It opens for writing, or changes the file system. */
  readonly writes: boolean;
  /** It makes a process. */
  readonly process: boolean;
  /** The sandbox did not let it run. */
  readonly denied: boolean;
  /** Real path of the file that it opens, where that is another than was asked for. */
  readonly file?: string;
  /** Whether the file that it opens was there. */
  readonly found?: boolean;
  /** A signal to its own process. */
  readonly own?: boolean;
  /** Which probe, in the phase `probe`. */
  readonly index?: number;
  /** File that called: the plugin, or a library that it brought along; absent when neither is on the stack. */
  readonly object?: string;
  /** Offset in that file of the place that called. */
  readonly callerOffset?: string;
  /** Name of the plugin's function there, where its symbols tell. */
  readonly function?: string;
  /** Line of the source there, where debug information tells. */
  readonly location?: SourceLine;
  /** Its registers in words, for calls that have such: `family=AF_INET, type=SOCK_DGRAM`. */
  readonly arguments?: string;
}

/** How the process ended, by its wait status and by what the supervisor did. */
export interface Ending {
  readonly phase: Phase;
  readonly index?: number;
  /** True only for exit(0) on command of the supervisor, after every step answered. */
  readonly expected: boolean;
  readonly how: 'exit' | 'signal' | 'timeout' | 'stopped' | 'interfered' | 'cancelled' | 'denied';
  readonly code?: number;
  readonly signal?: string;
}

/** Where it crashed, as the crashing process told: a diagnosis, no proof. */
export interface Crash {
  readonly phase: Phase;
  readonly signal: string;
  /** Address of the fault, `0x0`. */
  readonly address: string;
  /** File and offset in it of the instruction. */
  readonly object?: string;
  readonly offset?: string;
  /** Name of the plugin's function, where its symbols tell. */
  readonly function?: string;
  /** Last return address in the plugin's own code, when the instruction is elsewhere. */
  readonly callerOffset?: string;
  readonly location?: SourceLine;
  /** How far the dynamic linker was with the plugin. */
  readonly stage: 'relocating' | 'relocated' | 'unknown';
}

/** Captured output: raw, untrusted text, its bytes as Latin-1. */
export interface CapturedOutput {
  readonly text: string;
  /** Bytes printed in all, by phase. */
  readonly phases: readonly { readonly phase: Phase; readonly bytes: number }[];
  readonly bytes: number;
  readonly cut: boolean;
}

/** `not-run`: there was nothing to run it with, or the file did not pass the checks before loading. */
export type LoadResult =
  | 'loaded'
  | 'refused'
  | 'crashed'
  | 'exited'
  | 'timeout'
  | 'stopped'
  | 'interfered'
  /** A denied system call ended it, in the mode `kill`. */
  | 'denied'
  | 'supervisor-lost'
  | 'not-run';

/** What loading a release costs and brings. */
export interface Measured {
  readonly openMs: number;
  readonly residentKiB: number;
  readonly threads: number;
  /** IFUNC relocations of the file. */
  readonly resolvers: number;
  readonly constructors: number;
  /** That init functions of a Go plugin left running. */
  readonly goroutines?: number;
}

/** Both releases, loaded under the same conditions. */
export interface Comparison {
  /** What came of loading the previous release; only `loaded` can be compared with. */
  readonly result: LoadResult;
  readonly newCalls: readonly RecordedCall[];
  readonly newLibraries: readonly string[];
  readonly old: Measured;
  readonly new: Measured;
}

/** One line of the audit trail; the fields besides depend on the event. Text is untrusted. */
export interface TrailEntry {
  /** Milliseconds since the loader started, monotonic. */
  readonly time: number;
  /** `search`, `object`, `bind`, `constructor`, `open`, `symbol`, `call`, `thread`, `probe`, `close`, `ended`, ... */
  readonly event: string;
  /** `linker`, `host`: told by the dynamic linker or by a Go host, from inside the process. All else was seen from outside. */
  readonly by?: 'linker' | 'host';
  /** `go-host`: of the Go host that opened the plugin. */
  readonly in?: 'go-host';
  /** Which mapped file it is about. */
  readonly handle?: number;
  readonly [field: string]: string | number | boolean | undefined;
}

/** A constructor that was begun, as the dynamic linker told: a diagnosis, no proof. */
export interface Constructor {
  /** File that it belongs to. */
  readonly object: string;
  /** Its address, as the file counts. */
  readonly address: string;
  readonly function?: string;
  readonly location?: SourceLine;
  /** Absent when it did not return. */
  readonly durationMs?: number;
}

/** Threads of the plugin that still had to return into code that dlclose had taken away. */
export interface Outliving {
  readonly threads: number;
  readonly object?: string;
  readonly function?: string;
  readonly location?: SourceLine;
}

/** What one load and unload leaves behind. */
export interface Growth {
  readonly heapBytes: number;
  readonly residentKiB: number;
  readonly mappings: number;
  readonly descriptors: number;
  readonly threads: number;
}

export interface Cycles {
  readonly count: number;
  /** For each cycle, what a library that does nothing costs taken off. */
  readonly growth?: Growth;
  /** What that library cost; absent where the system has none. */
  readonly control?: Growth;
  readonly failed?: { readonly round?: number; readonly text: string };
}

export interface LoadEvidence {
  readonly result: LoadResult;
  /** What loaded it. */
  readonly loader?: {
    readonly machine: string;
    readonly libc: string;
    readonly libcVersion?: string;
    readonly digest: string;
    /** For example `qemu-aarch64`. */
    readonly emulator?: string;
  };
  /** Which barriers held. `systemCalls` and `files` are false where the system lacks them, and with the profile `audit`. */
  readonly isolation?: {
    /** Whether the system calls that matter were recorded. */
    readonly recorded: boolean;
    readonly processNamespace: boolean;
    readonly userNamespace: boolean;
    readonly systemCalls: boolean;
    readonly files: boolean;
    /** ABI of Landlock that was in force; 0: none. */
    readonly landlock: number;
    readonly profile: SandboxProfile;
    /** Whether a denied call ended the process. */
    readonly kill: boolean;
  };
  readonly phases: readonly PhaseTime[];
  /** Files that were mapped while the plugin was opened and used: itself and its dependencies. */
  readonly objects: readonly { readonly path: string; readonly phase: Phase }[];
  readonly symbols: readonly SymbolLookup[];
  readonly probes: readonly ProbeCall[];
  readonly states: readonly ProcessState[];
  /** Files opened, at most 1000; programs and processes started, addresses, and the like, at most 1000; 200 that were denied. */
  readonly calls: readonly RecordedCall[];
  /** How many were allowed in all. */
  readonly callCount: number;
  /** How many were denied; the first 200 are among the calls. */
  readonly deniedCount: number;
  readonly unload?: { readonly closed: boolean; readonly mapped: boolean; readonly reasons: readonly string[] };
  /** What dlopen said. */
  readonly error?: string;
  readonly ending?: Ending;
  readonly crash?: Crash;
  /** Everything that was seen, and that the dynamic linker told, in its order. */
  readonly trail: readonly TrailEntry[];
  /** Whether the dynamic linker told what it did; if not, or not of everything, why. */
  readonly audit?: {
    readonly linker: boolean;
    readonly reason?: string;
    readonly cut?: boolean;
    /** What is wrong with it, when it was begun and did not stay whole: the plugin's process wrote over it. */
    readonly damage?: string;
  };
  /** In the order in which they ran, as far as the dynamic linker told. */
  readonly constructors?: readonly Constructor[];
  readonly outliving?: Outliving;
  readonly cycles?: Cycles;
  /** What the new release does that the previous one did not. */
  readonly comparison?: Comparison;
  /** The rehearsal of a hot swap from the previous release. */
  readonly swap?: Swap;
  readonly leftovers: readonly { readonly process: number; readonly name: string }[];
  /** `unblocked`: a read from the loader's channel came back at once. */
  readonly interference?: { readonly messages: number; readonly closed: boolean; readonly unblocked?: boolean };
  /** Absent where nothing is changed or writable. */
  readonly code?: readonly CodeState[];
  readonly descriptorChanges?: readonly DescriptorChange[];
  readonly output: { readonly stdout: CapturedOutput; readonly stderr: CapturedOutput };
  /** A Go plugin that could be linked: what came of opening it in a Go host. */
  readonly go?: GoProbeEvidence;
  readonly durationMs: number;
}
