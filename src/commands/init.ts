import { resolve } from 'node:path';
import { loadConfig } from '../config/load.ts';
import { renderProblems } from '../config/problem.ts';
import { replaceFile } from '../config/replace-file.ts';
import { CONFIG_FILE } from '../config/schema.ts';
import { configText } from '../discover/config-text.ts';
import { discoverPlugins } from '../discover/discover.ts';
import { openRepository } from '../discover/repository.ts';
import { escapeTerminal } from '../text/terminal.ts';
import { plural } from '../text/units.ts';
import type { ExitCode, Terminal } from './command.ts';

export interface InitOptions {
  /** Absolute path of the repository. */
  readonly directory: string;
  /** Where to write, from `directory`; plugin-gate.yml unless given. */
  readonly config?: string;
  /** Overwrite a file that is there. */
  readonly force?: boolean;
  /** Print the file instead of writing it. */
  readonly stdout?: boolean;
  /** System of the runner, such as `linux/arm64`; linux/amd64 unless given. */
  readonly target?: string;
}

/**
 * `plugin-gate init`: writes a configuration with comments for the plugins that it finds. Builds nothing.
 * @throws UsageError when there is one already, unless forced
 */
export function initCommand(options: InitOptions, terminal: Terminal): ExitCode {
  const repository = openRepository(options.directory);
  const found = discoverPlugins(repository);
  const text = configText(found, options.target ?? 'linux/amd64');
  const file = options.config ?? CONFIG_FILE;
  const loaded = loadConfig(file, text);
  if ('problems' in loaded)
    throw new Error(`init wrote a configuration that does not load:\n${renderProblems(loaded.problems)}`);

  const seen = found
    .map(({ name, kind, evidence }) => `  ${escapeTerminal(`${name} (${kind}), ${evidence}`)}\n`)
    .join('');
  const heading =
    found.length === 0
      ? 'No plugin was found; the file has an example to be changed.\n'
      : `Found ${plural(found.length, 'plugin')}:\n`;
  const cut = repository.cut ? 'The repository is large; not all of it was looked at.\n' : '';
  if (options.stdout === true) {
    terminal.out(text);
    terminal.err(`${heading}${seen}${cut}`);
    return 0;
  }
  replaceFile(resolve(options.directory, file), file, text, options.force === true);
  terminal.out(`${heading}${seen}${cut}Wrote ${escapeTerminal(file)}. Look it through, then run: plugin-gate check\n`);
  return 0;
}
