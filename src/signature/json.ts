/** Bounds for {@link parseStrictJson}. */
export interface JsonBounds {
  readonly bytes: number;
  readonly depth: number;
  /** Keys and values of all kinds. */
  readonly values: number;
}

export type StrictJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: 'malformed' | 'too-large'; readonly problem: string };

interface Level {
  /** Keys seen so far; undefined for an array. */
  readonly keys: Set<string> | undefined;
  /** The next string in an object is a key. */
  expectsKey: boolean;
}

function malformed(problem: string): StrictJson {
  return { ok: false, reason: 'malformed', problem };
}

function tooLarge(problem: string): StrictJson {
  return { ok: false, reason: 'too-large', problem };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Index of the closing quote of the string that opens at `start`, or -1. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return -1;
    let backslashes = 0;
    while (quote - backslashes > at && text.charCodeAt(quote - backslashes - 1) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote;
    at = quote + 1;
  }
  return -1;
}

/**
 * Finds what JSON.parse lets through: keys written twice (two readers may each take another one) and structures that
 * are too deep or too many. Grammar is left to JSON.parse, which runs afterwards on the same text.
 */
function scan(text: string, bounds: JsonBounds): StrictJson | undefined {
  const levels: Level[] = [];
  let values = 0;
  let inScalar = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const level = levels.at(-1);
    switch (code) {
      case QUOTE: {
        inScalar = false;
        values++;
        const end = endOfString(text, at);
        if (end < 0) return malformed(`the string that opens at character ${at} is not closed`);
        if (level?.keys !== undefined && level.expectsKey) {
          let key: unknown;
          try {
            key = JSON.parse(text.slice(at, end + 1));
          } catch {
            return malformed(`the key at character ${at} is not a valid string`);
          }
          if (typeof key !== 'string') return malformed(`the key at character ${at} is not a string`);
          if (level.keys.has(key)) return malformed(`the key ${JSON.stringify(key.slice(0, 80))} is given twice`);
          level.keys.add(key);
          level.expectsKey = false;
        }
        at = end;
        break;
      }
      case 0x7b: // {
      case 0x5b: // [
        inScalar = false;
        values++;
        if (levels.length >= bounds.depth) return tooLarge(`it is nested more than ${bounds.depth} levels deep`);
        levels.push(code === 0x7b ? { keys: new Set(), expectsKey: true } : { keys: undefined, expectsKey: false });
        break;
      case 0x7d: // }
      case 0x5d: // ]
        inScalar = false;
        levels.pop();
        break;
      case 0x2c: // ,
        inScalar = false;
        if (level !== undefined) level.expectsKey = level.keys !== undefined;
        break;
      case 0x3a: // :
      case 0x20:
      case 0x09:
      case 0x0a:
      case 0x0d:
        inScalar = false;
        break;
      default:
        if (!inScalar) values++;
        inScalar = true;
    }
    if (values > bounds.values) return tooLarge(`it has more than ${bounds.values} keys and values`);
  }
  return undefined;
}

/**
 * JSON from an untrusted source: UTF-8 without errors, one value, no key twice in an object (escapes are resolved
 * first), and inside the bounds, which are checked before anything is built.
 */
export function parseStrictJson(bytes: Uint8Array, bounds: JsonBounds): StrictJson {
  if (bytes.length > bounds.bytes) return tooLarge(`it has more than ${bounds.bytes} bytes`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return malformed('it is not UTF-8 text');
  }
  const refused = scan(text, bounds);
  if (refused !== undefined) return refused;
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return malformed(error instanceof Error ? error.message.slice(0, 200) : 'it is not JSON');
  }
}

/** A plain object (not an array, not null), for reading members of parsed JSON without trusting its shape. */
export function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

/** The value under a path of member names, or undefined as soon as one is missing. */
export function member(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const name of path) {
    const object = record(current);
    if (object === undefined || !Object.hasOwn(object, name)) return undefined;
    current = object[name];
  }
  return current;
}
