/** What a mangled name says, as a tree; substitutions make it a graph without cycles. */
export type Node =
  | { readonly is: 'text'; readonly text: string }
  /** A name in an expression, which needs no parentheses there. */
  | { readonly is: 'name'; readonly text: string }
  /** Parts printed one after the other: most expressions and special names. */
  | { readonly is: 'parts'; readonly parts: readonly (string | Node)[] }
  /** Printed with commas between; packs inside spread. */
  | { readonly is: 'list'; readonly items: readonly Node[] }
  | { readonly is: 'nested'; readonly scope: Node; readonly name: Node }
  | { readonly is: 'template'; readonly name: Node; readonly items: readonly Node[] }
  /** `std::string` and its kind: `full` is meant where a constructor follows. */
  | { readonly is: 'abbreviation'; readonly text: string; readonly full: string; readonly base: string }
  | { readonly is: 'tagged'; readonly name: Node; readonly tag: string }
  | { readonly is: 'structor'; readonly of: Node; readonly destructor: boolean; readonly inherited?: true }
  | { readonly is: 'conversion'; readonly type: Node }
  | {
      readonly is: 'encoding';
      readonly result?: Node;
      readonly name: Node;
      readonly parameters: readonly Node[];
      readonly suffix: string;
    }
  | { readonly is: 'qualified'; readonly type: Node; readonly words: string }
  | { readonly is: 'pointer'; readonly target: Node }
  | { readonly is: 'reference'; readonly target: Node; readonly rvalue: boolean }
  | { readonly is: 'member-pointer'; readonly container: Node; readonly target: Node }
  | { readonly is: 'array'; readonly element: Node; readonly dimension?: Node }
  | {
      readonly is: 'function';
      readonly result: Node;
      readonly parameters: readonly Node[];
      readonly suffix: string;
    }
  | { readonly is: 'pack'; readonly items: readonly Node[] }
  | { readonly is: 'expansion'; readonly pattern: Node }
  /** A template parameter that is named before its argument is read: conversion operators, generic lambdas. */
  | { readonly is: 'forward'; readonly index: number; readonly otherwise?: string; target?: Node };

export function text(value: string): Node {
  return { is: 'text', text: value };
}

export function parts(...all: readonly (string | Node)[]): Node {
  return { is: 'parts', parts: all };
}
