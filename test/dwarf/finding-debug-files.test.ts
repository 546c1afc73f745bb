import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from '@jest/globals';
import { compareAbi } from '../../src/abi/abi.ts';
import { compareTypes } from '../../src/abi/compare/compare-types.ts';
import { openDebugInfo } from '../../src/abi/dwarf/open.ts';
import { readTypeGraph } from '../../src/abi/dwarf/read-graph.ts';
import type { TypeGraph } from '../../src/abi/model.ts';
import { readElf } from '../../src/elf/read.ts';
import { describeWith } from '../support/needs.ts';
import { workspace, writeTree } from '../support/workspace.ts';

const space = workspace();

const SOURCES = {
  'shape.h': `
namespace geo { struct Point { int x, y; }; enum class Kind { a, b };
struct Shape { virtual ~Shape(); virtual int area() const; Point at; Kind kind; Shape *next; static int count; }; }
extern "C" int measure(const geo::Shape &shape, geo::Kind kind);
`,
  'a.cc': `#include "shape.h"
geo::Shape::~Shape() {} int geo::Shape::area() const { return at.x; } int geo::Shape::count = 3;`,
  'b.cc': `#include "shape.h"
int measure(const geo::Shape &shape, geo::Kind kind) { return shape.area() + (int)kind; }
geo::Point origin;`,
};

function directory(): string {
  const path = mkdtempSync(join(space, 'case-'));
  writeTree(path, SOURCES);
  return path;
}

function run(cwd: string, program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { cwd, stdio: 'pipe' });
}

function build(cwd: string, compiler: string, output: string, ...flags: readonly string[]): string {
  run(cwd, compiler, '-g', '-fPIC', ...flags, '-c', 'a.cc');
  run(cwd, compiler, '-g', '-fPIC', ...flags, '-c', 'b.cc');
  // -gsplit-dwarf makes gcc's driver pass --gdb-index on, which not every linker knows.
  run(cwd, compiler, '-shared', '-nostdlib', '-Wl,--build-id', 'a.o', 'b.o', '-o', output);
  return join(cwd, output);
}

interface Read extends TypeGraph {
  readonly used: readonly string[];
}

function read(path: string, directories: readonly string[] = []): Read {
  const bytes = new Uint8Array(readFileSync(path));
  const { image } = readElf(bytes);
  if (image === undefined) throw new Error(`${path} is not read`);
  const { files, missing, used } = openDebugInfo(image, bytes, { file: path, directories });
  return { ...readTypeGraph(image, files, missing), used: used.map((name) => basename(name)) };
}

/** The types of a file, however its debug information is laid out, are those of the ordinary build. */
function expectSameTypes(graph: Read, compiler = 'g++'): void {
  const plain = read(build(directory(), compiler, 'plain.so'));
  const { findings, compared } = compareTypes(plain, graph);
  expect(graph.missing.map(({ code, message }) => `${code}: ${message}`)).toEqual([]);
  expect(findings).toEqual([]);
  expect([...compared]).toEqual(
    expect.arrayContaining(['measure', 'origin', '_ZN3geo5Shape5countE', '_ZNK3geo5Shape4areaEv']),
  );
  expect(graph.nodes.find((node) => 'name' in node && node.name === 'Shape')).toMatchObject({
    scope: 'geo',
    language: 'c++',
    size: 32,
    declared: { file: expect.stringMatching(/^\/.*\/shape\.h$/), line: 3 },
  });
}

describeWith(['g++', 'objcopy'], 'separate debug files', () => {
  function separated(link = true): { readonly cwd: string; readonly path: string; readonly debug: string } {
    const cwd = directory();
    const path = build(cwd, 'g++', 'lib.so');
    run(cwd, 'objcopy', '--only-keep-debug', 'lib.so', 'lib.debug');
    run(cwd, 'objcopy', '--strip-debug', ...(link ? ['--add-gnu-debuglink=lib.debug'] : []), 'lib.so');
    return { cwd, path, debug: join(cwd, 'lib.debug') };
  }

  it('are found by debug link beside the file, in .debug and in given directories', () => {
    const { cwd, path, debug } = separated();
    const beside = read(path);
    expect(beside.used).toEqual(['lib.debug']);
    expectSameTypes(beside);
    mkdirSync(join(cwd, '.debug'));
    renameSync(debug, join(cwd, '.debug', 'lib.debug'));
    expectSameTypes(read(path));
    mkdirSync(join(cwd, 'given'));
    renameSync(join(cwd, '.debug', 'lib.debug'), join(cwd, 'given', 'lib.debug'));
    expect(read(path).missing).toMatchObject([{ code: 'no-debug-info' }]);
    expectSameTypes(read(path, [join(cwd, 'given')]));
  });

  it('are found by build id', () => {
    const { cwd, path, debug } = separated(false);
    const id = readElf(new Uint8Array(readFileSync(path))).image?.notes.buildId ?? '';
    const place = join(cwd, 'given', '.build-id', id.slice(0, 2));
    mkdirSync(place, { recursive: true });
    renameSync(debug, join(place, `${id.slice(2)}.debug`));
    expectSameTypes(read(path, [join(cwd, 'given')]));
  });

  it('are refused when they belong to another build', () => {
    const { path, debug } = separated();
    writeFileSync(debug, Buffer.concat([readFileSync(debug), Buffer.from('x')]));
    const graph = read(path);
    expect(graph.used).toEqual([]);
    expect(graph.missing).toMatchObject([
      { code: 'no-debug-info', message: expect.stringContaining('lib.debug was found and is of another build') },
    ]);
  });

  it('are not looked for in pipes and devices', () => {
    const { path, debug } = separated();
    rmSync(debug);
    run(space, 'mkfifo', debug);
    expect(read(path).missing).toMatchObject([{ code: 'no-debug-info' }]);
  });
});

for (const compiler of ['g++', 'clang++']) {
  for (const version of [4, 5]) {
    describeWith([compiler], `split DWARF ${version} of ${compiler}`, () => {
      const flags = ['-gsplit-dwarf', `-gdwarf-${version}`];

      it('is read from .dwo files where they were made', () => {
        const graph = read(build(directory(), compiler, 'lib.so', ...flags));
        expect(graph.used).toEqual(['a.dwo', 'b.dwo']);
        expectSameTypes(graph, compiler);
      });

      it('with type units', () => {
        expectSameTypes(read(build(directory(), compiler, 'lib.so', ...flags, '-fdebug-types-section')), compiler);
      });

      it('is found beside the file and in given directories when it moved', () => {
        const cwd = directory();
        build(cwd, compiler, 'lib.so', ...flags);
        const other = directory();
        copyFileSync(join(cwd, 'lib.so'), join(other, 'lib.so'));
        for (const name of ['a.dwo', 'b.dwo']) renameSync(join(cwd, name), join(other, name));
        expectSameTypes(read(join(other, 'lib.so')), compiler);
        renameSync(join(cwd, 'lib.so'), join(space, 'alone.so'));
        expectSameTypes(read(join(space, 'alone.so'), [other]), compiler);
      });

      it('that is missing or of another build is said, naming the files', () => {
        const cwd = directory();
        const path = build(cwd, compiler, 'lib.so', ...flags);
        rmSync(join(cwd, 'a.dwo'));
        expect(read(path).missing).toContainEqual(
          expect.objectContaining({ code: 'split-missing', message: expect.stringContaining('1 of 2 units') }),
        );
        copyFileSync(join(cwd, 'b.dwo'), join(cwd, 'a.dwo'));
        expect(read(path).missing).toContainEqual(
          expect.objectContaining({ code: 'split-missing', message: expect.stringMatching(/another build: .*a\.dwo/) }),
        );
      });
    });
  }
}

describeWith(['g++', 'clang++'], 'two builds that find their types in one .dwo file', () => {
  function both(compiler: string) {
    const cwd = directory();
    const inputs = [join(cwd, 'one.so'), join(cwd, 'two.so')].map((path) => {
      writeFileSync(
        join(cwd, 'c.cc'),
        `struct S { int a; ${path.endsWith('two.so') ? 'int c; ' : ''}int b; }; int f(S *s) { return s->a; }`,
      );
      run(cwd, compiler, '-g', '-fPIC', '-gsplit-dwarf', '-gdwarf-5', '-c', 'c.cc');
      run(cwd, compiler, '-shared', '-nostdlib', 'c.o', '-o', path);
      const bytes = new Uint8Array(readFileSync(path));
      const { image } = readElf(bytes);
      if (image === undefined) throw new Error(`${path} is not read`);
      return { image, bytes, search: { file: path, directories: [] } };
    });
    const [one, two] = inputs;
    if (one === undefined || two === undefined) throw new Error('two were built');
    return { one, two };
  }

  it('are undecided where the id of the file does not tell builds apart', () => {
    const { one, two } = both('clang++');
    expect(compareAbi(one, two).findings).toMatchObject([
      { rule: 'abi/evidence-missing', effect: 'undecided', message: expect.stringContaining('same file, c.dwo,') },
    ]);
  });

  it('are told from each other where it does', () => {
    const { one, two } = both('g++');
    const { findings } = compareAbi(one, two);
    expect(findings).toMatchObject([
      { rule: 'abi/evidence-missing', message: expect.stringMatching(/of OLD .*from another build/) },
    ]);
  });
});

describeWith(['clang++', 'llvm-dwp'], 'split DWARF in a package', () => {
  for (const version of [4, 5]) {
    it(`of version ${version}`, () => {
      const cwd = directory();
      const path = build(cwd, 'clang++', 'lib.so', '-gsplit-dwarf', `-gdwarf-${version}`);
      run(cwd, 'llvm-dwp', 'a.dwo', 'b.dwo', '-o', 'lib.so.dwp');
      for (const name of ['a.dwo', 'b.dwo']) rmSync(join(cwd, name));
      const graph = read(path);
      expect(graph.used).toEqual(['lib.so.dwp']);
      expectSameTypes(graph, 'clang++');
    });
  }
});

describeWith(['g++', 'dwz', 'objcopy'], 'debug information that dwz made smaller', () => {
  for (const version of [4, 5]) {
    it(`in one file, DWARF ${version}`, () => {
      const cwd = directory();
      const path = build(cwd, 'g++', 'lib.so', `-gdwarf-${version}`);
      run(cwd, 'dwz', 'lib.so');
      expectSameTypes(read(path));
    });

    for (const form of [[], ['-5']]) {
      it(`with a file for what is shared, DWARF ${version}, ${form.join('') || 'GNU form'}`, () => {
        const cwd = directory();
        const path = build(cwd, 'g++', 'lib.so', `-gdwarf-${version}`);
        copyFileSync(path, join(cwd, 'twin.so'));
        // dwz takes no two files that are the same.
        run(cwd, 'dwz', ...form, '-m', 'shared.debug', 'lib.so', 'twin.so');
        const graph = read(path);
        expect(graph.used).toEqual(['shared.debug']);
        expectSameTypes(graph);
        rmSync(join(cwd, 'shared.debug'));
        expect(read(path).missing).toContainEqual(
          expect.objectContaining({ code: 'alt-missing', message: expect.stringContaining('shared.debug') }),
        );
      });
    }
  }
});

describeWith(['g++', 'objcopy'], 'compressed debug information', () => {
  for (const format of ['zlib', 'zlib-gnu', 'zstd']) {
    it(format, () => {
      const cwd = directory();
      build(cwd, 'g++', 'lib.so');
      run(cwd, 'objcopy', `--compress-debug-sections=${format}`, 'lib.so', 'packed.so');
      expectSameTypes(read(join(cwd, 'packed.so')));
    });
  }
});

describeWith(['g++'], 'type units and 64-bit DWARF', () => {
  for (const flags of [
    ['-gdwarf-4', '-fdebug-types-section'],
    ['-gdwarf-5', '-fdebug-types-section'],
    ['-gdwarf-4', '-gdwarf64'],
    ['-gdwarf-5', '-gdwarf64'],
    ['-gdwarf-2', '-gstrict-dwarf'],
    ['-gdwarf-3', '-gstrict-dwarf'],
    ['-O2', '-freorder-blocks-and-partition'],
  ]) {
    it(flags.join(' '), () => {
      const cwd = directory();
      const path = build(cwd, 'g++', 'lib.so', ...flags);
      // DWARF 3 cannot tell that an enumeration is scoped.
      if (flags.includes('-gstrict-dwarf')) expect(read(path).missing).toEqual([]);
      else expectSameTypes(read(path));
    });
  }
});
