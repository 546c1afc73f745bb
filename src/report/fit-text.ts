import type { Fit } from '../fit/model.ts';
import { columns, padColumns } from '../text/columns.ts';
import { type Style, styleFor } from '../text/style.ts';
import { escapeTerminal } from '../text/terminal.ts';
import { truncate } from '../text/truncate.ts';
import { textWidth } from '../text/width.ts';
import { worstFirst } from './diff-order.ts';
import { findingJson } from './finding-json.ts';
import { renderFindings } from './finding-text.ts';

/** Rules that do not keep a plugin from being loaded, and from working. */
const TYPES: ReadonlySet<string> = new Set(['fit/host-type-differs', 'fit/entry-signature-differs']);

/** The answer for one plugin. */
export interface FileFit {
  readonly file: string;
  readonly fit: Fit;
}

/** The answers of one host, plugins in the order in which it loads them. */
export interface HostFit {
  /** As given: a path, or a kind of host and a system. */
  readonly host: string;
  readonly kind: 'program' | 'described' | 'unknown' | 'unusable';
  /** The command that built it, when it was a Go package. */
  readonly built?: string;
  readonly plugins: readonly FileFit[];
}

const MAX_NAME = 300;
const MAX_COLUMN = 24;
const MOST_FINDINGS = 100;

/**
 * Answers as JSON (`plugin-gate/fit/v1`, schema/fit.v1.json), two blanks deep, ending with a line feed.
 * @param plugins each plugin with what all hosts say of it
 * @param hosts each host by itself; left out where there is one only that was simply named
 */
export function renderFitJson(plugins: readonly FileFit[], hosts: readonly HostFit[]): string {
  const matrix = hosts.length > 1 || hosts.some(({ built }) => built !== undefined);
  const value = {
    schema: 'plugin-gate/fit/v1',
    plugins: plugins.map(pluginJson),
    ...(matrix ? { hosts: hosts.map((host) => ({ ...host, plugins: host.plugins.map(pluginJson) })) } : {}),
  };
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function pluginJson({ file, fit: { loads, reasons, go } }: FileFit): Readonly<Record<string, unknown>> {
  return { file, loads, reasons: worstFirst(reasons).map(findingJson), ...(go === undefined ? {} : { go }) };
}

/** Answers for a person at a terminal: a table where there are several hosts, then each plugin with its reasons. */
export function renderFitText(
  plugins: readonly FileFit[],
  hosts: readonly HostFit[],
  options: { readonly colour: boolean; readonly width?: number },
): string {
  const style = styleFor(options.colour);
  const width = textWidth(options.width);
  const blocks = plugins.map(({ file, fit }) => {
    const head = `  ${verdict(fit, style)}  ${escapeTerminal(truncate(file, MAX_NAME))}\n`;
    const body = renderFindings(worstFirst(fit.reasons), { style, width, limit: MOST_FINDINGS });
    return body === '' ? head : `${head}\n${body}`;
  });
  const built = hosts.flatMap(({ host, built: command }) =>
    command === undefined ? [] : [`  ${style.dim(`${escapeTerminal(host)} built: ${escapeTerminal(command)}`)}\n`],
  );
  const before = [...(hosts.length > 1 ? [matrix(plugins, hosts, style)] : []), ...built];
  return `\n${[...before, ...blocks].join('\n')}`;
}

/** Plugins against hosts. */
function matrix(plugins: readonly FileFit[], hosts: readonly HostFit[], style: Style): string {
  const heads = hosts.map(({ host }) => escapeTerminal(lastPart(host)));
  const names = plugins.map(({ file }) => escapeTerminal(lastPart(file)));
  const first = Math.max(...names.map(columns));
  const widths = heads.map((head) => Math.max(columns(head), 'undecided'.length + 2));
  const row = (cells: readonly string[]) => `  ${cells.join('  ').trimEnd()}\n`;
  const lines = plugins.map((_, index) => {
    const cells = hosts.map(({ plugins: own }, at) => {
      const answer = own[index]?.fit.loads ?? 'undecided';
      return paint(answer, style)(padColumns(CELLS[`${answer}`], widths[at] ?? 0));
    });
    return row([padColumns(names[index] ?? '', first), ...cells]);
  });
  return (
    row([' '.repeat(first), ...heads.map((head, at) => style.bold(padColumns(head, widths[at] ?? 0)))]) + lines.join('')
  );
}

/** The end of a path tells files apart; the beginning is mostly the same. */
function lastPart(path: string): string {
  const characters = [...path];
  return characters.length <= MAX_COLUMN ? path : `…${characters.slice(1 - MAX_COLUMN).join('')}`;
}

const CELLS = { true: '✓ loads', false: '✗ no', undecided: '? undecided' } as const;

function paint(loads: Fit['loads'], style: Style): (text: string) => string {
  switch (loads) {
    case true:
      return style.green;
    case false:
      return style.red;
    case 'undecided':
      return style.magenta;
  }
}

function verdict({ loads, reasons }: Fit, style: Style): string {
  // The loader knows nothing of types: what it takes may still not work there.
  const errors = reasons.filter(({ severity }) => severity === 'error');
  const loadable = errors.length > 0 && errors.every(({ rule }) => TYPES.has(rule));
  const no = loadable ? '✗ LOADS, AND DOES NOT FIT' : '✗ DOES NOT LOAD';
  const text = { true: '✓ LOADS', false: no, undecided: '? UNDECIDED' } as const;
  return style.bold(paint(loads, style)(text[`${loads}`]));
}
