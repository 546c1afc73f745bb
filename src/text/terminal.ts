import { visibleLine, visibleLines } from './visible.ts';

/**
 * Untrusted text for one place in a line of a terminal: nothing in it can colour, move, hide or reorder anything.
 * Control sequences stay readable (`\x1b[31m`), line breaks are written as `\n`.
 */
export function escapeTerminal(text: string): string {
  return visibleLine(text);
}

/** Untrusted text of several lines for a terminal (the output of a compiler): colours removed, the rest as above. */
export function escapeTerminalBlock(text: string): string {
  return visibleLines(stripAnsi(text));
}

/**
 * ECMA-48 control sequences: CSI (7-bit and C1 form), OSC/DCS/SOS/PM/APC strings up to their terminator or the end of
 * the line, and two-character escapes. Strings stop at a line feed so that an unclosed one hides one line at most.
 */
const ANSI =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]/g;

/** Text without terminal control sequences: colours, titles, cursor movements, hyperlinks. */
export function stripAnsi(text: string): string {
  return text.replace(ANSI, '');
}
