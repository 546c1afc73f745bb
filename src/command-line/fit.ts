import { Option } from 'commander';
import type { FitFormat } from '../commands/fit.ts';
import { PRESETS } from '../fit/presets/names.ts';
import type { CommandEntry } from './entry.ts';
import { entryOption, listOption } from './options.ts';

/** Plugins and their hosts. */

export const FIT: CommandEntry = {
  summary: 'would these plugins load in this host, and if not, every reason',
  setUp: (command, run) =>
    void command
      .argument('[host]', 'the host: a program, a Go main package, a go.mod, a dump of build information, or "-"')
      .argument('[plugin...]', 'plugins that it loads, in this order')
      .addOption(listOption('--host <path>', 'a host; all other files are plugins then'))
      .addOption(
        new Option('--preset <kind>', 'check the rules of this kind of host; all other files are plugins then').choices(
          PRESETS,
        ),
      )
      .option('--target <system>', 'system to load on: debian:11, ubuntu:20.04, rhel:8, alpine:3.20, glibc:2.31')
      .addOption(listOption('--library-dir <directory>', 'where needed libraries are'))
      .option('--sysroot <directory>', 'root of the target system')
      .addOption(listOption('--symbol <name>', 'symbol that every plugin must export'))
      .addOption(
        listOption('--host-headers <glob>', "the host's headers; types declared there must be as the host has them"),
      )
      .addOption(entryOption())
      .addOption(listOption('--debug-dir <directory>', 'where separate debug information is'))
      .addOption(
        new Option('--format <format>', 'form of the output')
          .choices(['text', 'json', 'markdown', 'html'])
          .default('text'),
      )
      .action(
        async (
          first: string | undefined,
          rest: string[],
          options: {
            host?: string[];
            preset?: string;
            target?: string;
            libraryDir?: string[];
            sysroot?: string;
            symbol?: string[];
            hostHeaders?: string[];
            entry?: string[];
            debugDir?: string[];
            format: FitFormat;
          },
        ) => {
          const { fitCommand } = await import('../parts/fit.ts');
          const named = options.host !== undefined || options.preset !== undefined;
          const files = first === undefined ? [] : [first, ...rest];
          run.exitCode = await fitCommand(
            named ? (options.host ?? []) : first,
            named ? files : rest,
            {
              format: options.format,
              environment: process.env,
              ...(options.preset === undefined ? {} : { preset: options.preset }),
              ...(options.target === undefined ? {} : { target: options.target }),
              ...(options.libraryDir === undefined ? {} : { libraryDirs: options.libraryDir }),
              ...(options.sysroot === undefined ? {} : { root: options.sysroot }),
              ...(options.symbol === undefined ? {} : { required: options.symbol }),
              ...(options.hostHeaders === undefined ? {} : { hostHeaders: options.hostHeaders }),
              ...(options.entry === undefined ? {} : { entries: options.entry }),
              ...(options.debugDir === undefined ? {} : { debugDirs: options.debugDir }),
            },
            run.terminal,
          );
        },
      ),
};
