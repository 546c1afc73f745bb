import { escapeHtml } from '../../text/html.ts';

/** A piece of finished HTML. Made by {@link html} alone, or by {@link trusted} from text of this program. */
export interface Markup {
  readonly markup: string;
}

type Part = Markup | string | number | undefined | false | readonly Part[];

/**
 * HTML from a template: whatever is put in is escaped, unless it is Markup already. Lists are joined; undefined and
 * false are left out. So no renderer can forget to escape.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let markup = strings[0] ?? '';
  for (const [index, part] of parts.entries()) markup += written(part) + (strings[index + 1] ?? '');
  return { markup };
}

/** Text that is HTML and comes from this program, never from a report. */
export function trusted(markup: string): Markup {
  return { markup };
}

export const NOTHING: Markup = { markup: '' };

function written(part: Part): string {
  if (part === undefined || part === false) return '';
  if (typeof part === 'string') return escapeHtml(part);
  if (typeof part === 'number') return String(part);
  if (isMarkup(part)) return part.markup;
  return part.map(written).join('');
}

function isMarkup(part: Markup | readonly Part[]): part is Markup {
  return 'markup' in part;
}
