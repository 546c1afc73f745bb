import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { ConfigProblem, DataPath } from './problem.ts';

/** A YAML file as data, with the place of each value. */
export interface YamlSource {
  readonly data: unknown;
  /** Faults that leave the data readable, such as a key that is there twice. */
  readonly problems: readonly ConfigProblem[];
  /** Place of the value at a path, or of its key; of the nearest thing around it where it is missing. 1-based. */
  readonly placeOf: (path: DataPath, what: 'key' | 'value') => { readonly line: number; readonly column: number };
}

/** More than any release needs; what is longer was not written by hand. Characters. */
const MAX_LENGTH = 262_144;
/** Faults that are told; a file with more is no YAML. */
const MAX_FAULTS = 100;
/** Times that values may be repeated through aliases; the `yaml` package counts them through nested aliases. */
const MAX_ALIASES = 100;
/** Brackets and indentation that may be nested; the parser is recursive. */
const MAX_DEPTH = 64;

const TOO_DEEP = `nested deeper than ${MAX_DEPTH} levels`;

/**
 * Reads one YAML 1.2 document (core schema: no dates, no custom tags, no merge keys).
 * @param file name that the problems carry
 */
export function readYaml(file: string, text: string): YamlSource | { readonly problems: readonly ConfigProblem[] } {
  const whole = (message: string, line = 1, column = 1) => ({
    problems: [{ file, line, column, path: '', message }],
  });
  if (text.length > MAX_LENGTH) return whole(`the file is larger than ${MAX_LENGTH} characters`);
  if (text.includes('\u0000')) return whole('the file holds NUL characters; expected YAML text in UTF-8');
  const deep = tooDeepAt(text);
  if (deep !== undefined) return whole(TOO_DEEP, deep.line, deep.column);

  const lines = new LineCounter();
  let document: ReturnType<typeof parseDocument>;
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, logLevel: 'error' });
  } catch (error) {
    if (error instanceof RangeError) return whole(TOO_DEEP);
    throw error;
  }
  const problems = [...document.errors, ...document.warnings].slice(0, MAX_FAULTS).map((fault): ConfigProblem => {
    const { line, col } = lines.linePos(fault.pos[0]);
    return { file, line, column: col, path: '', message: messageOf(fault) };
  });
  if (problems.length > 0) return { problems };
  const keys = keyFaults(document.contents).slice(0, MAX_FAULTS);
  for (const { offset, message } of keys) {
    const { line, col } = lines.linePos(offset);
    problems.push({ file, line, column: col, path: '', message });
  }
  if (keys.some(({ fatal }) => fatal)) return { problems };

  let data: unknown;
  try {
    data = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    // ReferenceError: too many or unresolved aliases; RangeError: an alias inside its own anchor.
    if (error instanceof ReferenceError && error.message.startsWith('Unresolved alias')) {
      return whole('an alias (*name) has no anchor (&name) before it');
    }
    if (error instanceof ReferenceError || error instanceof RangeError) {
      return whole(`aliases (*name) repeat too much; expected at most ${MAX_ALIASES} repeated values`);
    }
    throw error;
  }
  if (data === null || data === undefined) return whole('the file is empty');
  if (isCircular(data, new Set())) return whole('an alias (*name) stands inside its own anchor (&name)');

  return {
    data,
    problems,
    placeOf: (path, what) => {
      const { line, col } = lines.linePos(offsetOf(document.contents, path, what, (node) => resolve(node)));
      return { line: Math.max(1, line), column: Math.max(1, col) };
    },
  };

  function resolve(node: unknown): Node | null {
    if (isAlias(node)) return node.resolve(document) ?? null;
    return isMap(node) || isSeq(node) || isScalar(node) ? node : null;
  }
}

interface KeyFault {
  readonly offset: number;
  readonly message: string;
  /** What the data would not show as it is written. */
  readonly fatal: boolean;
}

/**
 * Keys that are there twice, and keys that are no single values. Not left to the parser, whose check takes the square of
 * the number of keys.
 */
function keyFaults(root: unknown): KeyFault[] {
  const faults: KeyFault[] = [];
  const open = [root];
  for (let node = open.pop(); node !== undefined || open.length > 0; node = open.pop()) {
    if (isSeq(node)) for (const item of node.items) open.push(item);
    if (!isMap(node)) continue;
    const seen = new Set<string>();
    for (const { key, value } of node.items) {
      open.push(value);
      const offset = startOf(key) ?? startOf(node) ?? 0;
      if (!isScalar(key)) {
        faults.push({ offset, message: 'a key that is itself a list, mapping or alias; expected a name', fatal: true });
        continue;
      }
      const name = String(key.value);
      if (seen.has(name)) {
        faults.push({ offset, message: `the key ${shortened(name)} is there twice; keep one`, fatal: false });
      }
      // Libraries leave it out silently, since it means something else to JavaScript.
      if (name === '__proto__') faults.push({ offset, message: 'the key "__proto__" cannot be used', fatal: true });
      seen.add(name);
    }
  }
  return faults;
}

function shortened(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}

/** Whether data contains itself. Its depth and its repetitions are limited by now. */
function isCircular(data: unknown, around: Set<object>): boolean {
  if (typeof data !== 'object' || data === null) return false;
  if (around.has(data)) return true;
  around.add(data);
  const found = Object.values(data).some((value) => isCircular(value, around));
  around.delete(data);
  return found;
}

/** Offset of the node at a path, as far down as there is one. */
function offsetOf(
  root: unknown,
  path: DataPath,
  what: 'key' | 'value',
  resolve: (node: unknown) => Node | null,
): number {
  let place = startOf(root) ?? 0;
  let node = resolve(root);
  for (const [depth, part] of path.entries()) {
    let child: unknown;
    let key: unknown;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      key = pair?.key;
      child = pair?.value;
    } else if (isSeq(node) && typeof part === 'number') {
      child = node.items[part];
      key = child;
    }
    const wanted = depth === path.length - 1 && what === 'key' ? key : (child ?? key);
    const start = startOf(wanted) ?? startOf(key);
    if (start === undefined) return place;
    place = start;
    node = resolve(child);
  }
  return place;
}

function startOf(node: unknown): number | undefined {
  return isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? node.range?.[0] : undefined;
}

function messageOf(fault: { readonly code: string; readonly message: string }): string {
  switch (fault.code) {
    case 'MULTIPLE_DOCS':
      return 'a second document begins here (---); expected one';
    case 'TAG_RESOLVE_FAILED':
      return 'a YAML tag (!name) that is not known; expected plain values';
    case 'TAB_AS_INDENT':
      return 'a tab in the indentation; expected spaces';
    default:
      if (fault.message.includes('call stack')) return TOO_DEEP;
      return `not valid YAML: ${fault.message.split('\n', 1)[0] ?? ''}`;
  }
}

/**
 * Where a text opens more flow brackets, or more block levels, than any configuration needs. Brackets inside quotes are
 * counted too: that errs on the safe side, and nobody writes so many.
 */
function tooDeepAt(text: string): { readonly line: number; readonly column: number } | undefined {
  let open = 0;
  for (const [index, row] of text.split('\n').entries()) {
    const dashes = /^[\s?-]*/.exec(row)?.[0] ?? '';
    if (dashes.replaceAll(/\s/g, '').length > MAX_DEPTH) return { line: index + 1, column: 1 };
    for (let column = 0; column < row.length; column++) {
      const char = row[column];
      if (char === '[' || char === '{') open++;
      else if ((char === ']' || char === '}') && open > 0) open--;
      if (open > MAX_DEPTH) return { line: index + 1, column: column + 1 };
    }
  }
  return undefined;
}
