import type { Command } from 'commander';
import type { ExitCode, Terminal } from '../commands/command.ts';

/** A run of the program. */
export interface Run {
  readonly terminal: Terminal;
  /** What the process ends with; set by the command. */
  exitCode: ExitCode;
}

/** A command with its options. */
export interface CommandEntry {
  readonly summary: string;
  /** Adds arguments, options and the action; done only for the command that is asked for. */
  readonly setUp: (command: Command, run: Run) => void;
}
