import type { ElfImage } from '../../elf/model.ts';
import type { LoadEvidence, LoadRequest, TrailEntry } from '../../loader/model.ts';
import type { Emulator } from '../../loader/platform.ts';
import type { Prebuilt } from '../../loader/prebuilt.ts';
import type { Finding } from '../../rules/finding.ts';
import type { GoReading } from '../read.ts';

export interface GoProbeRequest {
  /** How messages name the plugin. */
  readonly file: string;
  /** The bytes that were verified: these are loaded. */
  readonly bytes: Uint8Array;
  /** What was read of them, when it is known already. */
  readonly image?: ElfImage;
  readonly go: GoReading;
  /** In Go's terms, `amd64` or `arm64`. */
  readonly architecture: string;
  /** What runs programs of that architecture here; absent where it is the machine's own. */
  readonly emulator?: Emulator;
  /** C compiler of the architecture; absent where it is the machine's own. */
  readonly compiler?: string;
  /** Directory whose files the plugin finds beside itself. */
  readonly directory?: string;
  /** Names that Lookup must find. */
  readonly symbols: readonly string[];
  /** Function that is called: `func() error`, `func() int`, `func() string` or `func()`. */
  readonly probe?: GoProbe;
  /** Further functions, called after it. */
  readonly moreProbes?: readonly GoProbe[];
  /** What the dynamic linker is told of by (native/audit); without it, it tells nothing. */
  readonly auditLibrary?: Uint8Array;
  /** Milliseconds for plugin.Open with all init functions. */
  readonly openMs: number;
  /** Milliseconds for the probe. */
  readonly probeMs: number;
  /** Environment of the gate, of which the compilation of the host gets a part. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The sandbox and the surroundings of the process; those of the profile `go` unless given. */
  readonly confinement?: Pick<LoadRequest, 'sandbox' | 'namespaces' | 'environment' | 'libraryPath'>;
  /** The native loader; that of the installation unless given. */
  readonly loader?: Prebuilt;
}

export interface GoProbe {
  readonly symbol: string;
  /** What it must return: 0 for `func() int` and any text for `func() string` unless given. */
  readonly expect?: number | string;
}

/** What a probe gave. */
export interface GoProbeCall {
  readonly symbol: string;
  /** Absent when it was not called. */
  readonly signature?: string;
  readonly number?: number;
  readonly text?: string;
  readonly error?: string;
}

/** A symbol as the running plugin gave it. */
export interface ProbedSymbol {
  readonly name: string;
  readonly kind: 'func' | 'var';
  readonly type: string;
}

/** A type that a symbol leads to, by reflection; in the form of {@link import('../types.ts').GoType}. */
export interface ProbedType {
  readonly symbol: string;
  readonly name: string;
  readonly package: string;
  /** Bytes. */
  readonly size: number;
  readonly layout: readonly string[];
}

export type GoProbeResult =
  | 'opened'
  | 'refused'
  | 'crashed'
  | 'exited'
  | 'timeout'
  | 'stopped'
  /** It wrote to the channel of the host, or closed it. */
  | 'interfered'
  /** A denied system call ended it, in the mode `kill`. */
  | 'denied'
  | 'supervisor-lost'
  | 'no-host';
export type GoProbePhase = 'open' | 'symbols' | 'probe';

/** What came of opening a plugin in a Go host; plain JSON. */
export interface GoProbeEvidence {
  readonly result: GoProbeResult;
  /** Why there was no host. */
  readonly reason?: string;
  readonly toolchain?: string;
  /** Flags that the host was compiled with, as the plugin was. */
  readonly flags?: readonly string[];
  /** The phase that was begun last. */
  readonly phase?: GoProbePhase;
  readonly symbols: readonly ProbedSymbol[];
  readonly types: readonly ProbedType[];
  /** Goroutines that init functions left running. */
  readonly goroutines?: number;
  readonly probe?: GoProbeCall;
  /** The probes after the first. */
  readonly moreProbes?: readonly GoProbeCall[];
  /** What plugin.Open said. */
  readonly error?: string;
  readonly exitCode?: number;
  readonly signal?: string;
  /** The end of what the process printed, the trace of goroutines included: raw, untrusted text. */
  readonly stderr: string;
  readonly stdout: string;
  /** Absent when there was no host. */
  readonly process?: HostProcess;
  /** Milliseconds that plugin.Open took, and that the compilation of the host took (0 from the cache). */
  readonly openMs?: number;
  readonly compileMs?: number;
}

/** The host's process as it was seen from outside. */
export type HostProcess = Pick<
  LoadEvidence,
  | 'isolation'
  | 'phases'
  | 'objects'
  | 'states'
  | 'calls'
  | 'callCount'
  | 'deniedCount'
  | 'ending'
  | 'leftovers'
  | 'interference'
  | 'audit'
>;

export interface GoProbeOutcome {
  readonly findings: readonly Finding[];
  readonly evidence: GoProbeEvidence;
  /** What was seen of the host, and what it and the dynamic linker told, times in milliseconds since `started`. */
  readonly trail?: readonly TrailEntry[];
  /** Nanoseconds of CLOCK_MONOTONIC when the host was started. */
  readonly started?: bigint;
}
