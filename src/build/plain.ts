const MAX_LINE = 4000;

/** CSI, OSC and the other escape sequences of ECMA-48, in both their 7-bit and 8-bit forms. */
const ESCAPES =
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001b[\]PX^_][^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]|\u009b[0-?]*[ -/]*[@-~]/g;

/** Output of a program as lines of plain text: no escape sequences, no carriage-return progress, each of bounded length. */
export function plainLines(output: string): readonly string[] {
  return output.split('\n').map((raw) => {
    const text = raw.slice(0, MAX_LINE).replace(ESCAPES, '').replace(/\r+$/, '');
    // A progress line rewrites itself: what a person last saw is behind the last carriage return.
    return text.slice(text.lastIndexOf('\r') + 1).replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '');
  });
}

/** The last `count` lines that are not empty at the end, of at most `limit` characters together. */
export function lastLines(output: string, count: number, limit: number): string {
  const text = plainLines(output).join('\n').trimEnd().split('\n').slice(-count).join('\n');
  return text.length > limit ? text.slice(text.length - limit) : text;
}
