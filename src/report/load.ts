import type { CapturedOutput, LoadEvidence, PhaseTime, ProcessState } from '../loader/model.ts';
import type { Finding } from '../rules/finding.ts';
import type { Style } from '../text/style.ts';
import { escapeTerminal, escapeTerminalBlock } from '../text/terminal.ts';
import { truncate } from '../text/truncate.ts';
import { formatBytes } from '../text/units.ts';
import { findingJson } from './finding-json.ts';
import { renderFindings } from './finding-text.ts';

export type LoadVerdict = 'loaded' | 'failed' | 'undecided';

/** What `plugin-gate load` came to; the JSON form is schema/load.v1.json. */
export interface LoadReport {
  readonly schema: 'plugin-gate/load/v1';
  /** As given. */
  readonly file: string;
  /** `sha256:<hex>` of the bytes that were loaded. */
  readonly digest: string;
  readonly verdict: LoadVerdict;
  readonly summary: string;
  readonly findings: readonly Finding[];
  readonly evidence: LoadEvidence;
}

const MOST_OBJECTS = 20;
const MOST_CALLS = 20;
const MOST_OUTPUT_LINES = 20;
const LONGEST_FIELD = 300;

/** An error outranks what could not be told; warnings and notes do not stop anything. */
export function loadVerdict(findings: readonly Finding[]): LoadVerdict {
  if (findings.some(({ severity }) => severity === 'error')) return 'failed';
  return findings.some(({ severity }) => severity === 'undecided') ? 'undecided' : 'loaded';
}

/** The report as JSON, two blanks deep, ending with a line feed. */
export function renderLoadJson({ findings, ...report }: LoadReport): string {
  const { evidence, ...head } = report;
  return `${JSON.stringify({ ...head, findings: findings.map(findingJson), evidence }, undefined, 2)}\n`;
}

/** The report for a person: verdict, findings, then phases, files and output. Ends with a line feed. */
export function renderLoadText(report: LoadReport, style: Style, width?: number): string {
  const { evidence, findings } = report;
  const blocks = [
    `${headline(report, style)}\n  ${field(report.summary)}\n`,
    findings.length === 0 ? '' : renderFindings(findings, { style, width }),
    phaseTable(evidence, style),
    resultTable(evidence, style),
    goTable(evidence, style),
    objectList(evidence, style),
    constructorList(evidence, style),
    cyclesBlock(evidence, style),
    comparisonBlock(evidence, style),
    swapBlock(evidence, style),
    callSummary(evidence, style),
    outputBlock('standard output', evidence.output.stdout, style),
    outputBlock('standard error', evidence.output.stderr, style),
    surroundings(evidence, style),
  ];
  return blocks.filter((block) => block !== '').join('\n');
}

function headline({ file, verdict }: LoadReport, style: Style): string {
  const name = style.bold(field(file));
  switch (verdict) {
    case 'loaded':
      return `${style.green('✓ loaded')}  ${name}`;
    case 'failed':
      return `${style.red('✗ failed')}  ${name}`;
    case 'undecided':
      return `${style.magenta('? undecided')}  ${name}`;
  }
}

function field(text: string): string {
  return escapeTerminal(truncate(text, LONGEST_FIELD));
}

/** What each phase took, and what the process was after it. */
function phaseTable({ phases, states, probes }: LoadEvidence, style: Style): string {
  if (phases.length === 0) return '';
  const rows = phases.map((phase) => {
    const state = states.find(({ phase: name, index }) => name === phase.phase && index === phase.index);
    const probe = phase.index === undefined ? undefined : probes[phase.index]?.symbol;
    const name = probe === undefined ? phase.phase : `${phase.phase} ${field(probe)}`;
    return `  ${name.padEnd(12)} ${duration(phase).padStart(10)}  ${style.dim(stateText(state))}`.trimEnd();
  });
  return `${style.bold('Phases')}\n${rows.join('\n')}\n`;
}

function duration({ phase, durationMs }: PhaseTime): string {
  if (durationMs !== undefined) return `${durationMs.toFixed(1)} ms`;
  return phase === 'exit' ? '' : 'not ended';
}

function stateText(state: ProcessState | undefined): string {
  if (state === undefined) return '';
  const parts: string[] = [];
  if (state.residentKiB !== undefined) parts.push(`${formatBytes(state.residentKiB * 1024)} resident`);
  if (state.threads !== undefined) parts.push(state.threads === 1 ? '1 thread' : `${state.threads} threads`);
  if (state.descriptors !== undefined) parts.push(`${state.descriptors} descriptors`);
  return parts.join(', ');
}

function resultTable({ symbols, probes }: LoadEvidence, style: Style): string {
  const rows = probes
    .filter(({ found }) => found)
    .map(({ symbol, number, text }) => {
      const result = number ?? (text === undefined ? 'returned' : JSON.stringify(text));
      return `  ${field(symbol)}() ${style.dim('→')} ${field(String(result))}`;
    });
  const found = symbols.filter((symbol) => symbol.found).length;
  if (symbols.length > 0) rows.unshift(`  ${found} of ${symbols.length} required symbols found`);
  return rows.length === 0 ? '' : `${style.bold('Symbols and probes')}\n${rows.join('\n')}\n`;
}

/** What a Go host found in a Go plugin. */
function goTable({ go }: LoadEvidence, style: Style): string {
  if (go === undefined || go.symbols.length === 0) return '';
  const rows = go.symbols
    .slice(0, MOST_OBJECTS)
    .map(({ name, kind, type }) =>
      kind === 'func' ? `  func ${field(`${name}${type.replace(/^func/, '')}`)}` : `  var ${field(`${name} ${type}`)}`,
    );
  if (go.symbols.length > MOST_OBJECTS) rows.push(style.dim(`  … and ${go.symbols.length - MOST_OBJECTS} more`));
  const flags = go.flags === undefined || go.flags.length === 0 ? '' : ` ${field(go.flags.join(' '))}`;
  const host = style.dim(`(in a host of ${field(go.toolchain ?? 'Go')}${flags}, system calls not restricted)`);
  return `${style.bold('Symbols of the Go plugin')} ${host}\n${rows.join('\n')}\n`;
}

function objectList({ objects }: LoadEvidence, style: Style): string {
  if (objects.length === 0) return '';
  const rows = objects.slice(0, MOST_OBJECTS).map(({ path }) => `  ${field(path)}`);
  if (objects.length > MOST_OBJECTS) rows.push(style.dim(`  … and ${objects.length - MOST_OBJECTS} more`));
  return `${style.bold('Files mapped')}\n${rows.join('\n')}\n`;
}

/** Those that have a name or take their time; every library has some that do nothing. */
function constructorList({ constructors = [] }: LoadEvidence, style: Style): string {
  const worth = constructors.filter(
    ({ function: name, durationMs = Number.POSITIVE_INFINITY }) => name !== undefined || durationMs >= 1,
  );
  if (worth.length === 0) return '';
  const rows = worth.slice(0, MOST_OBJECTS).map(({ object, address, function: name, location, durationMs }) => {
    const time = durationMs === undefined ? 'did not return' : `${durationMs.toFixed(2)} ms`;
    const line = location === undefined ? '' : `, ${location.file}:${location.line}`;
    return `  ${time.padStart(14)}  ${field(`${name ?? address}`)} ${style.dim(field(`(${object}${line})`))}`;
  });
  if (worth.length > MOST_OBJECTS) rows.push(style.dim(`  … and ${worth.length - MOST_OBJECTS} more`));
  return `${style.bold('Constructors')}\n${rows.join('\n')}\n`;
}

/** What each load and unload leaves behind. */
function cyclesBlock({ cycles }: LoadEvidence, style: Style): string {
  if (cycles?.growth === undefined) return '';
  const { count, growth, control } = cycles;
  const less = control === undefined ? '' : ', less what an empty library costs';
  const row = `  ${growth.heapBytes.toFixed(1)} bytes of heap, ${growth.mappings.toFixed(2)} mappings, ${growth.descriptors.toFixed(2)} descriptors, ${growth.threads.toFixed(2)} threads`;
  return `${style.bold('Left behind by each load and unload')} ${style.dim(`(${count} cycles${less})`)}\n${row}\n`;
}

/** Both releases side by side. */
function comparisonBlock({ comparison }: LoadEvidence, style: Style): string {
  if (comparison === undefined) return '';
  const { old, new: now, newCalls, newLibraries, result } = comparison;
  if (result !== 'loaded') {
    return `${style.bold('Against the previous release')}\n  it could not be loaded here (${result}), so there is nothing to compare with\n`;
  }
  const rows = [
    `  loading    ${old.openMs.toFixed(1)} ms → ${now.openMs.toFixed(1)} ms`,
    `  resident   ${formatBytes(old.residentKiB * 1024)} → ${formatBytes(now.residentKiB * 1024)}`,
    `  threads    ${old.threads} → ${now.threads}`,
    `  new        ${newCalls.length} system calls, ${newLibraries.length} libraries`,
  ];
  return `${style.bold('Against the previous release')}\n${rows.join('\n')}\n`;
}

function swapBlock({ swap }: LoadEvidence, style: Style): string {
  if (swap === undefined) return '';
  const rows = swap.acts.map(({ name, succeeded, timeMs }) => {
    const mark = succeeded ? style.green('✓') : style.red('✗');
    return `  ${mark} ${field(name).padEnd(13)} ${style.dim(`${timeMs.toFixed(1)} ms`)}`;
  });
  const { served, failed, longestGapMs, rules, keptKiB } = swap;
  const gap = longestGapMs === undefined ? '' : `, longest gap ${longestGapMs.toFixed(2)} ms`;
  rows.push(
    `  ${served.old} calls served by the previous release, ${served.new} by the new one, ${failed} failed${gap}`,
  );
  if (keptKiB !== undefined) rows.push(`  ${formatBytes(keptKiB * 1024)} stay in the host for as long as it runs`);
  rows.push(
    style.dim(
      rules === 'go'
        ? '  A Go host must do the same: a file and a plugin path of its own for each release, the same toolchain and shared packages, probe before use; nothing is ever unloaded.'
        : '  A host must do the same: a file of its own for each release, RTLD_LOCAL, probe before use, drain before dlclose.',
    ),
  );
  return `${style.bold('Rehearsal of a hot swap')}\n${rows.join('\n')}\n`;
}

/** The calls that the plugin itself made: what the dynamic linker opens is the list of files above. */
function callSummary({ calls, callCount }: LoadEvidence, style: Style): string {
  const own = calls.filter(({ callerOffset }) => callerOffset !== undefined);
  if (own.length === 0) return '';
  const rows = own.slice(0, MOST_CALLS).map(({ phase, name, detail, writes, denied, function: caller }) => {
    const by = caller === undefined ? '' : style.dim(` by ${field(caller)}`);
    return `  ${phase.padEnd(8)} ${name} ${field(detail)}${writes ? ' (writes)' : ''}${denied ? style.red(' denied') : ''}${by}`;
  });
  const more = own.length - rows.length;
  if (more > 0) rows.push(style.dim(`  … and ${more} more`));
  return `${style.bold('System calls of the plugin')} ${style.dim(`(${callCount} recorded in all)`)}\n${rows.join('\n')}\n`;
}

/** The plugin's own words, marked at every line so that they cannot pass for ours. */
function outputBlock(title: string, { text, bytes }: CapturedOutput, style: Style): string {
  if (bytes === 0) return '';
  const lines = escapeTerminalBlock(text).replace(/\n+$/, '').split('\n');
  const shown = lines.slice(-MOST_OUTPUT_LINES).map((line) => `  ${style.dim('│')} ${truncate(line, LONGEST_FIELD)}`);
  return `${style.bold(`Printed to ${title}`)} ${style.dim(`(${formatBytes(bytes)})`)}\n${shown.join('\n')}\n`;
}

function surroundings({ loader, isolation, audit }: LoadEvidence, style: Style): string {
  if (loader === undefined || isolation === undefined) return '';
  const where = [loader.machine, `${loader.libc} ${loader.libcVersion ?? ''}`.trim()];
  if (loader.emulator !== undefined) where.push(`under ${loader.emulator}`);
  where.push(isolation.processNamespace ? 'own process namespace' : 'no process namespace');
  where.push(`sandbox profile ${isolation.profile}`);
  if (!isolation.recorded) where.push('system calls not restricted');
  if (!isolation.files && isolation.profile !== 'audit') where.push('no Landlock');
  if (audit?.linker === false) where.push(`no word of the dynamic linker: ${audit.reason ?? 'for an unknown reason'}`);
  else if (audit?.reason !== undefined) where.push(audit.reason);
  return `${style.dim(`Loaded with ${field(where.join(', '))}`)}\n`;
}
