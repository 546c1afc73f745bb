import { stripAnsi } from './terminal.ts';

/** One column each: ASCII, Latin, punctuation, arrows, box drawing, ticks. Spares the larger patterns, slow to compile. */
const NARROW = /^[ -~\u00ae-\u02ff\u2010-\u2027\u2190-\u22ff\u2500-\u27bf]*$/;
const ZERO = /^[\p{M}\p{Cf}]/u;
/** The blocks that terminals draw two columns wide: Hangul, CJK, full-width forms, emoji (Unicode UAX 11, W and F). */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;

/** Columns that text takes on a terminal; control sequences take none. */
export function columns(text: string): number {
  if (NARROW.test(text)) return text.length;
  let sum = 0;
  for (const character of stripAnsi(text)) sum += ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return sum;
}

/** Text with blanks behind it up to `width` columns; longer text as it is. */
export function padColumns(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columns(text)));
}

/**
 * Lines of at most `width` columns, broken at blanks. Line feeds in text stay breaks. A word that is longer than a
 * line (a symbol, a path) stays whole, so that it can be copied.
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    let used = 0;
    for (const word of paragraph.split(' ')) {
      const size = columns(word);
      if (line !== '' && used + 1 + size > width) {
        lines.push(line);
        line = word;
        used = size;
      } else {
        used += size + (line === '' ? 0 : 1);
        line = line === '' ? word : `${line} ${word}`;
      }
    }
    lines.push(line);
  }
  return lines;
}

/** {@link wrap} with each line behind an indentation; `first` stands before the first line instead. */
export function wrapIndented(text: string, width: number, indent: string, first = indent): string {
  return wrap(text, Math.max(20, width - columns(indent)))
    .map((line, index) => (index === 0 ? first : indent) + line)
    .join('\n');
}
