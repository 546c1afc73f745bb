import type { Terminal } from '../../src/commands/command.ts';

/** A terminal that remembers what was written to it. */
export interface RecordingTerminal extends Terminal {
  readonly written: { out: string; err: string };
}

export function recordingTerminal(more: Partial<Terminal> = {}): RecordingTerminal {
  const written = { out: '', err: '' };
  return {
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    colour: false,
    interactive: false,
    width: 100,
    ...more,
    written,
  };
}
