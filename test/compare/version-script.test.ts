import { describe, expect, it } from '@jest/globals';
import { matchesGlob } from '../../src/compare/glob.ts';
import { parseVersionScript } from '../../src/compare/version-script.ts';

const names = (patterns: readonly { readonly text: string }[]) => patterns.map(({ text }) => text);

describe('a version script', () => {
  it('is read with nodes, lists, parents, comments and quoted names, each with its place', () => {
    const text = `/* first
   release */
V1.0 {
  global:
    foo;   # the entry
    "bar baz";
    lib_*;
    extern "C++" {
      "ns::f(int)";
      ns::g*;
    };
  local: *;
};

V1.1 { extra; } V1.0;
`;
    const { nodes, problems } = parseVersionScript(text, 'x.map');
    expect(problems).toEqual([]);
    expect(nodes.map(({ name, parents, global, local }) => [name, parents, names(global), names(local)])).toEqual([
      ['V1.0', [], ['foo', 'bar baz', 'lib_*', 'ns::f(int)', 'ns::g*'], ['*']],
      ['V1.1', ['V1.0'], ['extra'], []],
    ]);
    const [first] = nodes;
    expect(first?.location).toEqual({ file: 'x.map', line: 3, column: 1 });
    expect(
      first?.global.map(({ location: { line, column }, wildcard, language }) => [line, column, wildcard, language]),
    ).toEqual([
      [5, 5, false, 'C'],
      [6, 5, false, 'C'],
      [7, 5, true, 'C'],
      [9, 7, false, 'C++'],
      [10, 7, true, 'C++'],
    ]);
  });

  it('may be one node without a name, and several lists in one node', () => {
    const { nodes, problems } = parseVersionScript('{ global: a; local: b; global: c; local: *; };', 'x');
    expect(problems).toEqual([]);
    expect(nodes).toHaveLength(1);
    expect(nodes[0]?.name).toBeUndefined();
    expect(names(nodes[0]?.global ?? [])).toEqual(['a', 'c']);
  });

  it.each([
    ['', 'The version script is empty.', 1, 1],
    ['V1 {\n  foo;\n', 'The node V1 is not closed.', 2, 6],
    ['V1 {\n  foo;\n}\nV2 { bar; };', 'Expected ";" behind V1, found "{"', 4, 4],
    ['V1 {\n  public:\n    foo;\n};', '"public:" is not known; a node has "global:" and "local:".', 2, 3],
    ['V1 { foo; };\nV1 { bar; };', 'The version V1 is defined twice.', 2, 1],
    ['V1 { foo; } V0;', 'V1 inherits from V0, which is not defined before it.', 1, 1],
    ['{ foo; };\nV1 { bar; };', 'A node without a name cannot stand beside others.', 1, 1],
    ['V1 {\n  foo bar;\n};', 'Expected ";" behind foo, found "bar".', 2, 7],
    ['V1 { foo; }; /* open', 'The comment is not closed.', 1, 14],
    ['V1 {\n  extern "C++" { f; ', 'extern "C++" is not closed.', 2, 19],
    ['V1 {\n  foo; `\n};', 'Unexpected character "`".', 2, 8],
  ])('with the error in %j is told where', (text, message, line, column) => {
    const { problems } = parseVersionScript(text, 'x.map');
    expect(problems.map((problem) => [problem.message, problem.location.line, problem.location.column])).toContainEqual(
      [expect.stringContaining(message), line, column],
    );
  });

  it('that is hostile ends, with errors and without delay', () => {
    const texts = [
      '{'.repeat(200_000),
      'V { extern "C" { '.repeat(50_000),
      '"'.repeat(100_001),
      '*;'.repeat(100_000),
      '\0',
    ];
    for (const text of texts) expect(parseVersionScript(text, 'x').problems.length).toBeGreaterThan(0);
    expect(parseVersionScript('x'.repeat(5_000_000), 'x').problems).toHaveLength(1);
  });
});

describe('a pattern', () => {
  it.each([
    ['*', '', true],
    ['foo', 'foo', true],
    ['foo', 'fool', false],
    ['foo*', 'fool', true],
    ['*_v?', 'open_v2', true],
    ['*_v?', 'open_v22', false],
    ['lib[a-c]x', 'libbx', true],
    ['lib[!a-c]x', 'libbx', false],
    ['lib[]x]', 'lib]', true],
    ['lib[x', 'lib[x', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['a**b', 'ab', true],
  ])('%s against %j is %s', (pattern, name, expected) => {
    expect(matchesGlob(pattern, name)).toBe(expected);
  });

  it('cannot be made slow', () => {
    expect(matchesGlob(`${'a*'.repeat(2000)}b`, 'a'.repeat(4000))).toBe(false);
  });
});
