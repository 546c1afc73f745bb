import { visibleLine, visibleLines } from './visible.ts';

/** A zero-width space splits what GitHub would link. Text has none of its own any more when it is put in. */
const BREAK = '\u200b';
/** How it is written, so that it can be seen in the source. */
const BREAK_ENTITY = '&#8203;';

/**
 * Untrusted text for one place in a line of GitHub Flavored Markdown (list item, paragraph, table cell): it reads as
 * written and does nothing. No emphasis, link, image, HTML, table cell, list, heading, emoji or formula; and no mention,
 * issue reference or bare link either, which GitHub makes from the rendered text, where backslashes are gone: those are
 * split by a zero-width space. Line breaks and invisible characters are written as escapes.
 */
export function escapeMarkdown(text: string): string {
  return atLineStart(inline(text.trim()));
}

/**
 * As {@link escapeMarkdown} for sentences, outside of tables: what stands between single backticks becomes a code span.
 * As safe as both of them.
 */
export function proseMarkdown(text: string): string {
  const parts = text.trim().split(/(?<!`)`([^`]+)`(?!`)/);
  return atLineStart(parts.map((part, index) => (index % 2 === 1 ? codeSpan(part) : inline(part))).join(''));
}

function inline(text: string): string {
  return visibleLine(text)
    .replace(/[\\`*_[\]{}()|~$!^]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/@(?=[\p{L}\p{N}])/gu, `@${BREAK}`)
    .replace(/#(?=\d)/g, `#${BREAK}`)
    .replace(/\b(GH)-(?=\d)/gi, `$1-${BREAK}`)
    .replace(/:(?=\/\/)|\b(?:mailto|xmpp):/gi, `$&${BREAK}`)
    .replace(/www(?=\.)/gi, `$&${BREAK}`)
    .replace(/:(?=[\w+\-\\]+:)/g, `:${BREAK}`)
    .replace(/\b[0-9a-f]{7,39}(?=[0-9a-f]\b)/gi, `$&${BREAK}`)
    .replaceAll(BREAK, BREAK_ENTITY);
}

/** No list, heading or underline of one begins with it. What starts with a code span has nothing to escape. */
function atLineStart(text: string): string {
  return text.replace(/^([-+=#:])/, '\\$1').replace(/^(\d+)([.)])(?=\s|$|\\)/, '$1\\$2');
}

/** The fence that text cannot close: one backtick more than its longest run, `least` at least. */
function fence(text: string, least: number): string {
  let longest = least - 1;
  for (const run of text.match(/`+/g) ?? []) longest = Math.max(longest, run.length);
  return '`'.repeat(longest + 1);
}

/**
 * Untrusted text as a code span, outside of tables. GitHub makes no mention, reference or link in it. Line breaks and
 * invisible characters are written as escapes. Source: CommonMark 0.31 section 6.1.
 */
export function codeSpan(text: string): string {
  const line = visibleLine(text);
  const ticks = fence(line, 1);
  // One blank on both sides is taken away by the reader, unless all is blank; backticks at an edge need it.
  const padded = /^`|`$|^ .* $/.test(line) && line.trim() !== '' ? ` ${line} ` : line === '' ? ' ' : line;
  return ticks + padded + ticks;
}

/**
 * Untrusted text as code in a table cell. Readers differ on `\|` after a backslash inside a code span, so such text is
 * written as an element with every special character as an entity.
 */
export function codeCell(text: string): string {
  const line = visibleLine(text);
  if (!line.includes('|')) return codeSpan(text);
  return `<code>${line.replace(/[^A-Za-z0-9 ]/gu, (character) => `&#${character.codePointAt(0)};`)}</code>`;
}

/**
 * Untrusted text of several lines as a fenced block; line breaks stay, other invisible characters are written.
 * @param language info string of the fence, trusted (`diff`, `text`)
 */
export function codeBlock(text: string, language = 'text'): string {
  const block = visibleLines(text).replace(/\n+$/, '');
  const ticks = fence(block, 3);
  return `${ticks}${language}\n${block}\n${ticks}`;
}
