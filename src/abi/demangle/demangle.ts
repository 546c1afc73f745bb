import { demangleItanium } from './itanium.ts';
import { demangleRust } from './rust.ts';

/** What people call a symbol: the C++ or Rust name behind a mangled one; undefined where there is none. */
export function demangle(name: string): string | undefined {
  return demangleRust(name) ?? demangleItanium(name);
}

/** Longer names are cut in messages: template instances can fill pages. */
const MAX_SHOWN = 240;

/** The name of a symbol for messages, its version kept: `geo::Shape::area(int) const@GEO_1`. Raw text, not escaped. */
export function shownSymbol(label: string): string {
  const at = label.indexOf('@');
  const name = at <= 0 ? label : label.slice(0, at);
  const readable = demangle(name);
  if (readable === undefined) return label;
  const shown = `${readable}${at <= 0 ? '' : label.slice(at)}`;
  return shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN - 1)}…` : shown;
}
