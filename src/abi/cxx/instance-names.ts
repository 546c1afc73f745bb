/** Names longer than this, and templates in templates beyond, are only compared as they are. */
const MAX_NAME = 16 * 1024;
const MAX_DEPTH = 48;

/** A name in its parts: texts, and between them lists of template arguments. */
type Part = string | readonly Named[];
interface Named {
  readonly text: string;
  readonly parts: readonly Part[];
}

/**
 * Whether two names are one instance of a template, written by two compilers: arguments that are defaults are left out in
 * the scopes of inner names (gcc writes `Outer<string<char> >::Inner` inside of others), enumerators are written as values, numbers with
 * a suffix. What the two are made of is compared apart from this.
 */
export function sameInstance(a: string, b: string): boolean {
  if (a === b) return true;
  if (a.includes(LOCAL) && b.includes(LOCAL)) return behindFunction(a) === behindFunction(b);
  if (!a.includes('<') || !b.includes('<') || a.length > MAX_NAME || b.length > MAX_NAME) return false;
  const [one, other] = [parse(compact(a)), parse(compact(b))];
  return one !== undefined && other !== undefined && sameName(one, other, false);
}

/** Classes inside of functions, whose own name compilers write with and without its scope: nobody outside can name them. */
const LOCAL = '()::';

function behindFunction(name: string): string {
  return name.slice(name.lastIndexOf(LOCAL));
}

/** Without blanks that mean nothing. */
function compact(name: string): string {
  return name.replace(/ (?=[^A-Za-z0-9_])|(?<=[^A-Za-z0-9_]) /g, '');
}

/** @param inner inside of the scope of another name, where defaults may be left out */
function sameName(a: Named, b: Named, inner: boolean): boolean {
  if (a.text === b.text || sameValue(a.text, b.text)) return true;
  if (a.parts.length !== b.parts.length) return false;
  return a.parts.every((part, at) => {
    const other = b.parts[at];
    if (typeof part === 'string' || typeof other === 'string' || other === undefined) return part === other;
    const next = a.parts[at + 1];
    const lenient = inner || (typeof next === 'string' && next.startsWith('::'));
    if (part.length !== other.length && !lenient) return false;
    const common = Math.min(part.length, other.length);
    return part.slice(0, common).every((argument, n) => sameName(argument, other[n] ?? argument, lenient));
  });
}

const VALUE = /^\(([A-Za-z_][\w:<>,]*)\)(-?\d+)$/;
const PATH = /^[A-Za-z_][\w:<>,]*$/;

/** `(std::policy)2` and `std::atomic`, `(bool)1` and `true`, `3ul` and `3`. */
function sameValue(a: string, b: string): boolean {
  const [one, other] = [VALUE.exec(a), VALUE.exec(b)];
  if (one !== null && other !== null) return false;
  const [value, text] = one === null ? [other, a] : [one, b];
  if (value === null) return number(a) !== undefined && number(a) === number(b);
  const [, type = '', digits = ''] = value;
  if (type === 'bool') return text === (digits === '0' ? 'false' : 'true');
  if (number(text) === digits) return true;
  return PATH.test(text) && scopeOf(text).startsWith(scopeOf(type));
}

function number(text: string): string | undefined {
  return /^(-?\d+)u?l{0,2}$/.exec(text)?.[1];
}

function scopeOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('::'), 0));
}

/** Undefined where the brackets do not go together, as with names of operators. */
function parse(name: string): Named | undefined {
  let at = 0;
  let broken = false;
  const named = (depth: number): Named => {
    const start = at;
    const parts: Part[] = [];
    let from = at;
    let round = 0;
    while (at < name.length) {
      const letter = name[at];
      if (letter === '(' || letter === '[' || letter === '{') round += 1;
      else if (letter === ')' || letter === ']' || letter === '}') round -= 1;
      else if ((letter === ',' && round <= 0) || letter === '>') break;
      else if (letter === '<') {
        parts.push(name.slice(from, at));
        parts.push(list(depth + 1));
        from = at;
        continue;
      }
      at += 1;
    }
    parts.push(name.slice(from, at));
    return { text: name.slice(start, at), parts };
  };
  const list = (depth: number): readonly Named[] => {
    at += 1;
    const found: Named[] = [];
    if (depth > MAX_DEPTH) broken = true;
    while (!broken && name[at] !== '>') {
      found.push(named(depth));
      if (at >= name.length) broken = true;
      else if (name[at] === ',') at += 1;
    }
    at += 1;
    return found;
  };
  const whole = named(0);
  return broken || at < name.length ? undefined : whole;
}
