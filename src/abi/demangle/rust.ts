import { NotDemangled } from './print.ts';
import { V0 } from './rust-v0.ts';
import { MAX_NAME } from './state.ts';

const LLVM_SUFFIX = /\.llvm\.[0-9A-F@]+$/;

/** `_ZN…17h<16 hexadecimal digits>E`: Rust's older mangling, which borrows the form of C++. */
export function isLegacyRust(name: string): boolean {
  // Asked of every symbol: hardly one has these letters at this place.
  if (name.length > MAX_NAME || !(name.startsWith('17h', name.length - 20) || name.includes('.llvm.'))) return false;
  return /17h[0-9a-f]{16}E(?:\.llvm\.[0-9A-F@]+)?$/.test(name) && legacy(name) !== undefined;
}

export function isRustV0(name: string): boolean {
  return name.startsWith('_R') && /^_R[A-Z]/.test(name) && /^[\w.@$]+$/.test(name);
}

/** Whether a symbol has a Rust name: with a hash of the crate, so that no other release has it. */
export function isRustName(name: string): boolean {
  return isRustV0(name) || isLegacyRust(name);
}

/**
 * The path of a Rust symbol as sources write it, hashes left out: `<geo::Shape as core::fmt::Debug>::fmt`.
 * Source: the Rust symbol mangling RFC 2603 and rustc-demangle.
 */
export function demangleRust(name: string): string | undefined {
  if (name.length > MAX_NAME) return undefined;
  if (isLegacyRust(name)) return legacy(name);
  if (!isRustV0(name)) return undefined;
  try {
    const mangled = name.replace(LLVM_SUFFIX, '').slice(2);
    const dot = mangled.indexOf('.');
    const printer = new V0(dot < 0 ? mangled : mangled.slice(0, dot));
    printer.path(true, 0);
    return dot < 0 ? printer.out : `${printer.out}${mangled.slice(dot)}`;
  } catch (error) {
    if (error instanceof NotDemangled) return undefined;
    throw error;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  SP: '@',
  BP: '*',
  RF: '&',
  LT: '<',
  GT: '>',
  LP: '(',
  RP: ')',
  C: ',',
};

function legacy(name: string): string | undefined {
  if (!name.startsWith('_ZN')) return undefined;
  let at = 3;
  const parts: string[] = [];
  while (at < name.length && name[at] !== 'E') {
    const digits = /^\d{1,6}/.exec(name.slice(at, at + 6))?.[0];
    if (digits === undefined) return undefined;
    const start = at + digits.length;
    at = start + Number(digits);
    if (at > name.length) return undefined;
    parts.push(unescaped(name.slice(start, at)));
  }
  return parts.slice(0, -1).join('::');
}

function unescaped(part: string): string {
  const text = part.startsWith('_$') ? part.slice(1) : part;
  return text
    .replace(/\$(\w{1,6}?)\$/g, (whole, code: string) => {
      const known = ESCAPES[code];
      if (known !== undefined) return known;
      const point = /^u([0-9a-f]{1,5})$/.exec(code)?.[1];
      return point === undefined ? whole : String.fromCodePoint(Number.parseInt(point, 16));
    })
    .replace(/\.\./g, '::');
}
