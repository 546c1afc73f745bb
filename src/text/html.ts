import { visibleLine, visibleLines } from './visible.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function entities(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** Untrusted text for element content or a quoted attribute of HTML; invisible characters are written as escapes. */
export function escapeHtml(text: string): string {
  return entities(visibleLine(text));
}

/** As {@link escapeHtml}, for `<pre>`: line feeds and tabs stay. */
export function escapeHtmlBlock(text: string): string {
  return entities(visibleLines(text));
}

/** As {@link escapeHtml} for sentences: what stands between single backticks becomes `<code>`. */
export function proseHtml(text: string): string {
  return text
    .split(/(?<!`)`([^`]+)`(?!`)/)
    .map((part, index) => (index % 2 === 1 ? `<code>${escapeHtml(part)}</code>` : escapeHtml(part)))
    .join('');
}
