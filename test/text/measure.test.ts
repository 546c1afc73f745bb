import { describe, expect, it } from '@jest/globals';
import { columns, padColumns, wrap, wrapIndented } from '../../src/text/columns.ts';
import { COLOURED, PLAIN, styleFor } from '../../src/text/style.ts';
import { byteLength, truncate, truncateBytes } from '../../src/text/truncate.ts';
import {
  formatBytes,
  formatBytesChange,
  formatCount,
  formatDuration,
  formatPercentChange,
  plural,
} from '../../src/text/units.ts';

describe('truncateBytes', () => {
  it('returns text that fits as it is', () => {
    expect(truncateBytes('grüße', byteLength('grüße'))).toBe('grüße');
  });

  it('never cuts a code point and never exceeds the limit', () => {
    const text = 'aä€😀'.repeat(5);
    for (let limit = 0; limit <= byteLength(text); limit += 1) {
      const cut = truncateBytes(text, limit);
      expect(byteLength(cut)).toBeLessThanOrEqual(limit);
      expect(() => encodeURIComponent(cut)).not.toThrow();
      expect(text.startsWith(cut.replace('…', ''))).toBe(true);
    }
  });
});

describe('truncate', () => {
  it('counts code points', () => {
    expect(truncate('😀😀😀', 3)).toBe('😀😀😀');
    expect(truncate('😀😀😀😀', 3)).toBe('😀😀…');
    expect(truncate('abc', 3)).toBe('abc');
    expect(truncate('abcd', 3)).toBe('ab…');
  });
});

describe('columns and wrap', () => {
  it('measures what a terminal draws', () => {
    expect(columns('abc')).toBe(3);
    expect(columns('日本')).toBe(4);
    expect(columns('e\u0301')).toBe(1);
    expect(columns('\x1b[31mred\x1b[39m')).toBe(3);
    expect(padColumns('日本', 6)).toBe('日本  ');
  });

  it('breaks at blanks and keeps long words whole', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('a _ZN5greet4openEv b', 6)).toEqual(['a', '_ZN5greet4openEv', 'b']);
    expect(wrap('a\n\nb', 10)).toEqual(['a', '', 'b']);
    expect(wrapIndented('one two three four five six', 24, '    ', '  - ')).toBe(
      '  - one two three four\n    five six',
    );
  });
});

describe('units', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [123_456, '121 KiB'],
    [1024 * 1024 - 1, '1 MiB'],
    [-2048, '-2 KiB'],
    [Number.NaN, '?'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [0, '0 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [59_949, '59.9 s'],
    [59_950, '1 min 00 s'],
    [65_000, '1 min 05 s'],
    [3_600_000, '1 h 00 min'],
    [-1, '?'],
  ])('%d milliseconds are %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('tells changes with their sign', () => {
    expect([formatBytesChange(0), formatBytesChange(10), formatBytesChange(-10)]).toEqual(['±0', '+10 B', '-10 B']);
    expect([formatPercentChange(100, 104), formatPercentChange(100, 50), formatPercentChange(0, 5)]).toEqual([
      '+4.0 %',
      '-50 %',
      '',
    ]);
  });

  it('counts', () => {
    expect([plural(1, 'finding'), plural(10_000, 'finding'), formatCount(1_234_567)]).toEqual([
      '1 finding',
      '10,000 findings',
      '1,234,567',
    ]);
  });
});

describe('style', () => {
  it('writes escape sequences only when told', () => {
    expect(styleFor(false)).toBe(PLAIN);
    expect(PLAIN.bold(PLAIN.red('x'))).toBe('x');
    expect(COLOURED.bold(COLOURED.red('x'))).toBe('\x1b[1m\x1b[31mx\x1b[39m\x1b[22m');
  });
});
