import { describe, expect, it } from '@jest/globals';
import { escapeHtml, escapeHtmlBlock, proseHtml } from '../../src/text/html.ts';
import { escapeLog, escapeWorkflowData, escapeWorkflowProperty } from '../../src/text/workflow.ts';

describe('workflow commands', () => {
  it('escapes as the runner unescapes', () => {
    expect(escapeWorkflowData('100% a:b,c\r\n::error::x')).toBe('100%25 a:b,c%0D%0A::error::x');
    expect(escapeWorkflowProperty('a%b:c,d\re\n')).toBe('a%25b%3Ac%2Cd%0De%0A');
  });

  /** The two forms that the runner takes, from ActionCommand.cs: TryParseV2 and TryParse. */
  const isCommand = (line: string) => line.replace(/^\x85/, '').trim().startsWith('::') || line.includes('##[');

  it('leaves no command in text that is printed to a log', () => {
    const hostile =
      '::error::a\n  ::add-mask::b\n\t::debug::c\r::d::e\r\n::f::g\nx ##[error]h\n\x85::i::j\na ::b\n\u00a0::stop-commands::x';
    const lines = escapeLog(hostile).split(/\r\n|\r|\n/);
    expect(lines.filter(isCommand)).toEqual([]);
    expect(lines).toContain('a ::b');
    expect(hostile.split(/\r\n|\r|\n/).filter(isCommand)).toHaveLength(8);
  });
});

describe('escapeHtml', () => {
  it('escapes for content and quoted attributes', () => {
    expect(escapeHtml(`<a href="x" b='y'>&amp;</a>`)).toBe(
      '&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;',
    );
    expect(escapeHtml('a\n\u202eb')).toBe('a\\n\\u202eb');
    expect(escapeHtmlBlock('a\n<\x00')).toBe('a\n&lt;\\x00');
  });

  it('makes code of what stands between backticks, and nothing else', () => {
    expect(proseHtml('use `a<b>` or `` c')).toBe('use <code>a&lt;b&gt;</code> or `` c');
    expect(proseHtml('`<script>`')).toBe('<code>&lt;script&gt;</code>');
  });
});
