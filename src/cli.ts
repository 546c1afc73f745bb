import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { ExitCode, Format } from './commands/command.ts';
import type { FitFormat } from './commands/fit.ts';
import { systemTerminal } from './commands/standard-output.ts';
import { isEnvironmentError, isUsageError } from './errors.ts';
import { PRESETS } from './fit/presets/names.ts';
import { toolVersion } from './installation.ts';
import type { SandboxProfile } from './loader/sandbox.ts';

/**
 * The command line: the only reader of argv. Each command is loaded when it is used, so that `inspect` does not pay for
 * YAML, nor `diff` for certificates.
 */

let exitCode: ExitCode = 0;
const terminal = systemTerminal(() => exitCode);

function milliseconds(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value <= 0) throw new InvalidArgumentError('Give a whole number of milliseconds.');
  return value;
}

/** Where `plan` writes, and what shards and their merge read. */
const PLAN_FILE = 'plugin-gate-plan.json';

function shardCount(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 256) throw new InvalidArgumentError('Give a number up to 256.');
  return value;
}

function cycles(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 100_000) {
    throw new InvalidArgumentError('Give a whole number from 1 to 100000.');
  }
  return value;
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function format(...choices: readonly Format[]): Option {
  return new Option('--format <format>', 'form of the output').choices([...choices]).default('text');
}

function listOption(flags: string, description: string): Option {
  return new Option(flags, `${description} (repeatable)`).argParser(collect);
}

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
 * Each command with its options. Only the one that is asked for is set up in full: building the options of all takes
 * longer than most commands run.
 */
const COMMANDS: Readonly<Record<string, { readonly summary: string; readonly setUp: (command: Command) => void }>> = {
  check: {
    summary: 'run the whole gate, as the Action does',
    setUp: (command) =>
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
        .option('--no-sign', 'sign no verdict, whatever the configuration says')
        .addOption(format('text', 'json', 'markdown', 'sarif'))
        .action(
          async (options: {
            config: string;
            plugin?: string[];
            reportDirectory?: string;
            report: boolean;
            base?: string;
            plan: string;
            shard?: string;
            sign: boolean;
            format: Format;
          }) => {
            const [{ checkCommand }, { terminalProgress }] = await Promise.all([
              import('./parts/gate.ts'),
              import('./commands/progress.ts'),
            ]);
            const directory = process.cwd();
            exitCode = await checkCommand(
              {
                config: options.config,
                format: options.format,
                ...(options.plugin === undefined ? {} : { plugins: options.plugin }),
                ...(options.base === undefined ? {} : { base: options.base }),
                ...(options.sign ? {} : { sign: false }),
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
                progress: terminalProgress(terminal),
                version: toolVersion(),
              },
              terminal,
            );
          },
        ),
  },
  diff: {
    summary: 'compare two releases of a plugin: symbols, versions, needs, hardening and types',
    setUp: (command) =>
      void command
        .argument('<old>', 'the previous release')
        .argument('<new>', 'the new one')
        .addOption(listOption('--headers <glob>', 'public headers; types declared elsewhere are private'))
        .option('--host <file>', 'host that the new release is for, with debug information: shared types are compared')
        .addOption(listOption('--host-headers <glob>', "the host's headers; types declared there are the host's"))
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
              debugDir?: string[];
              versionScript?: string;
              symbol?: string[];
              failOn?: string;
              format: Format;
            },
          ) => {
            const { diffCommand } = await import('./parts/diff.ts');
            const { symbol, ...rest } = options;
            exitCode = await diffCommand(
              old,
              now,
              { ...rest, ...(symbol === undefined ? {} : { required: symbol }) },
              terminal,
            );
          },
        ),
  },
  snapshot: {
    summary: 'record what comparisons need of a release, so that the file itself need not be kept',
    setUp: (command) =>
      void command
        .argument('<file>', 'the release')
        .requiredOption('-o, --output <file>', 'where to write, for example greet.abi.json.gz')
        .option('--release <version>', 'version of the release')
        .addOption(listOption('--debug-dir <directory>', 'where separate debug information is'))
        .action(async (file: string, options: { output: string; release?: string; debugDir?: string[] }) => {
          const { snapshotCommand } = await import('./parts/snapshot.ts');
          exitCode = await snapshotCommand(file, options, terminal);
        }),
  },
  inspect: {
    summary: 'tell what a file is: symbols, versions, needs, hardening, oldest systems, Go information',
    setUp: (command) =>
      void command
        .argument('<file>', 'a shared object or program')
        .addOption(format('text', 'json'))
        .action(async (file: string, options: { format: Format }) => {
          const { inspectCommand } = await import('./parts/inspect.ts');
          exitCode = await inspectCommand(file, options, terminal);
        }),
  },
  fit: {
    summary: 'would these plugins load in this host, and if not, every reason',
    setUp: (command) =>
      void command
        .argument('[host]', 'the host: a program, a Go main package, a go.mod, a dump of build information, or "-"')
        .argument('[plugin...]', 'plugins that it loads, in this order')
        .addOption(listOption('--host <path>', 'a host; all other files are plugins then'))
        .addOption(
          new Option(
            '--preset <kind>',
            'check the rules of this kind of host; all other files are plugins then',
          ).choices(PRESETS),
        )
        .option('--target <system>', 'system to load on: debian:11, ubuntu:20.04, rhel:8, alpine:3.20, glibc:2.31')
        .addOption(listOption('--library-dir <directory>', 'where needed libraries are'))
        .option('--sysroot <directory>', 'root of the target system')
        .addOption(listOption('--symbol <name>', 'symbol that every plugin must export'))
        .addOption(
          listOption('--host-headers <glob>', "the host's headers; types declared there must be as the host has them"),
        )
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
              debugDir?: string[];
              format: FitFormat;
            },
          ) => {
            const { fitCommand } = await import('./parts/fit.ts');
            const named = options.host !== undefined || options.preset !== undefined;
            const files = first === undefined ? [] : [first, ...rest];
            exitCode = await fitCommand(
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
                ...(options.debugDir === undefined ? {} : { debugDirs: options.debugDir }),
              },
              terminal,
            );
          },
        ),
  },
  verify: {
    summary: 'check who signed a file',
    setUp: (command) =>
      void command
        .argument('<file>', 'the file, sha256:<digest>, or oci://host/name:tag#path')
        .option('--platform <platform>', 'image to choose from an index of a registry: linux/arm64')
        .option('--bundle <file>', 'sigstore bundle, or several, one a line (default: <file>.sigstore.json)')
        .option(
          '--signature <file>',
          'detached signature, with --key or --certificate (default with --key: <file>.sig)',
        )
        .option('--certificate <file>', "signer's certificate of a --signature, with its intermediates (PEM)")
        .option('--rfc3161-timestamp <file>', 'timestamp token of a --signature with --certificate')
        .option('--key <file>', 'public key in PEM')
        .option('--certificate-identity <identity>', 'exact identity of the signer')
        .option('--certificate-identity-regexp <pattern>', 'pattern that the whole identity must match')
        .option('--certificate-identity-type <type>', 'kind of name in the certificate: uri, email, dns')
        .option('--certificate-oidc-issuer <url>', 'exact issuer')
        .option('--certificate-oidc-issuer-regexp <pattern>', 'pattern that the whole issuer must match')
        .option('--ca-roots <file>', 'roots of an authority of your own (PEM), in place of the issuer')
        .option('--ca-intermediates <file>', 'intermediates of that authority (PEM)')
        .option('--signer-workflow <workflow>', 'workflow that signed: org/repo/.github/workflows/release.yml')
        .option('--source-repository <uri>', 'repository that certificate and provenance must name')
        .option('--source-ref <ref>', 'ref that certificate and provenance must name')
        .option('--source-digest <commit>', 'commit that certificate and provenance must name')
        .option('--builder-id <uri>', 'builder that a SLSA provenance must name')
        .option('--certificate-digest-oid <oid>', "otherName type that must hold the file's SHA-256")
        .option('--deny-self-hosted-runners', 'refuse self-hosted runners')
        .addOption(listOption('--predicate-type <uri>', 'require an attestation of this type'))
        .option('--trusted-root <file>', "trusted_root.json (default: sigstore's public-good root)")
        .option('--timestamp-certificate-chain <file>', 'a timestamp authority of your own (PEM)')
        .option('--offline', 'make no connection: use the public-good root that is built in')
        .option('--require-tlog', 'require a transparency log entry with --key and --ca-roots too')
        .option('--insecure-ignore-tlog', 'accept a certificate without a transparency log entry')
        .option('--insecure-ignore-sct', 'accept a certificate that no certificate transparency log knows')
        .option(
          '--insecure-ignore-time',
          'with --ca-roots: accept a certificate that is valid now, without proof of time',
        )
        .option('--explain', 'tell what was expected, and what carries what')
        .option('--summary', 'check the signed verdict of a gate (default bundle: <file>.vsa.sigstore.json)')
        .option('--verifier-id <uri>', 'with --summary: whose verdict counts, exactly')
        .addOption(listOption('--policy-digest <digest>', 'with --summary: policy that is agreed to'))
        .option('--resource-uri <uri>', 'with --summary: what the file must have been judged as, exactly')
        .addOption(listOption('--verified-level <level>', 'with --summary: level that must be verified'))
        .option('--max-age <time>', 'with --summary: greatest age of the verdict, such as 12h or 90d')
        .option('--record', 'check that the file, an audit record of the gate, is whole')
        .option('--head <digest>', 'with --record: digest of a line that must be in it')
        .addOption(format('text', 'json'))
        .action(async (file: string, options: Record<string, never>) => {
          const { verifyAsAsked } = await import('./parts/verify.ts');
          exitCode = await verifyAsAsked(file, { ...options, environment: process.env }, terminal);
        }),
  },
  load: {
    summary: 'load a plugin for real, in a process of its own, and tell what happened',
    setUp: (command) =>
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
            const { loadCommand } = await import('./parts/load.ts');
            const { symbol, probe, ...rest } = options;
            exitCode = await loadCommand(
              file,
              {
                ...rest,
                ...(symbol === undefined ? {} : { symbols: symbol }),
                ...(probe === undefined ? {} : { probes: probe }),
                environment: process.env,
              },
              terminal,
            );
          },
        ),
  },
  plan: {
    summary: 'spread plugins and targets over balanced shards, for a job matrix',
    setUp: (command) =>
      void command
        .option('-c, --config <file>', 'configuration', 'plugin-gate.yml')
        .option('-o, --output <file>', 'where the plan is written', PLAN_FILE)
        .option('--shards <number>', 'how many at most (default: one for 8 jobs; 256 is the limit)', shardCount)
        .option('--previous <file>', 'JSON report of an earlier run, for how long each plugin takes')
        .action(async (options: { config: string; output: string; shards?: number; previous?: string }) => {
          const { planCommand } = await import('./parts/scale.ts');
          exitCode = planCommand(options, { directory: process.cwd(), version: toolVersion() }, terminal);
        }),
  },
  merge: {
    summary: 'bring the reports of all shards of a plan together into one verdict',
    setUp: (command) =>
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
              import('./parts/gate.ts'),
              import('./commands/progress.ts'),
            ]);
            const directory = process.cwd();
            const { plan, ...rest } = options;
            exitCode = await checkCommand(
              { ...rest, part: { plan, merge } },
              {
                directory,
                repository: directory,
                environment: process.env,
                progress: terminalProgress(terminal),
                version: toolVersion(),
              },
              terminal,
            );
          },
        ),
  },
  report: {
    summary: 'show a report that was made elsewhere, or post it for the workflow run that made it',
    setUp: (command) =>
      void command
        .argument('<file>', 'report.json')
        .option('--post', 'post it: comment and check run, in a workflow with "on: workflow_run"')
        .option('--key <key>', 'tells several gates of one pull request apart')
        .addOption(format('text', 'json', 'markdown', 'sarif'))
        .action(async (file: string, options: { post?: boolean; key?: string; format: Format }) => {
          const { reportCommand } = await import('./parts/report.ts');
          const { key, post = false } = options;
          exitCode = await reportCommand(
            { file, post, format: options.format, ...(key === undefined ? {} : { key }) },
            { directory: process.cwd(), environment: process.env, version: toolVersion() },
            terminal,
          );
        }),
  },
  explain: {
    summary: 'what a rule means, why it matters and how to fix it',
    setUp: (command) =>
      void command
        .argument('<rule>', 'id, such as sym/removed')
        .addOption(format('text', 'json', 'markdown'))
        .action(async (rule: string, options: { format: 'text' | 'json' | 'markdown' }) => {
          const { explainCommand } = await import('./parts/explain.ts');
          exitCode = explainCommand({ rule, format: options.format }, terminal);
        }),
  },
  accept: {
    summary: 'write waivers for findings of a report, for review',
    setUp: (command) =>
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
            const { acceptCommand } = await import('./parts/tools.ts');
            exitCode = acceptCommand({ ...options, directory: process.cwd() }, terminal);
          },
        ),
  },
  init: {
    summary: 'write a configuration for the plugins of this repository',
    setUp: (command) =>
      void command
        .option('-c, --config <file>', 'where to write', 'plugin-gate.yml')
        .option('--force', 'overwrite a file that is there')
        .option('--stdout', 'print it instead')
        .action(async (options: { config: string; force?: boolean; stdout?: boolean }) => {
          const { initCommand } = await import('./parts/tools.ts');
          const target = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';
          exitCode = initCommand({ ...options, directory: process.cwd(), target }, terminal);
        }),
  },
};

/** The command that is asked for; without one, or for help, all are set up. */
const asked = process.argv.slice(2).find((word) => !word.startsWith('-'));
for (const [name, { summary, setUp }] of Object.entries(COMMANDS)) {
  const command = program.command(name).description(summary);
  if (asked === undefined || asked === name || !Object.hasOwn(COMMANDS, asked)) setUp(command);
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
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    process.exitCode = failed(error);
  },
);
