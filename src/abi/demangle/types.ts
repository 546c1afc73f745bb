import { standardSubstitution } from './names.ts';
import { type Node, parts, text } from './nodes.ts';
import type { State } from './state.ts';

/** <builtin-type>, Itanium C++ ABI section 5.1.5.2. */
const BUILTIN: Readonly<Record<string, string>> = {
  v: 'void',
  w: 'wchar_t',
  b: 'bool',
  c: 'char',
  a: 'signed char',
  h: 'unsigned char',
  s: 'short',
  t: 'unsigned short',
  i: 'int',
  j: 'unsigned int',
  l: 'long',
  m: 'unsigned long',
  x: 'long long',
  y: 'unsigned long long',
  n: '__int128',
  o: 'unsigned __int128',
  f: 'float',
  d: 'double',
  e: 'long double',
  g: '__float128',
  z: '...',
};

/** The ones that begin with D. */
const BUILTIN_D: Readonly<Record<string, string>> = {
  d: 'decimal64',
  e: 'decimal128',
  f: 'decimal32',
  h: '_Float16',
  i: 'char32_t',
  s: 'char16_t',
  u: 'char8_t',
  a: 'auto',
  c: 'decltype(auto)',
  n: 'decltype(nullptr)',
};

type Forward = Extract<Node, { is: 'forward' }>;

export function parseType(state: State): Node {
  return state.nested(() => typeAt(state));
}

function typeAt(state: State): Node {
  const builtin = BUILTIN[state.peek()];
  if (builtin !== undefined) {
    state.at += 1;
    return text(builtin);
  }
  switch (state.peek()) {
    case 'r':
    case 'V':
    case 'K': {
      const start = state.at;
      while (/[rVK]/.test(state.peek())) state.at += 1;
      // Qualifiers of a function belong to the function: that of a member pointer.
      if (isFunction(state)) {
        state.at = start;
        return state.remember(functionType(state));
      }
      state.at = start;
      const words = qualifiers(state);
      return state.remember(qualified(parseType(state), words));
    }
    case 'U':
      return state.remember(vendorQualified(state));
    case 'u': {
      state.at += 1;
      const name = text(state.identifier());
      if (state.peek() !== 'I') return state.remember(name);
      return state.remember({ is: 'template', name, items: state.grammar.templateArguments(state, false) });
    }
    case 'P':
      state.at += 1;
      return state.remember({ is: 'pointer', target: parseType(state) });
    case 'R':
      state.at += 1;
      return state.remember({ is: 'reference', target: parseType(state), rvalue: false });
    case 'O':
      state.at += 1;
      return state.remember({ is: 'reference', target: parseType(state), rvalue: true });
    case 'C':
      state.at += 1;
      return state.remember(qualified(parseType(state), ' _Complex'));
    case 'G':
      state.at += 1;
      return state.remember(qualified(parseType(state), ' _Imaginary'));
    case 'F':
      return state.remember(functionType(state));
    case 'A':
      return state.remember(arrayType(state));
    case 'M': {
      state.at += 1;
      const container = parseType(state);
      return state.remember({ is: 'member-pointer', container, target: parseType(state) });
    }
    case 'T':
      if (/[sue]/.test(state.peek(1))) {
        state.at += 2; // elaborated: struct, union, enum
        return state.remember(state.grammar.name(state));
      }
      return templateParameterType(state);
    case 'D':
      return typeWithD(state);
    case 'S':
      return substitutedType(state);
    default: {
      const name = state.grammar.name(state);
      return state.remember(name);
    }
  }
}

function typeWithD(state: State): Node {
  const second = state.peek(1);
  switch (second) {
    case 'p':
      state.at += 2;
      return state.remember({ is: 'expansion', pattern: parseType(state) });
    case 't':
    case 'T':
      return state.remember(parseDecltype(state));
    case 'v': {
      state.at += 2;
      const count = state.isDigit() ? text(String(state.number())) : lengthExpression(state);
      state.need('_');
      return state.remember(parts(parseType(state), ' __vector(', count, ')'));
    }
    case 'o':
    case 'O':
    case 'w':
    case 'x':
      return state.remember(functionType(state));
    case 'F': {
      state.at += 2;
      const bits = state.number();
      if (state.take('x')) return text(`_Float${bits}x`);
      if (state.take('b')) return text('std::bfloat16_t');
      state.need('_');
      return text(`_Float${bits}`);
    }
    case 'B':
    case 'U': {
      state.at += 2;
      const bits = state.number();
      state.need('_');
      return text(`${second === 'U' ? 'unsigned ' : ''}_BitInt(${bits})`);
    }
    default: {
      const name = BUILTIN_D[second];
      if (name === undefined) state.fail();
      state.at += 2;
      return text(name);
    }
  }
}

function lengthExpression(state: State): Node {
  state.need('_');
  return state.grammar.expression(state);
}

/** <decltype>: of an expression, or of the name of an entity. */
export function parseDecltype(state: State): Node {
  state.need('D');
  state.next();
  const expression = state.grammar.expression(state);
  state.need('E');
  return parts('decltype (', expression, ')');
}

function substitutedType(state: State): Node {
  if (state.looking('St')) {
    return state.remember(state.grammar.name(state));
  }
  // A name that goes on behind the substitution is a name of its own.
  const start = state.at;
  const node = parseSubstitution(state);
  if (state.peek() === 'I') {
    state.at = start;
    return state.remember(state.grammar.name(state));
  }
  return node;
}

/** <substitution>: `S_`, `S0_` and on, or one of the abbreviations of the standard library. */
export function parseSubstitution(state: State): Node {
  state.need('S');
  const abbreviation = standardSubstitution(state.peek());
  if (abbreviation !== undefined) {
    state.at += 1;
    return withTags(state, abbreviation);
  }
  return state.substitutions[state.sequence(36)] ?? state.fail();
}

function withTags(state: State, node: Node): Node {
  if (state.peek() !== 'B') return node;
  let tagged = node;
  while (state.take('B')) tagged = { is: 'tagged', name: tagged, tag: state.identifier() };
  return state.remember(tagged);
}

function templateParameterType(state: State): Node {
  const { inLambda } = state;
  const parameter = parseTemplateParameter(state);
  if (inLambda) {
    // Here it is the lambda's; a substitution elsewhere means the parameter of that number there.
    const index = Number(parameter.is === 'name' ? parameter.text.slice('auto:'.length) : 0) - 1;
    const elsewhere: Forward = { is: 'forward', index, ...(parameter.is === 'name' && { otherwise: parameter.text }) };
    state.forwards.push(elsewhere);
    state.remember(elsewhere);
    return parameter;
  }
  state.remember(parameter);
  // A template template parameter with arguments.
  if (state.peek() !== 'I' || state.forwardAllowed) return parameter;
  return state.remember({ is: 'template', name: parameter, items: state.grammar.templateArguments(state, false) });
}

/** <template-param>: `T_`, `T0_`, `TL0__`. */
export function parseTemplateParameter(state: State): Node {
  state.need('T');
  if (state.take('L')) state.sequence(10);
  const index = state.sequence(10);
  if (state.inLambda) return { is: 'name', text: `auto:${index + 1}` };
  if (state.forwardAllowed) {
    const forward: Forward = { is: 'forward', index };
    state.forwards.push(forward);
    return forward;
  }
  return state.templateArguments[index] ?? state.fail();
}

/** Which qualifiers follow, in the order in which they are written behind a type. */
export function qualifiers(state: State): string {
  let words = '';
  if (state.take('r')) words = ` restrict${words}`;
  if (state.take('V')) words = ` volatile${words}`;
  if (state.take('K')) words = ` const${words}`;
  return words;
}

function qualified(type: Node, words: string): Node {
  if (words === '') return type;
  // `T const` where T is const already.
  if (type.is === 'qualified' && type.words === words) return type;
  return { is: 'qualified', type, words };
}

function vendorQualified(state: State): Node {
  state.need('U');
  const name = state.identifier();
  const items = state.peek() === 'I' ? state.grammar.templateArguments(state, false) : [];
  const type = parseType(state);
  if (items.length === 0) return qualified(type, ` ${name}`);
  return parts(type, ' ', { is: 'template', name: text(name), items });
}

function isFunction(state: State): boolean {
  return state.peek() === 'F' || (state.peek() === 'D' && /[oOwx]/.test(state.peek(1)));
}

/** [<CV-qualifiers>] [<exception-spec>] [Dx] F [Y] <types> [<ref-qualifier>] E */
function functionType(state: State): Node {
  let suffix = qualifiers(state);
  const start = state.at;
  if (state.take('Do')) suffix += ' noexcept';
  else if (state.take('DO')) {
    state.grammar.expression(state); // conditions are rare, and the word is what counts
    state.need('E');
    return functionRest(state, `${suffix} noexcept(...)`);
  } else if (state.take('Dw')) {
    while (!state.take('E')) parseType(state);
    suffix += ' throw(...)';
  }
  if (state.take('Dx')) suffix = ` transaction_safe${suffix}`;
  if (state.at === start && state.peek() !== 'F') state.fail();
  return functionRest(state, suffix);
}

function functionRest(state: State, words: string): Node {
  state.need('F');
  state.take('Y'); // extern "C"
  const result = parseType(state);
  const parameters: Node[] = [];
  let suffix = words;
  for (;;) {
    if (state.take('E')) break;
    if (state.take('RE')) {
      suffix += ' &';
      break;
    }
    if (state.take('OE')) {
      suffix += ' &&';
      break;
    }
    parameters.push(parseType(state));
  }
  return { is: 'function', result, parameters: withoutVoid(parameters), suffix };
}

/** A single `void` stands for an empty list. */
export function withoutVoid(parameters: readonly Node[]): readonly Node[] {
  const [only] = parameters;
  return parameters.length === 1 && only?.is === 'text' && only.text === 'void' ? [] : parameters;
}

function arrayType(state: State): Node {
  state.need('A');
  let dimension: Node | undefined;
  if (state.isDigit()) {
    const start = state.at;
    while (state.isDigit()) state.at += 1;
    dimension = text(state.input.slice(start, state.at));
  } else if (state.peek() !== '_') dimension = state.grammar.expression(state);
  state.need('_');
  const element = parseType(state);
  return dimension === undefined ? { is: 'array', element } : { is: 'array', element, dimension };
}
