const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * A name from the file (one latin1 character a byte) as people write it: Go and Rust names are UTF-8. Bytes that are not
 * UTF-8 stay as they are.
 */
export function nameText(raw: string): string {
  if (!/[\x80-\xff]/.test(raw)) return raw;
  try {
    return strictUtf8.decode(Buffer.from(raw, 'latin1'));
  } catch {
    return raw;
  }
}

/** The first names of symbols for a message, cut, with the number of the others. */
export function someNames(symbols: readonly { readonly name: string }[]): string {
  const names = symbols.slice(0, 3).map(({ name }) => nameText(name.slice(0, 100)));
  return `${names.join(', ')}${symbols.length > names.length ? ` and ${symbols.length - names.length} more` : ''}`;
}
