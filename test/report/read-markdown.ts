import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';

const reader = unified().use(remarkParse).use(remarkGfm);

export type Root = ReturnType<typeof reader.parse>;

interface Node {
  readonly type: string;
  readonly value?: unknown;
  readonly children?: readonly Node[];
}

/** Markdown as remark with remark-gfm reads it: an independent reader, stricter on bare links than GitHub. */
export function readMarkdown(text: string): Root {
  return reader.parse(text);
}

/** Every node but the root, in the order of the text. */
export function nodesOf(tree: Node): Node[] {
  return (tree.children ?? []).flatMap((child) => [child, ...nodesOf(child)]);
}

export function typesOf(tree: Node): string[] {
  return nodesOf(tree).map(({ type }) => type);
}

/** The text that a person sees; without the zero-width spaces unless they are asked for. */
export function visibleText(tree: Node, readable = true): string {
  const text = nodesOf(tree)
    .map(({ value }) => (typeof value === 'string' ? value : ''))
    .join('');
  return readable ? text.replaceAll('\u200b', '') : text;
}
