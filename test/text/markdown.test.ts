import { describe, expect, it } from '@jest/globals';
import { codeBlock, codeCell, codeSpan, escapeMarkdown, proseMarkdown } from '../../src/text/markdown.ts';
import { readMarkdown, typesOf, visibleText } from '../report/read-markdown.ts';

/** Each one is active in GitHub Flavored Markdown when it is not escaped. */
const HOSTILE = [
  '](http://evil.example) @everyone ::set-output',
  '[a](http://evil.example)',
  '![a](http://evil.example/x.png)',
  '[a]: http://evil.example',
  '<http://evil.example>',
  'http://evil.example/x',
  'HTTPS://evil.example',
  'www.evil.example',
  'mail@evil.example',
  'mailto:mail@evil.example',
  '<img src=x onerror=alert(1)>',
  '<!-- comment',
  '</details>',
  '&lt;b&gt; &#64;x',
  '*a* _b_ **c** ~~d~~ ~e~',
  '`a` ``b`` ```',
  '| a | b |',
  '\\| a \\\\| b',
  '# heading',
  '- item',
  '+ item',
  '* item',
  '1. item',
  '2) item',
  '- [ ] task',
  '> quote',
  '---',
  '===',
  '    code',
  '\tcode',
  '```js',
  '~~~',
  '[^1]',
  'a\nb\n\n# c',
  'a  \nb',
  'a\\\nb',
  '$x$ $$y$$',
  ' leading and trailing ',
  'a`b|c\\`d',
];

describe('escapeMarkdown', () => {
  it.each(HOSTILE)('shows %j and does nothing', (raw) => {
    const tree = readMarkdown(escapeMarkdown(raw));
    expect(typesOf(tree)).toEqual(['paragraph', 'text']);
    expect(visibleText(tree)).toBe(raw.trim().replaceAll('\n', '\\n'));
  });

  it.each(HOSTILE)('keeps %j inside its table cell', (raw) => {
    const tree = readMarkdown(`| a | b |\n|---|---|\n| ${escapeMarkdown(raw)} | ${codeCell(raw)} |`);
    const [table] = tree.children;
    expect(table?.type).toBe('table');
    if (table?.type !== 'table') return;
    expect(table.children.map((row) => row.children.length)).toEqual([2, 2]);
    const allowed = new Set(['text', 'inlineCode', 'html', 'tableCell', 'tableRow', 'table']);
    expect(typesOf(tree).filter((type) => !allowed.has(type))).toEqual([]);
  });

  it.each([
    ['@everyone', /@\w/],
    ['(@acme/team)', /@\w/],
    ['fixes #12', /#\d/],
    ['acme/x#9', /#\d/],
    ['GH-7', /GH-\d/],
    [':tada:', /:\w+:/],
    ['4f9d2c81b7e05a3366c1d8f20e9b7a5d41c6e8f0', /\b[0-9a-f]{40}\b/],
  ])('splits %s, of which GitHub makes a link after rendering', (raw, active) => {
    const tree = readMarkdown(escapeMarkdown(raw));
    expect(visibleText(tree, false)).not.toMatch(active);
    expect(visibleText(tree)).toBe(raw);
  });
});

describe('codeSpan and codeBlock', () => {
  it.each([...HOSTILE, '`', '``', ' ', '  ', '` `', 'a`', '`a', ''])('shows %j as code', (raw) => {
    const tree = readMarkdown(`x ${codeSpan(raw)} y`);
    expect(typesOf(tree)).toEqual(['paragraph', 'text', 'inlineCode', 'text']);
    expect(visibleText(tree)).toBe(`x ${raw.replaceAll('\n', '\\n').replaceAll('\t', '\\t') || ' '} y`);
  });

  it.each([...HOSTILE, '```\n````\n</details>'])('keeps %j inside a block', (raw) => {
    const tree = readMarkdown(`${codeBlock(raw)}\n\nafter`);
    expect(typesOf(tree)).toEqual(['code', 'paragraph', 'text']);
    expect(tree.children[0]).toMatchObject({ type: 'code', lang: 'text', value: raw });
  });
});

describe('proseMarkdown', () => {
  it('makes code of what stands between single backticks', () => {
    const tree = readMarkdown(proseMarkdown('run `plugin-gate accept` for a*b*'));
    expect(typesOf(tree)).toEqual(['paragraph', 'text', 'inlineCode', 'text']);
    expect(visibleText(tree)).toBe('run plugin-gate accept for a*b*');
  });

  it.each(HOSTILE)('makes nothing but code of %j', (raw) => {
    const types = typesOf(readMarkdown(proseMarkdown(raw)));
    expect(types.filter((type) => !['paragraph', 'text', 'inlineCode'].includes(type))).toEqual([]);
  });
});
