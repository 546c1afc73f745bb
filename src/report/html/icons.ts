import type { StepStatus } from '../../gate/report.ts';
import type { SectionKind } from '../group.ts';
import { html, type Markup, trusted } from './markup.ts';

/** Each status has a shape of its own, so that it can be told without colour. */
export type IconName = 'pass' | 'warn' | 'fail' | 'undecided' | 'skipped' | 'note' | 'waived';

const SHAPES: Readonly<Record<IconName, string>> = {
  pass: '<circle cx="8" cy="8" r="7"/><path class="ink" d="m4.8 8.3 2.2 2.2 4.3-4.7"/>',
  warn: '<path d="M8 1.2 15.4 14.4H.6Z"/><path class="ink" d="M8 6v3.6M8 11.9v.1"/>',
  fail: '<path d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1Z"/><path class="ink" d="m5.6 5.6 4.8 4.8m0-4.8-4.8 4.8"/>',
  undecided:
    '<path d="M8 .4 15.6 8 8 15.6.4 8Z"/><path class="ink" d="M6.3 6.4a1.8 1.8 0 1 1 2.5 1.7c-.6.3-.8.6-.8 1.2M8 11.5v.1"/>',
  skipped: '<path class="line" d="M4.5 8h7"/>',
  note: '<circle cx="8" cy="8" r="7"/><path class="ink" d="M8 7.4v4M8 4.8v.1"/>',
  waived: '<circle class="line" cx="8" cy="8" r="6.2"/><path class="line" d="m5.2 8.2 2 2 3.6-4"/>',
};

/** The shapes, once a page; {@link icon} refers to them. */
export function iconSheet(): Markup {
  const symbols = Object.entries(SHAPES).map(
    ([name, shape]) => `<symbol id="i-${name}" viewBox="0 0 16 16">${shape}</symbol>`,
  );
  return trusted(`<svg class="sheet" aria-hidden="true" width="0" height="0">${symbols.join('')}</svg>`);
}

/** A picture that says nothing by itself to a screen reader: text stands beside it. */
export function icon(name: IconName): Markup {
  return html`<svg class="icon is-${name}" aria-hidden="true" focusable="false"><use href="#i-${name}"/></svg>`;
}

/** The favicon: the verdict as a coloured dot, so that tabs can be told apart. */
export function favicon(status: StepStatus): Markup {
  const colours: Readonly<Record<StepStatus, string>> = {
    pass: '1b6e45',
    warn: '8a5a00',
    fail: 'b3261e',
    undecided: '6b4fa0',
    skipped: '63676e',
  };
  const svg = `%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='7' fill='%23${colours[status]}'/%3E%3C/svg%3E`;
  return html`<link rel="icon" href="data:image/svg+xml,${svg}">`;
}

export function kindIcon(kind: SectionKind): Markup {
  switch (kind) {
    case 'error':
      return icon('fail');
    case 'warning':
      return icon('warn');
    default:
      return icon(kind);
  }
}

export const STATUS_WORDS: Readonly<Record<StepStatus, string>> = {
  pass: 'pass',
  warn: 'warning',
  fail: 'fail',
  undecided: 'undecided',
  skipped: 'skipped',
};
