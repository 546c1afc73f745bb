import type { CommandEntry } from './entry.ts';
import { format } from './options.ts';

/** What a project does with rules, waivers and its configuration. */

export const EXPLAIN: CommandEntry = {
  summary: 'what a rule means, why it matters and how to fix it',
  setUp: (command, run) =>
    void command
      .argument('<rule>', 'id, such as sym/removed')
      .addOption(format('text', 'json', 'markdown'))
      .action(async (rule: string, options: { format: 'text' | 'json' | 'markdown' }) => {
        const { explainCommand } = await import('../parts/explain.ts');
        run.exitCode = explainCommand({ rule, format: options.format }, run.terminal);
      }),
};

export const ACCEPT: CommandEntry = {
  summary: 'write waivers for findings of a report, for review',
  setUp: (command, run) =>
    void command
      .requiredOption('--reason <text>', 'why the findings are accepted')
      .requiredOption('--owner <name>', 'who answers for it')
      .option('--report <file>', 'JSON report', 'plugin-gate-report/report.json')
      .option('--rule <rule>', 'only findings of this rule')
      .option('--subject <name>', 'only findings on this subject; * stands for any characters')
      .option('--expires <date>', 'YYYY-MM-DD (default: in 90 days)')
      .option('-c, --config <file>', 'configuration, which may name the waivers file')
      .option('--waivers <file>', 'waivers file, in place of the configured one')
      .action(
        async (options: {
          reason: string;
          owner: string;
          report: string;
          rule?: string;
          subject?: string;
          expires?: string;
          config?: string;
          waivers?: string;
        }) => {
          const { acceptCommand } = await import('../parts/tools.ts');
          run.exitCode = acceptCommand({ ...options, directory: process.cwd() }, run.terminal);
        },
      ),
};

export const INIT: CommandEntry = {
  summary: 'write a configuration for the plugins of this repository',
  setUp: (command, run) =>
    void command
      .option('-c, --config <file>', 'where to write', 'plugin-gate.yml')
      .option('--force', 'overwrite a file that is there')
      .option('--stdout', 'print it instead')
      .action(async (options: { config: string; force?: boolean; stdout?: boolean }) => {
        const { initCommand } = await import('../parts/tools.ts');
        const target = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';
        run.exitCode = initCommand({ ...options, directory: process.cwd(), target }, run.terminal);
      }),
};
