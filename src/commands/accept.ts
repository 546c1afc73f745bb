import { dirname, join, resolve } from 'node:path';
import { candidatesFor, type Selection } from '../accept/select.ts';
import { writeWaivers } from '../accept/waivers-text.ts';
import { loadConfig } from '../config/load.ts';
import { ConfigError } from '../config/problem.ts';
import { decodeUtf8, readSmallFile } from '../config/read.ts';
import { replaceFile } from '../config/replace-file.ts';
import { CONFIG_FILE, DEFAULT_WAIVERS_FILE } from '../config/schema.ts';
import { loadWaivers } from '../config/waivers.ts';
import { UsageError } from '../errors.ts';
import type { GateReport } from '../gate/report.ts';
import { parseReport } from '../report/schema.ts';
import { isRuleId } from '../rules/catalogue.ts';
import { daysBetween, isDay, type Waiver } from '../rules/waivers.ts';
import { escapeTerminal } from '../text/terminal.ts';
import type { ExitCode, Terminal } from './command.ts';
import { unknownRule } from './explain.ts';

export interface AcceptOptions extends Selection {
  /** Path of a JSON report. */
  readonly report: string;
  readonly reason: string;
  /** Who answers for it. */
  readonly owner: string;
  /** `YYYY-MM-DD`; 90 days from today unless given. */
  readonly expires?: string;
  /** Path of the configuration, which may name the waivers file; plugin-gate.yml unless given. */
  readonly config?: string;
  /** Path of the waivers file, in place of the one that the configuration names. */
  readonly waivers?: string;
  /** Absolute path that all others start from; the working directory unless given. */
  readonly directory?: string;
  /** `YYYY-MM-DD`, UTC; the clock's unless given. */
  readonly today?: string;
}

const DAYS = 90;
const MAX_REPORT_BYTES = 64 * 1024 * 1024;
const LISTED = 20;

/**
 * `plugin-gate accept`: writes waivers for findings of a report into the waivers file, for review. Changes nothing
 * else, and nothing at all when one thing is wrong.
 * @throws UsageError without reason or owner, for a date that is past, and when no finding is selected
 */
export function acceptCommand(options: AcceptOptions, terminal: Terminal): ExitCode {
  const directory = options.directory ?? process.cwd();
  const today = options.today ?? new Date().toISOString().slice(0, 10);
  const reason = given(options.reason, 'reason', 'why the findings are accepted');
  const owner = given(options.owner, 'owner', 'who answers for it');
  const expires = endOf(options.expires, today);
  if (options.rule !== undefined && !isRuleId(options.rule)) throw new UsageError(unknownRule(options.rule));

  const report = readReport(resolve(directory, options.report), options.report);
  const waivers = candidatesFor(report, options).map((candidate): Waiver => ({ ...candidate, reason, owner, expires }));
  if (waivers.length === 0) throw new UsageError(nothingSelected(report, options));

  const shown = options.waivers ?? waiversFileOf(options.config, directory);
  const path = resolve(directory, shown);
  const bytes = readSmallFile(path, shown);
  const before = bytes === undefined ? undefined : decodeUtf8(bytes, shown);
  if (before !== undefined) mustLoad(shown, before);
  const written = writeWaivers(before, waivers);
  mustLoad(shown, written.text);
  replaceFile(path, shown, written.text, true);

  const lines = [
    ...written.added.map((waiver) => `added    ${nameOf(waiver)}`),
    ...written.renewed.map((waiver) => `renewed  ${nameOf(waiver)}`),
  ];
  const more = lines.length > LISTED ? `  and ${lines.length - LISTED} more\n` : '';
  const list = lines.slice(0, LISTED).map((line) => `  ${escapeTerminal(line)}\n`);
  terminal.out(
    `${escapeTerminal(shown)}, until ${expires}:\n${list.join('')}${more}Have the change reviewed, and commit it.\n`,
  );
  return 0;
}

function given(value: string, option: string, what: string): string {
  const text = value.trim();
  if (text === '') throw new UsageError(`--${option} is empty: say ${what}.`);
  if (/[\u0000-\u001f\u007f]/.test(text)) throw new UsageError(`--${option}: expected one line of text.`);
  return text;
}

function endOf(expires: string | undefined, today: string): string {
  if (expires === undefined) {
    return new Date(Date.parse(`${today}T00:00:00Z`) + DAYS * 86_400_000).toISOString().slice(0, 10);
  }
  if (!isDay(expires))
    throw new UsageError(`--expires: expected a day such as 2027-01-31, not ${JSON.stringify(expires)}.`);
  if (daysBetween(today, expires) < 0) throw new UsageError(`--expires: ${expires} is past; expected a day to come.`);
  return expires;
}

function readReport(path: string, shown: string): GateReport {
  const bytes = readSmallFile(path, shown, MAX_REPORT_BYTES);
  if (bytes === undefined) {
    throw new UsageError(`${shown}: there is no such file; the gate writes report.json into its report directory.`);
  }
  return parseReport(decodeUtf8(bytes, shown));
}

/** The file that the configuration names, or the default one where there is no configuration. */
function waiversFileOf(config: string | undefined, directory: string): string {
  const file = config ?? CONFIG_FILE;
  const bytes = readSmallFile(resolve(directory, file), file);
  if (bytes === undefined) {
    if (config !== undefined) throw new UsageError(`${config}: there is no such file.`);
    return DEFAULT_WAIVERS_FILE;
  }
  const loaded = loadConfig(file, decodeUtf8(bytes, file));
  if ('problems' in loaded) throw new ConfigError(loaded.problems);
  return join(dirname(file), loaded.config.policy.waivers ?? DEFAULT_WAIVERS_FILE);
}

function mustLoad(file: string, text: string): void {
  const loaded = loadWaivers(file, text);
  if ('problems' in loaded) throw new ConfigError(loaded.problems);
}

function nothingSelected(report: GateReport, { rule, subject }: Selection): string {
  const which = [rule, subject === undefined ? undefined : `on ${JSON.stringify(subject)}`].filter(
    (part) => part !== undefined,
  );
  if (which.length === 0) return 'The report has no finding that blocks and can be accepted.';
  const blocking = candidatesFor(report, {});
  const known = blocking.slice(0, LISTED).map((candidate) => `  ${nameOf(candidate)}`);
  const what = known.length === 0 ? 'Nothing in it blocks.' : `What blocks in it:\n${known.join('\n')}`;
  return `The report has no finding ${which.join(' ')} that can be accepted. ${what}`;
}

function nameOf({ rule, subject, plugin, target }: Pick<Waiver, 'rule' | 'subject' | 'plugin' | 'target'>): string {
  const where = [plugin, target].filter((part) => part !== undefined).join(' ');
  return `${rule} ${subject}${where === '' ? '' : ` (${where})`}`;
}
