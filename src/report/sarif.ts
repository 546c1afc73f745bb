import type { GateReport, JudgedFinding } from '../gate/report.ts';
import { byteLength, truncate } from '../text/truncate.ts';
import { plural } from '../text/units.ts';
import { visibleLine } from '../text/visible.ts';
import { repositoryUri } from './links.ts';
import { ruleIndexes, sarifRules } from './sarif-rules.ts';

export interface SarifOptions {
  /** `https://github.com` unless given; used for the address of the repository. */
  readonly server?: string;
}

/** GitHub takes 25,000 results a run and keeps the 5,000 worst. */
const MAX_RESULTS = 25_000;
/** GitHub takes 10 MB after gzip, which makes nothing notably larger: a limit on the plain text always holds. */
const MAX_RESULT_BYTES = 9_000_000;
const MAX_MESSAGE = 2000;
const MAX_NAME = 500;
const MAX_LIST = 20;

/**
 * The report as SARIF 2.1.0 (OASIS standard), one run, worst results first, ending with a line feed. Every result has a
 * place: its source line, else the plugin's file, else the configuration. Waived findings carry a suppression.
 */
export function renderSarif(report: GateReport, options: SarifOptions = {}): string {
  const results: unknown[] = [];
  let bytes = 0;
  for (const finding of report.findings) {
    const result = resultOf(report, finding);
    bytes += byteLength(JSON.stringify(result)) + 1;
    if (results.length === MAX_RESULTS || bytes > MAX_RESULT_BYTES) break;
    results.push(result);
  }
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'plugin-gate', ...versionOf(report.tool.version), rules: sarifRules() } },
        automationDetails: { id: 'plugin-gate/' },
        invocations: [invocationOf(report, report.findings.length - results.length)],
        ...provenanceOf(report, options.server ?? 'https://github.com'),
        originalUriBaseIds: { '%SRCROOT%': { description: { text: 'The root of the repository.' } } },
        columnKind: 'utf16CodeUnits',
        properties: {
          verdict: report.verdict,
          headline: truncate(report.headline, MAX_MESSAGE),
          counts: report.counts,
        },
        results,
      },
    ],
  };
  return `${JSON.stringify(log)}\n`;
}

function versionOf(version: string): object {
  return /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/.test(version) ? { version, semanticVersion: version } : { version };
}

function invocationOf(report: GateReport, left: number): object {
  const start = Date.parse(report.startedAt);
  const times = Number.isNaN(start)
    ? {}
    : { startTimeUtc: utc(start), endTimeUtc: utc(start + Math.max(0, report.durationMs)) };
  if (left === 0) return { executionSuccessful: true, ...times };
  const text = `${plural(left, 'more finding')} of less weight left out to stay inside the limits of SARIF readers.`;
  return { executionSuccessful: true, ...times, toolExecutionNotifications: [{ level: 'warning', message: { text } }] };
}

function utc(ms: number): string {
  return new Date(Math.min(ms, 8.64e15)).toISOString();
}

function provenanceOf({ source }: GateReport, server: string): object {
  if (source?.repository === undefined || !/^[\w.-]+\/[\w.-]+$/.test(source.repository)) return {};
  if (!/^https?:\/\/[A-Za-z0-9.-]+(:\d+)?$/.test(server)) return {};
  const revision = source.commit === undefined ? {} : { revisionId: truncate(source.commit, MAX_NAME) };
  return { versionControlProvenance: [{ repositoryUri: `${server}/${source.repository}`, ...revision }] };
}

function resultOf(report: GateReport, finding: JudgedFinding): object {
  const { waiver } = finding;
  const index = ruleIndexes().get(finding.rule);
  const justification = waiver && `${waiver.reason} (${waiver.owner}, until ${waiver.expires})`;
  return {
    ruleId: finding.rule,
    ...(index === undefined ? {} : { ruleIndex: index }),
    level: levelOf(finding),
    message: { text: messageOf(finding) },
    locations: [locationOf(report, finding)],
    // GitHub follows an alert by primaryLocationLineHash alone; other readers take every key.
    partialFingerprints: { primaryLocationLineHash: finding.fingerprint, 'pluginGate/v1': finding.fingerprint },
    ...(justification === undefined
      ? {}
      : {
          suppressions: [{ kind: 'external', status: 'accepted', justification: truncate(justification, MAX_MESSAGE) }],
        }),
    properties: propertiesOf(finding),
  };
}

/** SARIF has no level for "could not tell": what blocks is an error. */
function levelOf({ severity, blocks }: JudgedFinding): 'error' | 'warning' | 'note' {
  return severity === 'undecided' ? (blocks ? 'error' : 'warning') : severity;
}

/** `](` would make an embedded link of untrusted text (section 3.11.6). */
function messageOf(finding: JudgedFinding): string {
  const where = finding.plugin === undefined ? '' : `${finding.plugin} (${finding.target ?? ''}): `;
  return visibleLine(truncate(`${where}${finding.message}`, MAX_MESSAGE)).replaceAll('](', '\\](');
}

function locationOf(report: GateReport, finding: JudgedFinding): object {
  const logical =
    finding.symbol === undefined
      ? {}
      : { logicalLocations: [{ fullyQualifiedName: truncate(finding.symbol, MAX_NAME) }] };
  return { physicalLocation: physicalLocationOf(report, finding), ...logical };
}

function physicalLocationOf(report: GateReport, { location, plugin, target }: JudgedFinding): object {
  const uri = location === undefined ? undefined : repositoryUri(location.file);
  if (location !== undefined && uri !== undefined) {
    const column = location.column === undefined ? {} : { startColumn: Math.max(1, location.column) };
    return place(uri, { startLine: Math.max(1, location.line), ...column });
  }
  const file = report.plugins.find((each) => each.plugin === plugin && each.target === target)?.artifact?.file;
  const fallback = (file && repositoryUri(file)) ?? repositoryUri(report.config.file) ?? 'plugin-gate.yml';
  return place(fallback, { startLine: 1 });
}

function place(uri: string, region: object): object {
  return { artifactLocation: { uri, uriBaseId: '%SRCROOT%' }, region };
}

function propertiesOf(finding: JudgedFinding): object {
  const { plugin, target, step, severity, blocks, effect, subject, type, old, new: now, fix } = finding;
  const texts = Object.entries({ plugin, target, step, severity, effect, subject, type, old, new: now, fix });
  const given = texts.flatMap(([key, text]) => (text === undefined ? [] : [[key, truncate(text, MAX_NAME)] as const]));
  const { file, line } = finding.location ?? {};
  const outside = file !== undefined && repositoryUri(file) === undefined;
  return {
    ...Object.fromEntries(given),
    blocks,
    ...(outside ? { place: `${truncate(file, MAX_NAME)}:${line}` } : {}),
    ...(finding.path === undefined ? {} : { path: listOf(finding.path) }),
    ...(finding.affected === undefined
      ? {}
      : { affected: listOf(finding.affected), affectedCount: finding.affected.length }),
    ...(finding.details === undefined ? {} : { details: finding.details.slice(-MAX_MESSAGE) }),
  };
}

function listOf(names: readonly string[]): string[] {
  return names.slice(0, MAX_LIST).map((name) => truncate(name, MAX_NAME));
}
