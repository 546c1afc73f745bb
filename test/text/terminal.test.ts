import { describe, expect, it } from '@jest/globals';
import { escapeTerminal, escapeTerminalBlock, stripAnsi } from '../../src/text/terminal.ts';

describe('escapeTerminal', () => {
  it('leaves names as they are', () => {
    for (const name of [
      'greet_open@@GREET_1.0',
      'std::vector<int>::push_back(int&&)',
      'größe/日本語 🎉',
      'C:\\x',
      '',
    ]) {
      expect(escapeTerminal(name)).toBe(name);
    }
  });

  it.each([
    ['colours', '\x1b[31mred\x1b[0m', '\\x1b[31mred\\x1b[0m'],
    ['C1 control sequences', '\x9b2J', '\\x9b2J'],
    ['line breaks', 'a\nb\r\nc', 'a\\nb\\r\\nc'],
    ['backspaces and bells', 'abc\b\b\x07', 'abc\\x08\\x08\\x07'],
    ['bidirectional overrides', 'a\u202egnp.exe\u2066', 'a\\u202egnp.exe\\u2066'],
    ['zero-width characters', 'gre\u200bet\u200d\ufeff', 'gre\\u200bet\\u200d\\ufeff'],
    ['line separators', 'a\u2028b\u2029', 'a\\u2028b\\u2029'],
    ['tag characters', '\u{e0041}', '\\u{e0041}'],
    ['halves of surrogate pairs', 'a\ud800b', 'a\\ud800b'],
    ['NUL', 'a\0b', 'a\\x00b'],
  ])('writes %s out', (_, raw, shown) => {
    expect(escapeTerminal(raw)).toBe(shown);
  });

  it('leaves no control character, whatever comes in', () => {
    const left: string[] = [];
    for (let code = 0; code < 0x3000; code += 1) {
      const shown = escapeTerminal(String.fromCodePoint(code));
      if (/[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f]/.test(shown)) left.push(code.toString(16));
    }
    expect(left).toEqual([]);
  });
});

describe('escapeTerminalBlock', () => {
  it('keeps line feeds and tabs, drops colours, writes the rest out', () => {
    expect(escapeTerminalBlock('\x1b[1ma.c:1\x1b[m\n\tb\r\nc\rd\x07')).toBe('a.c:1\n\tb\nc\\rd\\x07');
  });
});

describe('stripAnsi', () => {
  it.each([
    ['colour', '\x1b[01;31m\x1b[Kerror:\x1b[m x', 'error: x'],
    ['titles', '\x1b]0;owned\x07text', 'text'],
    ['hyperlinks', '\x1b]8;;http://evil.example\x1b\\text\x1b]8;;\x1b\\', 'text'],
    ['charset switches', '\x1b(0text', 'text'],
    ['an unclosed string, up to its line end', '\x1b]0;abc\ntext', '\ntext'],
    ['C1 forms', '\x9b31mred\x9d0;t\x9cx', 'redx'],
  ])('removes %s', (_, raw, plain) => {
    expect(stripAnsi(raw)).toBe(plain);
  });

  it('is linear on long hostile input', () => {
    expect(stripAnsi('\x1b['.repeat(200_000)).length).toBeLessThanOrEqual(400_000);
    expect(stripAnsi(`\x1b]${'\x1b]'.repeat(100_000)}`)).not.toContain('\x07');
  });
});
