import { describe, expect, it } from '@jest/globals';
import { parseDiagnostics } from '../../src/build/diagnostics.ts';

const places = { repository: '/repo', directory: '/repo/plugin' };
const parse = (output: string) => parseDiagnostics(output, places);

describe('parseDiagnostics', () => {
  it('reads gcc and clang, with the place relative to the repository', () => {
    expect(parse('src/a.c:3:9: warning: unused variable ‘x’ [-Wunused-variable]\n../lib/b.c:7:1: error: no\n')).toEqual(
      [
        {
          severity: 'warning',
          text: 'unused variable ‘x’ [-Wunused-variable]',
          location: { file: 'plugin/src/a.c', line: 3, column: 9 },
        },
        { severity: 'error', text: 'no', location: { file: 'lib/b.c', line: 7, column: 1 } },
      ],
    );
  });

  it('takes colours and links out', () => {
    const coloured =
      '\u001b[01m\u001b[Ka.c:1:2:\u001b[m\u001b[K \u001b[01;31m\u001b[Kerror: \u001b[m\u001b[Kwrong \u001b]8;;https://example.org\u0007[-Wx]\u001b]8;;\u0007\n';
    expect(parse(coloured)).toEqual([
      { severity: 'error', text: 'wrong [-Wx]', location: { file: 'plugin/a.c', line: 1, column: 2 } },
    ]);
  });

  it('reads go, with and without a column', () => {
    expect(parse('# example.com/greet\n./main.go:5:2: undefined: x\n../util/u.go:9: syntax error\n')).toEqual([
      { severity: 'error', text: 'undefined: x', location: { file: 'plugin/main.go', line: 5, column: 2 } },
      { severity: 'error', text: 'syntax error', location: { file: 'util/u.go', line: 9 } },
    ]);
  });

  it('reads rustc, whose place is on the line below', () => {
    const output = [
      'error[E0425]: cannot find value `y` in this scope',
      ' --> src/lib.rs:3:5',
      '  |',
      '3 |     y',
      'warning: unused import: `std::fmt`',
      '  --> src/lib.rs:1:5',
      'error: aborting due to 1 previous error; 1 warning emitted',
      'error: could not compile `p` (lib) due to 1 previous error',
    ].join('\n');
    expect(parse(output)).toEqual([
      {
        severity: 'error',
        text: 'cannot find value `y` in this scope',
        location: { file: 'plugin/src/lib.rs', line: 3, column: 5 },
      },
      {
        severity: 'warning',
        text: 'unused import: `std::fmt`',
        location: { file: 'plugin/src/lib.rs', line: 1, column: 5 },
      },
    ]);
  });

  it('reads ld, lld and the compiler driver', () => {
    const output = [
      "/usr/bin/ld: /tmp/cc.o: in function `greet':",
      "/usr/bin/ld: a.c:4: undefined reference to `missing'",
      "b.c:(.text+0x1b): undefined reference to `other'",
      '/usr/bin/ld: cannot find -lnope: No such file or directory',
      'ld.lld: error: undefined symbol: third',
      'collect2: error: ld returned 1 exit status',
      'gcc: error: nofile.c: No such file or directory',
      'aarch64-linux-gnu-gcc-12: fatal error: no input files',
    ].join('\n');
    expect(parse(output).map(({ text, location }) => [text, location?.file, location?.line])).toEqual([
      ["undefined reference to `missing'", 'plugin/a.c', 4],
      ["undefined reference to `other' (in b.c)", undefined, undefined],
      ['cannot find -lnope: No such file or directory', undefined, undefined],
      ['undefined symbol: third', undefined, undefined],
      ['nofile.c: No such file or directory', undefined, undefined],
      ['no input files', undefined, undefined],
    ]);
  });

  it('reads make and cmake, and follows make into directories', () => {
    const output = [
      "make[1]: Entering directory '/repo/plugin/core'",
      'x.c:1:1: error: in core',
      "make[1]: Leaving directory '/repo/plugin/core'",
      'x.c:1:1: error: at the top',
      'Makefile:3: *** missing separator.  Stop.',
      'CMake Error at CMakeLists.txt:7 (find_package):',
      '  Could not find Foo',
    ].join('\n');
    expect(parse(output)).toEqual([
      { severity: 'error', text: 'in core', location: { file: 'plugin/core/x.c', line: 1, column: 1 } },
      { severity: 'error', text: 'at the top', location: { file: 'plugin/x.c', line: 1, column: 1 } },
      { severity: 'error', text: 'missing separator.  Stop.', location: { file: 'plugin/Makefile', line: 3 } },
      { severity: 'error', text: 'Could not find Foo', location: { file: 'plugin/CMakeLists.txt', line: 7 } },
    ]);
  });

  it('gives no place to files outside of the repository, but names them', () => {
    expect(parse('/usr/include/stdio.h:27:10: error: x\n../../etc/passwd:1: error: y\n')).toEqual([
      { severity: 'error', text: '/usr/include/stdio.h:27: x' },
      { severity: 'error', text: '../../etc/passwd:1: y' },
    ]);
  });

  it('tells a message once, however many units include the header', () => {
    expect(parse('a.h:1:1: warning: w\n'.repeat(50))).toHaveLength(1);
  });

  it('stays silent about output that only looks like a message', () => {
    const output = [
      '12:30:45: error: a log line of a test',
      'note: see https://example.org:443: error: no',
      'gcc -c -Werror=format a.c -o a.o',
      'a.c:3:9: note: declared here',
      'a.c: In function ‘f’:',
      '   Compiling p v0.1.0 (/repo/plugin)',
      '[ 50%] Building C object CMakeFiles/p.dir/p.c.o',
      'installing warning: no place',
      'ld-linux.so: started',
      'make: *** [Makefile:3: all] Error 2',
    ].join('\n');
    expect(parse(output)).toEqual([]);
  });

  it('is bounded in number, length and time', () => {
    const many = Array.from({ length: 5000 }, (_, line) => `a.c:${line + 1}:1: error: e`).join('\n');
    expect(parse(many)).toHaveLength(200);
    expect(parse(`a.c:1:1: error: ${'x'.repeat(1_000_000)}`)[0]?.text.length).toBeLessThan(1100);
    expect(parse(`a.c:99999999999999999999:1: error: e`)).toEqual([
      { severity: 'error', text: 'a.c:99999999999999999999: e' },
    ]);
    for (const unit of ['a:', '\u001b[', 'ld: ', ' --> ', 'a-', '(', 'x.go:1']) {
      expect(parse(unit.repeat(400_000)).length).toBeLessThanOrEqual(1);
    }
  });
});
