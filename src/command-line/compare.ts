import { Option } from 'commander';
import type { Format } from '../commands/command.ts';
import type { CommandEntry } from './entry.ts';
import { entryOption, format, listOption } from './options.ts';

/** Files by themselves, and two releases of one. */

export const DIFF: CommandEntry = {
  summary: 'compare two releases of a plugin: symbols, versions, needs, hardening and types',
  setUp: (command, run) =>
    void command
      .argument('<old>', 'the previous release')
      .argument('<new>', 'the new one')
      .addOption(listOption('--headers <glob>', 'public headers; types declared elsewhere are private'))
      .option('--host <file>', 'host that the new release is for, with debug information: shared types are compared')
      .addOption(listOption('--host-headers <glob>', "the host's headers; types declared there are the host's"))
      .addOption(entryOption())
      .addOption(listOption('--debug-dir <directory>', 'where separate debug information is'))
      .option('--version-script <file>', 'version script that the new file is linked with')
      .addOption(listOption('--symbol <name>', 'symbol that the new file must export'))
      .addOption(
        new Option('--fail-on <level>', 'mildest verdict that fails').choices([
          'compatible',
          'risky',
          'source-breaking',
          'breaking',
        ]),
      )
      .addOption(format('text', 'json', 'markdown'))
      .action(
        async (
          old: string,
          now: string,
          options: {
            headers?: string[];
            host?: string;
            hostHeaders?: string[];
            entry?: string[];
            debugDir?: string[];
            versionScript?: string;
            symbol?: string[];
            failOn?: string;
            format: Format;
          },
        ) => {
          const { diffCommand } = await import('../parts/diff.ts');
          const { symbol, entry, ...rest } = options;
          run.exitCode = await diffCommand(
            old,
            now,
            {
              ...rest,
              ...(symbol === undefined ? {} : { required: symbol }),
              ...(entry === undefined ? {} : { entries: entry }),
            },
            run.terminal,
          );
        },
      ),
};

export const SNAPSHOT: CommandEntry = {
  summary: 'record what comparisons need of a release, so that the file itself need not be kept',
  setUp: (command, run) =>
    void command
      .argument('<file>', 'the release')
      .requiredOption('-o, --output <file>', 'where to write, for example greet.abi.json.gz')
      .option('--release <version>', 'version of the release')
      .addOption(listOption('--debug-dir <directory>', 'where separate debug information is'))
      .action(async (file: string, options: { output: string; release?: string; debugDir?: string[] }) => {
        const { snapshotCommand } = await import('../parts/snapshot.ts');
        run.exitCode = await snapshotCommand(file, options, run.terminal);
      }),
};

export const INSPECT: CommandEntry = {
  summary: 'tell what a file is: symbols, versions, needs, hardening, oldest systems, Go information',
  setUp: (command, run) =>
    void command
      .argument('<file>', 'a shared object or program')
      .addOption(format('text', 'json'))
      .action(async (file: string, options: { format: Format }) => {
        const { inspectCommand } = await import('../parts/inspect.ts');
        run.exitCode = await inspectCommand(file, options, run.terminal);
      }),
};
