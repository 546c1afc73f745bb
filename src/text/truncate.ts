/** Length of text in UTF-8, in bytes. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

/**
 * The longest beginning of text that, with the mark, fits in `limit` bytes of UTF-8; text that fits is returned as it is.
 * Cut at a code point border. A limit smaller than the mark gives as much of the text as fits, without mark.
 */
export function truncateBytes(text: string, limit: number, mark = '…'): string {
  if (byteLength(text) <= limit) return text;
  const marked = byteLength(mark) <= limit;
  let room = marked ? limit - byteLength(mark) : limit;
  let end = 0;
  for (const character of text) {
    const size = byteLength(character);
    if (size > room) break;
    room -= size;
    end += character.length;
  }
  return text.slice(0, end) + (marked ? mark : '');
}

/** The first `limit` code points of text, the last one replaced by the mark when text is longer. */
export function truncate(text: string, limit: number, mark = '…'): string {
  if (text.length <= limit) return text;
  let count = 0;
  let keep = 0;
  for (const character of text) {
    count += 1;
    if (count > limit) return text.slice(0, keep) + mark;
    if (count < limit) keep += character.length;
  }
  return text;
}
