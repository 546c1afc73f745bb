import type { ElfImage } from '../elf/model.ts';
import type { SandboxRequest } from './sandbox.ts';

/** C signatures that a probe can have. */
export type ProbeSignature = 'int(void)' | 'void(void)' | 'const char *(void)';

/** A function that is called after loading. */
export interface Probe {
  readonly symbol: string;
  readonly signature: ProbeSignature;
  /** What it must return: 0 for `int(void)` unless given; any text for `const char *(void)` unless given. */
  readonly expect?: number | string;
  /** Milliseconds that its call may take; at most `timeouts.probe`, after which the process is ended. */
  readonly timeout?: number;
}

/** Milliseconds that a phase may take. */
export interface LoadTimeouts {
  /** dlopen: mapping, relocation, IFUNC resolvers, constructors. */
  readonly open: number;
  /** One dlsym. */
  readonly symbol: number;
  /** One call. */
  readonly probe: number;
  /** dlclose: destructors. */
  readonly close: number;
  /** exit(0): destructors of what was not unloaded. */
  readonly exit: number;
}

export const DEFAULT_TIMEOUTS: LoadTimeouts = { open: 10_000, symbol: 5_000, probe: 5_000, close: 5_000, exit: 5_000 };

export interface LoadRequest {
  /** How messages name the plugin; its last part is also the name of the copy that is loaded. */
  readonly file: string;
  /** The bytes that were hashed and verified: these are loaded, not what the file holds by now. */
  readonly bytes: Uint8Array;
  /** What was read of these bytes, when it is known already. */
  readonly image?: ElfImage;
  /** Symbols that dlsym must find. */
  readonly symbols?: readonly string[];
  readonly probes?: readonly Probe[];
  readonly timeouts?: Partial<LoadTimeouts>;
  /** Directory whose files, and whose parent's files, the plugin finds at `$ORIGIN` and `$ORIGIN/..`. Nothing unless given. */
  readonly directory?: string;
  /** Directories for LD_LIBRARY_PATH. */
  readonly libraryPath?: readonly string[];
  /** Environment of the gate: for a Go plugin, a Go host is compiled with the allowed part of it. Without it none is. */
  readonly toolEnvironment?: Readonly<Record<string, string | undefined>>;
  /** Further variables of the plugin's environment; nothing is inherited. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Load and unload it so often besides, to see what stays behind. */
  readonly cycles?: number;
  /** false: the process ends without dlclose. */
  readonly unload?: boolean;
  /** What its process may ask of the kernel. */
  readonly sandbox?: SandboxRequest;
  /** false: do not use user and process namespaces. */
  readonly namespaces?: boolean;
  /** Bytes of address space that the plugin's process may take; 8 GiB unless given, 0 for no limit. */
  readonly addressSpace?: number;
  /** Directory with `SHA256SUMS` and the loaders; the installation's own unless given. */
  readonly prebuilt?: string;
  /** PATH in which an emulator is looked for. */
  readonly path?: string;
  /** Root of the libraries of another architecture, for the emulator (`-L`); `/usr/<triplet>` of cross packages unless given. */
  readonly sysroot?: string;
}
