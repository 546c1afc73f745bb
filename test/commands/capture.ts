import type { Terminal } from '../../src/commands/command.ts';

/** A terminal that keeps what is written to it. */
export interface Captured {
  readonly terminal: Terminal;
  readonly out: () => string;
  readonly err: () => string;
}

export function capture(colour = false): Captured {
  let out = '';
  let err = '';
  const terminal: Terminal = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    colour,
    interactive: false,
    width: 100,
  };
  return { terminal, out: () => out, err: () => err };
}
