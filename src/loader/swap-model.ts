/** One step of a rehearsal. */
export interface SwapAct {
  /** `open-new`, `switch`, ...: native/loader/rehearse.c. */
  readonly name: string;
  readonly succeeded: boolean;
  readonly timeMs: number;
  readonly text?: string;
  /** What the probe returned. */
  readonly number?: number;
  /** The file whose code answered, when it is not that of the release that was asked. */
  readonly foreign?: string;
  /** Whether the file was still in memory after dlclose. */
  readonly mapped?: boolean;
}

/** The rehearsal of a hot swap, from the previous release to the new one and back. */
export interface Swap {
  readonly acts: readonly SwapAct[];
  /** Calls of the running caller that came back as expected, by release. */
  readonly served: { readonly old: number; readonly new: number };
  readonly failed: number;
  /** Between two answers. */
  readonly longestGapMs?: number;
  /** Whether the process went through all of it. */
  readonly ended: boolean;
  readonly how?: string;
  readonly signal?: string;
  /** `go`: rehearsed in a Go host, where nothing is ever unloaded. */
  readonly rules?: 'go';
  /** Memory that the new release takes, with Go's rules for as long as the host runs; KiB. */
  readonly keptKiB?: number;
}

/** Why there was no rehearsal. */
export interface NotRehearsed {
  /** For a person, to follow a colon. */
  readonly reason: string;
  /** It is known that there can be none, on any machine. */
  readonly certain: boolean;
}
