/**
 * Characters that a person cannot see, or that move the cursor, reorder or recolour what is around them: C0 and C1
 * controls, format characters (bidi overrides and isolates, tags), line and paragraph separators, lone surrogates, and
 * everything else that Unicode draws as nothing (fillers, zero-width, variation selectors but the one of emoji).
 */
const INVISIBLE = /(?!\ufe0f)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
const INVISIBLE_BUT_LINES = /(?!\ufe0f)(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Nothing to look for: spares the larger patterns, which are slow to compile. */
const PRINTABLE = /^[ -~]*$/;

function written(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  switch (code) {
    case 0x09:
      return '\\t';
    case 0x0a:
      return '\\n';
    case 0x0d:
      return '\\r';
  }
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/**
 * One line of text with every invisible or cursor-moving character written as an escape such as `\x1b` or `\u202e`,
 * so that what is shown is what is there. Line breaks and tabs are written too.
 */
export function visibleLine(text: string): string {
  return PRINTABLE.test(text) ? text : text.replace(INVISIBLE, written);
}

/** As {@link visibleLine}, but keeps line feeds and tabs; CRLF becomes LF. For output of programs and other blocks. */
export function visibleLines(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(INVISIBLE_BUT_LINES, written);
}
