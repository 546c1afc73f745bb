import type { Format } from '../commands/command.ts';
import { toolVersion } from '../installation.ts';
import type { CommandEntry } from './entry.ts';
import { format, listOption, PLAN_FILE, shardCount } from './options.ts';

/** The whole gate, on one machine or over several. */

export const CHECK: CommandEntry = {
  summary: 'run the whole gate, as the Action does',
  setUp: (command, run) =>
    void command
      .option('-c, --config <file>', 'configuration', 'plugin-gate.yml')
      .addOption(listOption('-p, --plugin <name>', 'check only this plugin'))
      .option(
        '--report-directory <directory>',
        'where report files are written (default: report.directory of the configuration)',
      )
      .option('--no-report', 'write no report files')
      .option('--base <commit>', 'judge by the configuration, waivers and keys of this commit, as a pull request is')
      .option('--only-changed', 'check only plugins whose sources differ from --base; all when that is not sure')
      .option('--plan <file>', 'plan that the shard is of', PLAN_FILE)
      .option('--shard <id>', 'check this shard of the plan only')
      .option('--cache <directory>', 'take results of earlier runs with the same inputs from here, and leave them here')
      .option('--no-sign', 'sign no verdict, whatever the configuration says')
      .addOption(format('text', 'json', 'markdown', 'sarif'))
      .action(
        async (options: {
          config: string;
          plugin?: string[];
          reportDirectory?: string;
          report: boolean;
          base?: string;
          onlyChanged?: boolean;
          plan: string;
          shard?: string;
          sign: boolean;
          cache?: string;
          format: Format;
        }) => {
          const [{ checkCommand }, { terminalProgress }] = await Promise.all([
            import('../parts/gate.ts'),
            import('../commands/progress.ts'),
          ]);
          const directory = process.cwd();
          run.exitCode = await checkCommand(
            {
              config: options.config,
              format: options.format,
              ...(options.plugin === undefined ? {} : { plugins: options.plugin }),
              ...(options.base === undefined ? {} : { base: options.base }),
              ...(options.onlyChanged === undefined ? {} : { onlyChanged: options.onlyChanged }),
              ...(options.sign ? {} : { sign: false }),
              ...(options.cache === undefined ? {} : { cache: options.cache }),
              ...(options.shard === undefined ? {} : { part: { plan: options.plan, shard: options.shard } }),
              ...(options.report
                ? options.reportDirectory === undefined
                  ? {}
                  : { reportDirectory: options.reportDirectory }
                : { reportDirectory: '' }),
            },
            {
              directory,
              repository: directory,
              environment: process.env,
              progress: terminalProgress(run.terminal),
              version: toolVersion(),
            },
            run.terminal,
          );
        },
      ),
};

export const PLAN: CommandEntry = {
  summary: 'spread plugins and targets over balanced shards, for a job matrix',
  setUp: (command, run) =>
    void command
      .option('-c, --config <file>', 'configuration', 'plugin-gate.yml')
      .option('-o, --output <file>', 'where the plan is written', PLAN_FILE)
      .option('--shards <number>', 'how many at most (default: one for 8 jobs; 256 is the limit)', shardCount)
      .option('--previous <file>', 'JSON report of an earlier run, for how long each plugin takes')
      .action(async (options: { config: string; output: string; shards?: number; previous?: string }) => {
        const { planCommand } = await import('../parts/scale.ts');
        run.exitCode = planCommand(options, { directory: process.cwd(), version: toolVersion() }, run.terminal);
      }),
};

export const MERGE: CommandEntry = {
  summary: 'bring the reports of all shards of a plan together into one verdict',
  setUp: (command, run) =>
    void command
      .argument('<directory>', 'where the report.json of every shard is, each in a directory of its own')
      .option('-c, --config <file>', 'configuration', 'plugin-gate.yml')
      .option('--plan <file>', 'the plan', PLAN_FILE)
      .option('--base <commit>', 'judge by the configuration, waivers and keys of this commit, as the shards did')
      .option('--report-directory <directory>', 'where report files are written')
      .addOption(format('text', 'json', 'markdown', 'sarif'))
      .action(
        async (
          merge: string,
          options: { config: string; plan: string; base?: string; reportDirectory?: string; format: Format },
        ) => {
          const [{ checkCommand }, { terminalProgress }] = await Promise.all([
            import('../parts/gate.ts'),
            import('../commands/progress.ts'),
          ]);
          const directory = process.cwd();
          const { plan, ...rest } = options;
          run.exitCode = await checkCommand(
            { ...rest, part: { plan, merge } },
            {
              directory,
              repository: directory,
              environment: process.env,
              progress: terminalProgress(run.terminal),
              version: toolVersion(),
            },
            run.terminal,
          );
        },
      ),
};

export const REPORT: CommandEntry = {
  summary: 'show a report that was made elsewhere, or post it for the workflow run that made it',
  setUp: (command, run) =>
    void command
      .argument('<file>', 'report.json')
      .option('--post', 'post it: comment and check run, in a workflow with "on: workflow_run"')
      .option('--key <key>', 'tells several gates of one pull request apart')
      .addOption(format('text', 'json', 'markdown', 'sarif'))
      .action(async (file: string, options: { post?: boolean; key?: string; format: Format }) => {
        const { reportCommand } = await import('../parts/report.ts');
        const { key, post = false } = options;
        run.exitCode = await reportCommand(
          { file, post, format: options.format, ...(key === undefined ? {} : { key }) },
          { directory: process.cwd(), environment: process.env, version: toolVersion() },
          run.terminal,
        );
      }),
};
