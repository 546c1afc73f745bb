import { operatorName } from './names.ts';
import { type Node, parts, text } from './nodes.ts';
import { OPERATORS } from './operators.ts';
import type { State } from './state.ts';
import { parseSubstitution, parseTemplateParameter, parseType } from './types.ts';

const UNARY = new Set(['ps', 'ng', 'ad', 'de', 'co', 'nt', 'pp', 'mm']);
const WORDS: Readonly<Record<string, string>> = {
  sz: 'sizeof ',
  az: 'alignof ',
  nx: 'noexcept ',
  te: 'typeid ',
  tw: 'throw ',
};
const TYPE_WORDS: Readonly<Record<string, string>> = { st: 'sizeof ', at: 'alignof ', ti: 'typeid ' };
const CASTS: Readonly<Record<string, string>> = {
  dc: 'dynamic_cast',
  sc: 'static_cast',
  cc: 'const_cast',
  rc: 'reinterpret_cast',
};

/** <expression>, section 5.1.6: parts of template arguments, decltype and array bounds. */
export function parseExpression(state: State): Node {
  return state.nested(() => expressionAt(state));
}

function expressionAt(state: State): Node {
  switch (state.peek()) {
    case 'L':
      return literal(state);
    case 'T':
      return parseTemplateParameter(state);
  }
  if (state.take('gs')) return parts('::', parseExpression(state));
  if (state.looking('fp') || /^fL\d/.test(state.input.slice(state.at, state.at + 3))) return functionParameter(state);
  const code = state.input.slice(state.at, state.at + 2);
  const word = WORDS[code];
  if (word !== undefined) {
    state.at += 2;
    return parts(word, '(', parseExpression(state), ')');
  }
  const typeWord = TYPE_WORDS[code];
  if (typeWord !== undefined) {
    state.at += 2;
    return parts(typeWord, '(', parseType(state), ')');
  }
  const cast = CASTS[code];
  if (cast !== undefined) {
    state.at += 2;
    const type = parseType(state);
    return parts(`${cast}<`, type, '>(', parseExpression(state), ')');
  }
  switch (code) {
    case 'cl':
    case 'cp': {
      state.at += 2;
      const called = parseExpression(state);
      return parts(inParentheses(called), '(', expressionList(state), ')');
    }
    case 'cv': {
      state.at += 2;
      const type = parseType(state);
      if (state.take('_')) return parts('(', type, ')(', expressionList(state), ')');
      return parts('(', type, ')', inParentheses(parseExpression(state)));
    }
    case 'tl': {
      state.at += 2;
      const type = parseType(state);
      return parts(type, '{', expressionList(state), '}');
    }
    case 'il':
      state.at += 2;
      return parts('{', expressionList(state), '}');
    case 'tr':
      state.at += 2;
      return text('throw');
    case 'dt':
    case 'pt': {
      state.at += 2;
      const left = parseExpression(state);
      return parts(inParentheses(left), code === 'dt' ? '.' : '->', memberName(state));
    }
    case 'ds': {
      state.at += 2;
      const left = parseExpression(state);
      return parts(left, '.*', parseExpression(state));
    }
    case 'sr':
      state.at += 2;
      return scoped(state);
    case 'sZ':
      state.at += 2;
      return parts('sizeof...(', state.peek() === 'T' ? parseTemplateParameter(state) : functionParameter(state), ')');
    case 'sP': {
      state.at += 2;
      const items: Node[] = [];
      while (!state.take('E')) items.push(templateArgument(state));
      return parts('sizeof...(', { is: 'list', items }, ')');
    }
    case 'sp':
      state.at += 2;
      return { is: 'expansion', pattern: parseExpression(state) };
    case 'fl':
    case 'fr':
    case 'fL':
    case 'fR':
      return fold(state);
    case 'nw':
    case 'na':
      return newExpression(state, code === 'na');
    case 'dl':
    case 'da':
      state.at += 2;
      return parts(code === 'dl' ? 'delete ' : 'delete[] ', parseExpression(state));
    case 'ix': {
      state.at += 2;
      const left = parseExpression(state);
      return parts(inParentheses(left), '[', parseExpression(state), ']');
    }
    case 'qu': {
      state.at += 2;
      const condition = parseExpression(state);
      const yes = parseExpression(state);
      return parts(inParentheses(condition), '?', inParentheses(yes), ' : ', inParentheses(parseExpression(state)));
    }
    case 'on':
    case 'dn':
      return memberName(state);
  }
  const symbol = OPERATORS[code];
  if (symbol === undefined) return memberName(state);
  state.at += 2;
  if (UNARY.has(code)) {
    if ((code === 'pp' || code === 'mm') && !state.take('_'))
      return parts(inParentheses(parseExpression(state)), symbol);
    const operand = parseExpression(state);
    // The address of a function: its parameters say nothing more.
    if (code === 'ad' && operand.is === 'encoding' && operand.name.is === 'nested') return parts(symbol, operand.name);
    return parts(symbol, inParentheses(operand));
  }
  const left = parseExpression(state);
  const right = parseExpression(state);
  const both = parts(inParentheses(left), symbol, inParentheses(right));
  return symbol === '>' ? parts('(', both, ')') : both;
}

function inParentheses(node: Node): Node {
  const simple = node.is === 'name' || (node.is === 'nested' && node.name.is !== 'template');
  return simple ? node : parts('(', node, ')');
}

function expressionList(state: State): Node {
  const items: Node[] = [];
  while (!state.take('E')) items.push(parseExpression(state));
  return { is: 'list', items };
}

/** <unresolved-name> without its scope. */
function memberName(state: State): Node {
  if (state.take('on')) {
    const name = operatorName(state, undefined);
    return withArguments(state, name);
  }
  if (state.take('dn')) {
    const of = state.isDigit() ? text(state.identifier()) : parseType(state);
    return parts('~', of);
  }
  if (state.take('sr')) return scoped(state);
  if (!state.isDigit()) state.fail();
  return withArguments(state, { is: 'name', text: state.identifier() });
}

function withArguments(state: State, name: Node): Node {
  return state.peek() === 'I' ? { is: 'template', name, items: state.grammar.templateArguments(state, false) } : name;
}

/** sr <type> <name>, srN <type> <level>* E <name>, sr <level>* E <name> */
function scoped(state: State): Node {
  let scope: Node;
  if (state.take('N')) {
    scope = parseType(state);
    while (!state.take('E'))
      scope = { is: 'nested', scope, name: withArguments(state, { is: 'name', text: state.identifier() }) };
  } else if (state.isDigit()) {
    scope = withArguments(state, { is: 'name', text: state.identifier() });
    while (!state.take('E'))
      scope = { is: 'nested', scope, name: withArguments(state, { is: 'name', text: state.identifier() }) };
  } else scope = state.peek() === 'S' && state.peek(1) !== 't' ? substitutedScope(state) : parseType(state);
  return { is: 'nested', scope, name: memberName(state) };
}

function substitutedScope(state: State): Node {
  const node = parseSubstitution(state);
  if (state.peek() !== 'I') return node;
  return state.remember(withArguments(state, node));
}

function functionParameter(state: State): Node {
  if (state.take('fL')) {
    state.number();
    state.need('p');
  } else state.need('fp');
  if (state.take('T')) return { is: 'name', text: 'this' };
  while (/[rVK]/.test(state.peek())) state.at += 1;
  return { is: 'name', text: `{parm#${state.sequence(10) + 1}}` };
}

function fold(state: State): Node {
  const code = state.next() + state.next();
  const symbol = OPERATORS[state.next() + state.next()] ?? state.fail();
  const first = parseExpression(state);
  switch (code) {
    case 'fl':
      return parts('(...', symbol, first, ')');
    case 'fr':
      return parts('(', first, symbol, '...)');
    default:
      return parts('(', first, symbol, '...', symbol, parseExpression(state), ')');
  }
}

function newExpression(state: State, array: boolean): Node {
  state.at += 2;
  const items: Node[] = [];
  while (!state.take('_')) items.push(parseExpression(state));
  const type = parseType(state);
  const placed: Node = items.length === 0 ? text('') : parts('(', { is: 'list', items }, ') ');
  const word = array ? 'new[] ' : 'new ';
  if (state.take('E')) return parts(word, placed, type);
  if (!state.take('pi')) state.need('il');
  return parts(word, placed, type, '(', expressionList(state), ')');
}

const SUFFIX: Readonly<Record<string, string>> = { j: 'u', l: 'l', m: 'ul', x: 'll', y: 'ull', i: '' };

/** L <type> <value> E, or L <mangled name> E */
function literal(state: State): Node {
  state.need('L');
  if (state.take('_Z') || state.take('Z')) {
    const encoding = state.grammar.encoding(state);
    state.need('E');
    return encoding;
  }
  const letter = state.peek();
  const suffix = SUFFIX[letter];
  if (suffix !== undefined) {
    state.at += 1;
    const digits = value(state);
    return text(`${digits}${suffix}`);
  }
  if (letter === 'b' && /[01]/.test(state.peek(1)) && state.peek(2) === 'E') {
    const yes = state.peek(1) === '1';
    state.at += 3;
    return text(yes ? 'true' : 'false');
  }
  const type = parseType(state);
  if (state.peek() === 'E') {
    state.at += 1;
    return type.is === 'text' ? parts('(', type, ')0') : type;
  }
  return parts('(', type, ')', value(state, true));
}

/** Digits, `n` for a minus; floats are written as hexadecimal digits of their bytes. */
function value(state: State, raw = false): string {
  const sign = state.take('n') ? '-' : '';
  const start = state.at;
  while (/[0-9a-f_]/.test(state.peek())) state.at += 1;
  const digits = state.input.slice(start, state.at);
  state.need('E');
  if (digits === '') state.fail();
  return raw && /[a-f_]/.test(digits) ? `[${digits}]` : `${sign}${digits}`;
}

/** <template-arg> */
export function templateArgument(state: State): Node {
  switch (state.peek()) {
    case 'X': {
      state.at += 1;
      const expression = parseExpression(state);
      state.need('E');
      return expression;
    }
    case 'I': // as gcc wrote packs before 4.7 agreed with the ABI
    case 'J': {
      state.at += 1;
      const items: Node[] = [];
      while (!state.take('E')) items.push(state.nested(() => templateArgument(state)));
      return { is: 'pack', items };
    }
    case 'L':
      return literal(state);
    case 'T':
      if (/[ynptk]/.test(state.peek(1))) {
        state.at += 2; // the kind of the parameter, where the argument does not tell
        return templateArgument(state);
      }
      return parseType(state);
    default:
      return parseType(state);
  }
}

/** I <template-arg>* E */
export function parseTemplateArguments(state: State, ofEncoding: boolean): readonly Node[] {
  state.need('I');
  return state.nested(() => {
    if (ofEncoding) state.templateArguments = [];
    const items: Node[] = [];
    const outer = state.templateArguments;
    while (!state.take('E')) {
      const written = /[JI]/.test(state.peek());
      const item = templateArgument(state);
      // Written out here whatever is expanded around; a parameter that stands for it is what expands.
      items.push(written && item.is === 'pack' ? { is: 'list', items: item.items } : item);
      // Later arguments may refer to earlier ones.
      if (ofEncoding) outer.push(item);
    }
    state.templateArguments = outer;
    return items;
  });
}
