import { Option } from 'commander';
import type { Format } from '../commands/command.ts';
import type { SandboxProfile } from '../loader/sandbox.ts';
import type { CommandEntry } from './entry.ts';
import { cycles, format, listOption, milliseconds } from './options.ts';

/** A plugin that really runs. */

export const LOAD: CommandEntry = {
  summary: 'load a plugin for real, in a process of its own, and tell what happened',
  setUp: (command, run) =>
    void command
      .argument('<file>', 'the plugin')
      .addOption(listOption('--symbol <name>', 'symbol that must resolve'))
      .addOption(listOption('--probe <name>', 'function to call as int NAME(void); healthy when it returns 0'))
      .addOption(
        new Option('--profile <name>', 'what it may ask of the system; c unless given, go for Go').choices([
          'strict',
          'c',
          'go',
          'audit',
        ]),
      )
      .option('--cycles <number>', 'load and unload it so often, and tell what stays behind', cycles)
      .option('--audit <file>', 'write everything that was seen to a file, as JSON lines')
      .option('--previous <file>', 'release before: tell what is new, and rehearse the swap with the first probe')
      .option('--timeout <milliseconds>', 'for each phase', milliseconds)
      .addOption(format('text', 'json'))
      .action(
        async (
          file: string,
          options: {
            symbol?: string[];
            probe?: string[];
            profile?: SandboxProfile;
            previous?: string;
            audit?: string;
            cycles?: number;
            timeout?: number;
            format: Format;
          },
        ) => {
          const { loadCommand } = await import('../parts/load.ts');
          const { symbol, probe, ...rest } = options;
          run.exitCode = await loadCommand(
            file,
            {
              ...rest,
              ...(symbol === undefined ? {} : { symbols: symbol }),
              ...(probe === undefined ? {} : { probes: probe }),
              environment: process.env,
            },
            run.terminal,
          );
        },
      ),
};
