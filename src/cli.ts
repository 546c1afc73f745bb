import { Command, CommanderError } from 'commander';
import { DIFF, INSPECT, SNAPSHOT } from './command-line/compare.ts';
import type { CommandEntry, Run } from './command-line/entry.ts';
import { FIT } from './command-line/fit.ts';
import { CHECK, MERGE, PLAN, REPORT } from './command-line/gate.ts';
import { LOAD } from './command-line/load.ts';
import { ACCEPT, EXPLAIN, INIT } from './command-line/maintain.ts';
import { VERIFY } from './command-line/verify.ts';
import type { ExitCode } from './commands/command.ts';
import { systemTerminal } from './commands/standard-output.ts';
import { isEnvironmentError, isUsageError } from './errors.ts';
import { toolVersion } from './installation.ts';

/**
 * The command line: the only reader of argv. Each command is loaded when it is used, so that `inspect` does not pay for
 * YAML, nor `diff` for certificates.
 */

const run: Run = { terminal: systemTerminal(() => run.exitCode), exitCode: 0 };
const { terminal } = run;

const program = new Command('plugin-gate')
  .description(
    'Release gate for native plugins: builds, compares, verifies, loads and judges .so files before they ship.',
  )
  // Read from a file, and only when it is asked for.
  .version(
    process.argv.some((word) => /^(?:-V|--v)/.test(word)) ? toolVersion() : '',
    '-V, --version',
    'print the version',
  )
  .helpOption('-h, --help', 'print help')
  .helpCommand('help [command]', 'print help for a command')
  .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
  .showHelpAfterError('(run with --help for the options)')
  .addHelpText(
    'after',
    '\nExit status: 0 nothing blocks, 1 the gate blocks, 2 wrong usage or configuration, 3 undecided (diff, fit, verify, load),\n4 the environment is broken or plugin-gate itself failed.',
  )
  .exitOverride();

/**
 * All commands. Only the one that is asked for is set up in full: building the options of all takes longer than most
 * commands run.
 */
const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  check: CHECK,
  diff: DIFF,
  snapshot: SNAPSHOT,
  inspect: INSPECT,
  fit: FIT,
  verify: VERIFY,
  load: LOAD,
  plan: PLAN,
  merge: MERGE,
  report: REPORT,
  explain: EXPLAIN,
  accept: ACCEPT,
  init: INIT,
};

/** The command that is asked for; without one, or for help, all are set up. */
const asked = process.argv.slice(2).find((word) => !word.startsWith('-'));
for (const [name, { summary, setUp }] of Object.entries(COMMANDS)) {
  const command = program.command(name).description(summary);
  if (asked === undefined || asked === name || !Object.hasOwn(COMMANDS, asked)) setUp(command, run);
}

function failed(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const message = error instanceof Error ? error.message : String(error);
  if (isUsageError(error)) {
    terminal.err(`plugin-gate: ${visible(message)}\n`);
    return 2;
  }
  if (isEnvironmentError(error)) {
    terminal.err(`plugin-gate: ${visible(message)}\n`);
    return 4;
  }
  terminal.err(
    `plugin-gate failed: ${visible(message)}\nThis is a fault of plugin-gate. Please report it; with PLUGIN_GATE_DEBUG=1 it prints where it happened.\n`,
  );
  if (process.env.PLUGIN_GATE_DEBUG === '1' && error instanceof Error) terminal.err(`${visible(error.stack ?? '')}\n`);
  return 4;
}

/** Messages quote names from files and arguments: control characters other than line feeds are shown, not sent. */
function visible(text: string): string {
  return text.replace(
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

program.parseAsync(process.argv).then(
  () => {
    process.exitCode = run.exitCode;
  },
  (error: unknown) => {
    process.exitCode = failed(error);
  },
);
