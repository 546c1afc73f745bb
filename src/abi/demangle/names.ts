import { type Node, parts, text } from './nodes.ts';
import { conversionType, OPERATORS } from './operators.ts';
import type { NameFacts, State } from './state.ts';
import {
  parseDecltype,
  parseSubstitution,
  parseTemplateParameter,
  parseType,
  qualifiers,
  withoutVoid,
} from './types.ts';

const CHAR = 'char, std::char_traits<char>';

/** <substitution> of the standard library, section 5.1.8: short name, full name, name of the class. */
const STANDARD: Readonly<Record<string, readonly [string, string, string]>> = {
  a: ['std::allocator', 'std::allocator', 'allocator'],
  b: ['std::basic_string', 'std::basic_string', 'basic_string'],
  s: ['std::string', `std::basic_string<${CHAR}, std::allocator<char> >`, 'basic_string'],
  i: ['std::istream', `std::basic_istream<${CHAR} >`, 'basic_istream'],
  o: ['std::ostream', `std::basic_ostream<${CHAR} >`, 'basic_ostream'],
  d: ['std::iostream', `std::basic_iostream<${CHAR} >`, 'basic_iostream'],
};

export function standardSubstitution(letter: string): Node | undefined {
  const found = STANDARD[letter];
  if (found === undefined) return undefined;
  return { is: 'abbreviation', text: found[0], full: found[1], base: found[2] };
}

/** <name> */
export function parseName(state: State, facts?: NameFacts): Node {
  return state.nested(() => nameAt(state, facts));
}

function nameAt(state: State, facts: NameFacts | undefined): Node {
  if (state.peek() === 'N') return nestedName(state, facts);
  if (state.peek() === 'Z') return localName(state, facts);
  if (state.peek() === 'S' && state.peek(1) !== 't') {
    const node = parseSubstitution(state);
    if (state.peek() !== 'I') state.fail();
    return withArguments(state, node, facts);
  }
  let node: Node;
  if (state.take('St')) node = { is: 'nested', scope: text('std'), name: unqualifiedName(state, facts, undefined) };
  else node = unqualifiedName(state, facts, undefined);
  if (state.peek() !== 'I') return node;
  state.remember(node);
  return withArguments(state, node, facts);
}

function withArguments(state: State, name: Node, facts: NameFacts | undefined): Node {
  const items = state.grammar.templateArguments(state, facts !== undefined);
  if (facts !== undefined) facts.endsWithArguments = true;
  return { is: 'template', name, items };
}

/** N [<CV-qualifiers>] [<ref-qualifier>] <prefix> <unqualified-name> E */
function nestedName(state: State, facts: NameFacts | undefined): Node {
  state.need('N');
  state.take('H'); // explicit object parameter
  let suffix = qualifiers(state);
  if (state.take('O')) suffix += ' &&';
  else if (state.take('R')) suffix += ' &';
  if (facts !== undefined) facts.suffix = suffix;
  let prefix: Node | undefined;
  while (!state.take('E')) {
    state.take('L'); // internal linkage, in the form of old compilers
    if (facts !== undefined) facts.endsWithArguments = false;
    const letter = state.peek();
    if (letter === 'T') {
      prefix = joined(prefix, parseTemplateParameter(state));
      state.remember(prefix);
      continue;
    }
    if (letter === 'I') {
      if (prefix === undefined) state.fail();
      prefix = withArguments(state, prefix, facts);
      if (state.peek() !== 'E') state.remember(prefix);
      continue;
    }
    if (letter === 'D' && /[tT]/.test(state.peek(1))) {
      prefix = joined(prefix, parseDecltype(state));
      state.remember(prefix);
      continue;
    }
    if (letter === 'S') {
      if (state.take('St')) prefix = text('std');
      else prefix = parseSubstitution(state);
      continue;
    }
    if (state.take('M')) continue; // <data-member-prefix>: the name before was a variable
    prefix = joined(prefix, unqualifiedName(state, facts, prefix));
    if (state.peek() !== 'E') state.remember(prefix);
  }
  return prefix ?? state.fail();
}

function joined(scope: Node | undefined, name: Node): Node {
  return scope === undefined ? name : { is: 'nested', scope, name };
}

/** Z <encoding> E (<name> | s | d [<number>] _ <name>) [<discriminator>] */
function localName(state: State, facts: NameFacts | undefined): Node {
  state.need('Z');
  const around = state.grammar.encoding(state);
  state.need('E');
  const scope = withoutResult(around);
  if (state.take('s')) {
    discriminator(state);
    return { is: 'nested', scope, name: text('string literal') };
  }
  if (state.take('d')) {
    const number = state.isDigit() ? state.number() + 2 : 1;
    state.need('_');
    const name = state.grammar.name(state, facts);
    return { is: 'nested', scope, name: parts(`{default arg#${number}}::`, name) };
  }
  const name = state.grammar.name(state, facts);
  discriminator(state);
  return { is: 'nested', scope, name };
}

function withoutResult(node: Node): Node {
  if (node.is !== 'encoding' || node.result === undefined) return node;
  return { is: 'encoding', name: node.name, parameters: node.parameters, suffix: node.suffix };
}

/** `_0` to `_9`, or `__10_`: tells local entities of one name apart; not shown. */
function discriminator(state: State): void {
  if (state.peek() !== '_') return;
  const start = state.at;
  state.at += 1;
  if (state.take('_')) {
    while (state.isDigit()) state.at += 1;
    if (state.take('_')) return;
    state.at = start;
  } else if (state.isDigit()) state.at += 1;
  else state.at = start;
}

/** <unqualified-name> with its ABI tags. */
function unqualifiedName(state: State, facts: NameFacts | undefined, scope: Node | undefined): Node {
  state.take('L');
  let node = plainName(state, facts, scope);
  while (state.take('B')) node = { is: 'tagged', name: node, tag: state.identifier() };
  return node;
}

function plainName(state: State, facts: NameFacts | undefined, scope: Node | undefined): Node {
  if (state.isDigit()) {
    const name = state.identifier();
    return text(/^_GLOBAL_[._$]N/.test(name) ? '(anonymous namespace)' : name);
  }
  switch (state.peek()) {
    case 'U':
      return unnamedType(state);
    case 'C':
      return constructorName(state, facts, scope);
    case 'D':
      if (state.peek(1) === 'C') return structuredBinding(state);
      return constructorName(state, facts, scope);
    default:
      return operatorName(state, facts);
  }
}

function constructorName(state: State, facts: NameFacts | undefined, scope: Node | undefined): Node {
  if (scope === undefined) state.fail();
  if (facts !== undefined) facts.noResult = true;
  const destructor = state.next() === 'D';
  const inherits = !destructor && state.take('I');
  if (!/[0-5]/.test(state.next())) state.fail();
  return inherits
    ? { is: 'structor', of: parseType(state), destructor, inherited: true }
    : { is: 'structor', of: scope, destructor };
}

function structuredBinding(state: State): Node {
  state.need('DC');
  const items: Node[] = [];
  while (!state.take('E')) items.push(text(state.identifier()));
  return parts('[', { is: 'list', items }, ']');
}

/** Ut [<number>] _ and Ul <signature> E [<number>] _ : classes and lambdas without a name. */
function unnamedType(state: State): Node {
  state.need('U');
  if (state.take('t')) return parts(`{unnamed type#${count(state)}}`);
  state.need('l');
  const outer = state.inLambda;
  state.inLambda = true;
  const parameters: Node[] = [];
  while (/^T[ynptk]/.test(state.input.slice(state.at, state.at + 2))) templateDeclaration(state);
  while (!state.take('E')) parameters.push(parseType(state));
  state.inLambda = outer;
  return parts('{lambda(', { is: 'list', items: withoutVoid(parameters) }, `)#${count(state)}}`);
}

function templateDeclaration(state: State): void {
  state.need('T');
  const kind = state.next();
  if (kind === 'n') parseType(state);
  else if (kind === 'p') templateDeclaration(state);
  else if (kind === 't') while (!state.take('E')) templateDeclaration(state);
  else if (kind === 'k') state.grammar.name(state);
}

function count(state: State): number {
  const number = state.isDigit() ? state.number() + 2 : 1;
  state.need('_');
  return number;
}

/** <operator-name>, with conversions and literal operators. */
export function operatorName(state: State, facts: NameFacts | undefined): Node {
  if (state.take('cv')) {
    if (facts !== undefined) facts.noResult = true;
    return { is: 'conversion', type: conversionType(state, facts !== undefined) };
  }
  if (state.take('li')) return text(`operator"" ${state.identifier()}`);
  if (state.peek() === 'v' && /[0-9]/.test(state.peek(1))) {
    state.at += 2;
    return text(`operator ${state.identifier()}`);
  }
  const symbol = OPERATORS[state.input.slice(state.at, state.at + 2)];
  if (symbol === undefined) state.fail();
  state.at += 2;
  return text(`operator${/^[a-z]/.test(symbol) ? ' ' : ''}${symbol}`);
}
