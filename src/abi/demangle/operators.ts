import type { Node } from './nodes.ts';
import type { State } from './state.ts';

/** <operator-name>, section 5.1.4.2. */
export const OPERATORS: Readonly<Record<string, string>> = {
  nw: 'new',
  na: 'new[]',
  dl: 'delete',
  da: 'delete[]',
  aw: 'co_await',
  ps: '+',
  ng: '-',
  ad: '&',
  de: '*',
  co: '~',
  pl: '+',
  mi: '-',
  ml: '*',
  dv: '/',
  rm: '%',
  an: '&',
  or: '|',
  eo: '^',
  aS: '=',
  pL: '+=',
  mI: '-=',
  mL: '*=',
  dV: '/=',
  rM: '%=',
  aN: '&=',
  oR: '|=',
  eO: '^=',
  ls: '<<',
  rs: '>>',
  lS: '<<=',
  rS: '>>=',
  eq: '==',
  ne: '!=',
  lt: '<',
  gt: '>',
  le: '<=',
  ge: '>=',
  ss: '<=>',
  nt: '!',
  aa: '&&',
  oo: '||',
  pp: '++',
  mm: '--',
  cm: ',',
  pm: '->*',
  pt: '->',
  cl: '()',
  ix: '[]',
  qu: '?',
};

/** The type of a conversion operator; its template arguments, if it is a template, stand behind it. */
export function conversionType(state: State, mayBeForward: boolean): Node {
  const before = state.forwardAllowed;
  state.forwardAllowed = before || mayBeForward;
  const type = state.grammar.type(state);
  state.forwardAllowed = before;
  return type;
}
