import type { ScriptProblem } from './version-script.ts';

/** A piece of a version script. Lines and columns start at 1; columns count UTF-16 units. */
export interface Token {
  readonly kind: 'word' | 'string' | 'mark';
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

const BLANK = /[ \t\r\f\v]+/y;
/** ldlex.l, VERS_NODE: what names and patterns consist of; `::` belongs to a C++ name, a single colon does not. */
const WORD = /(?:[\w$.*?[\]\-!^\\~+@/=<>|&%,()]|[^\x00-\x7f]|::)+/y;
const STRING = /"([^"\n]*)"/y;
const LINE_COMMENT = /#[^\n]*/y;
const BLOCK_COMMENT = /\/\*[\s\S]*?\*\//y;
const MARK = /[{};:]/y;

/** Splits a version script into names, strings and marks, without blanks and comments. Never throws. */
export function tokenize(text: string, file: string): { tokens: Token[]; problems: ScriptProblem[] } {
  const tokens: Token[] = [];
  const problems: ScriptProblem[] = [];
  let at = 0;
  let line = 1;
  let lineStart = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  const push = (kind: Token['kind'], content: string): void => {
    tokens.push({ kind, text: content, line, column: at - lineStart + 1 });
  };
  const wrong = (message: string): void => {
    problems.push({ message, location: { file, line, column: at - lineStart + 1 } });
  };
  while (at < text.length) {
    if (text[at] === '\n') {
      at += 1;
      line += 1;
      lineStart = at;
      continue;
    }
    const blank = match(BLANK) ?? match(LINE_COMMENT);
    if (blank !== null) {
      at += blank[0].length;
      continue;
    }
    if (text.startsWith('/*', at)) {
      const comment = match(BLOCK_COMMENT);
      if (comment === null) {
        wrong('The comment is not closed.');
        break;
      }
      for (let index = 0; index < comment[0].length; index += 1) {
        if (comment[0][index] === '\n') {
          line += 1;
          lineStart = at + index + 1;
        }
      }
      at += comment[0].length;
      continue;
    }
    const string = match(STRING);
    const piece = string ?? match(MARK) ?? match(WORD);
    if (piece === null) {
      wrong(`Unexpected character ${JSON.stringify(text[at])}.`);
      break;
    }
    if (string !== null) push('string', string[1] ?? '');
    else push(/^[{};:]$/.test(piece[0]) ? 'mark' : 'word', piece[0]);
    at += piece[0].length;
  }
  return { tokens, problems };
}
