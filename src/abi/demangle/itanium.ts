import { parseExpression, parseTemplateArguments } from './expressions.ts';
import { parseName } from './names.ts';
import { type Node, parts } from './nodes.ts';
import { NotDemangled, print } from './print.ts';
import { type Grammar, MAX_NAME, type NameFacts, State } from './state.ts';
import { parseType, withoutVoid } from './types.ts';

/** <special-name>, section 5.1.4, those that name a type. */
const OF_TYPE: Readonly<Record<string, string>> = {
  TV: 'vtable for ',
  TT: 'VTT for ',
  TI: 'typeinfo for ',
  TS: 'typeinfo name for ',
};

/** Those that name an entity. */
const OF_NAME: Readonly<Record<string, string>> = {
  GV: 'guard variable for ',
  TH: 'TLS init function for ',
  TW: 'TLS wrapper function for ',
};

const GRAMMAR: Grammar = {
  type: parseType,
  name: parseName,
  encoding: (state) => state.nested(() => encoding(state, false)),
  expression: parseExpression,
  templateArguments: parseTemplateArguments,
};

/**
 * What a C++ symbol is called in sources, in the form of c++filt: `geo::Shape::area(int) const`.
 * Source: Itanium C++ ABI section 5.1. Time and output are bounded for any input.
 * @returns undefined for what is not a mangled C++ name, or one that is too large
 */
export function demangleItanium(name: string): string | undefined {
  if (!name.startsWith('_Z') || name.length > MAX_NAME) return undefined;
  try {
    const state = new State(name, GRAMMAR);
    state.at = 2;
    let node = encoding(state, true);
    while (state.peek() === '.') node = parts(node, clone(state));
    return state.done ? print(node) : undefined;
  } catch (error) {
    if (error instanceof NotDemangled) return undefined;
    throw error;
  }
}

/**
 * Whether the name of a symbol says all about its type that anybody needs: destructors, and constructors that a class has
 * from its base (`using Base::Base`), of which compilers leave out the entries where another function does the same; and
 * variables inside of inline functions and constants of the standard library, which have no entry with a place, and whose
 * size is compared as that of all data.
 */
export function isToldByName(name: string, kind: 'function' | 'variable'): boolean {
  if (kind === 'variable') return /^_Z(?:Z|N?St)/.test(name);
  if (!/^_ZN.*(?:CI[12]|D[0-2])/.test(name)) return false;
  const whole = parsed(name);
  let node: Node | undefined = whole?.is === 'encoding' ? whole.name : undefined;
  while (node?.is === 'nested' || node?.is === 'template' || node?.is === 'tagged') node = node.name;
  return node?.is === 'structor' && (node.destructor || node.inherited === true);
}

/**
 * Whether the name of a symbol has a lambda in it: the instance of a template with one as its argument. Nobody outside can
 * name it, and what it captures compilers lay out as they like.
 */
export function isOfLambda(name: string): boolean {
  return name.startsWith('_Z') && name.includes('Ul') && demangleItanium(name)?.includes('{lambda(') === true;
}

/**
 * A member function without the class that it is of: `area(int) const`. What an override has in common with the
 * function that it overrides.
 * @returns undefined for what is no mangled function of a class
 */
export function demangleMember(name: string): string | undefined {
  const node = parsed(name);
  if (node?.is !== 'encoding' || node.name.is !== 'nested') return undefined;
  const { parameters, suffix } = node;
  const { name: member } = node.name;
  return orUndefined(() => print({ is: 'encoding', name: member, parameters, suffix }));
}

/** A whole mangled name without what compilers add to copies; undefined for what is none. */
function parsed(name: string): Node | undefined {
  if (!name.startsWith('_Z') || name.length > MAX_NAME) return undefined;
  return orUndefined(() => {
    const state = new State(name, GRAMMAR);
    state.at = 2;
    const node = encoding(state, true);
    return state.done ? node : undefined;
  });
}

function orUndefined<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof NotDemangled) return undefined;
    throw error;
  }
}

/** Suffixes that compilers add to copies of a function: `.part.0`, `.constprop.1`, `.cold`. */
function clone(state: State): string {
  const match = /^\.(?:[A-Za-z_]+|\d+)(?:\.\d+)*/.exec(state.input.slice(state.at, state.at + 200));
  if (match === null) state.fail();
  state.at += match[0].length;
  return ` [clone ${match[0]}]`;
}

/** <encoding>: a name, and for functions the types of the result (templates only) and of the parameters. */
function encoding(state: State, top: boolean): Node {
  if (state.peek() === 'T' || state.peek() === 'G') return special(state);
  const outer = state.templateArguments;
  const forwards = state.forwards.length;
  const facts: NameFacts = { noResult: false, endsWithArguments: false, suffix: '' };
  const name = parseName(state, facts);
  const end = state.peek();
  for (const forward of state.forwards.splice(forwards)) {
    forward.target =
      state.templateArguments[forward.index] ??
      (forward.otherwise === undefined ? state.fail() : { is: 'text', text: forward.otherwise });
  }
  if (end === '' || end === 'E' || end === '.') {
    if (!top) state.templateArguments = outer;
    return name;
  }
  const result = facts.endsWithArguments && !facts.noResult ? parseType(state) : undefined;
  const parameters: Node[] = [];
  do parameters.push(parseType(state));
  while (!state.done && !/[E.Q]/.test(state.peek()));
  state.templateArguments = outer;
  const base = { name, parameters: withoutVoid(parameters), suffix: facts.suffix };
  return result === undefined ? { is: 'encoding', ...base } : { is: 'encoding', result, ...base };
}

function special(state: State): Node {
  const code = state.next() + state.next();
  const ofType = OF_TYPE[code];
  if (ofType !== undefined) return parts(ofType, parseType(state));
  const ofName = OF_NAME[code];
  if (ofName !== undefined) return parts(ofName, parseName(state));
  switch (code) {
    case 'TA':
      return parts('template parameter object for ', parseExpression(state));
    case 'GR': {
      const name = parseName(state);
      const number = state.done ? 0 : state.sequence(36);
      return parts(`reference temporary #${number} for `, name);
    }
    case 'GT':
      if (!/[tn]/.test(state.peek())) state.fail();
      return parts(
        state.next() === 't' ? 'transaction clone for ' : 'non-transaction clone for ',
        GRAMMAR.encoding(state),
      );
    case 'TC': {
      const derived = parseType(state);
      state.number();
      state.need('_');
      return parts('construction vtable for ', parseType(state), '-in-', derived);
    }
    case 'Th':
      callOffset(state, 'h');
      return parts('non-virtual thunk to ', GRAMMAR.encoding(state));
    case 'Tv':
      callOffset(state, 'v');
      return parts('virtual thunk to ', GRAMMAR.encoding(state));
    case 'Tc':
      callOffset(state, state.next());
      callOffset(state, state.next());
      return parts('covariant return thunk to ', GRAMMAR.encoding(state));
    default:
      return state.fail();
  }
}

/** h <number> _ or v <number> _ <number> _ ; the letter was taken. */
function callOffset(state: State, letter: string): void {
  const offset = (): void => {
    state.take('n');
    state.number();
    state.need('_');
  };
  if (letter !== 'h' && letter !== 'v') state.fail();
  offset();
  if (letter === 'v') offset();
}
