/** Where a command writes. A step never prints; only commands and the progress display do. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Colour may be used on `out`. */
  readonly colour: boolean;
  /** `err` is a terminal that a person looks at: progress lines may be redrawn. */
  readonly interactive: boolean;
  /** Columns of `out`. */
  readonly width: number;
}

/** 0 nothing blocks; 1 the gate blocks; 2 wrong usage or configuration; 3 undecided without a policy; 4 broken environment or a fault of ours. */
export type ExitCode = 0 | 1 | 2 | 3 | 4;

/** The format option of a command. */
export type Format = 'text' | 'json' | 'markdown' | 'sarif';
