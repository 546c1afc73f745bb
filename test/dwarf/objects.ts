import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeTree } from '../support/workspace.ts';

const C = `
#include <stddef.h>
struct node; typedef struct node *link;
struct node { link next; unsigned low : 3, high : 5; union { int i; double d; } value; char name[]; };
enum colour { RED = -1, GREEN = 200, BLUE = 1 << 20 };
typedef int (*callback)(const struct node *, enum colour, ...);
static const volatile long table[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };
__thread int counter;
int shared = 7;
extern int walk(struct node *restrict start, callback call);
__attribute__((cold, noinline)) static void fail(int code) { shared = code; }
int walk(struct node *restrict start, callback call) {
  struct local { size_t depth; } state = { 0 };
  for (link at = start; at; at = at->next) { if (call(at, GREEN) < 0) fail(3); state.depth++; counter++; }
  return (int)(state.depth + table[1][1]);
}
`;

const CPP = `
namespace geo {
  enum class Kind : unsigned char { flat, deep = 250 };
  template <typename T, int N> struct Array { T items[N]; static const int size = N; T &at(int i) { return items[i]; } };
  struct Base { virtual ~Base(); virtual int area() const noexcept = 0; int tag : 4; };
  class Shape : public virtual Base { public: explicit Shape(int); int area() const noexcept override; Array<double, 4> points;
    Kind kind; int Shape::*which; struct Inner { long deep; } inner; private: static int count; void operator=(const Shape &) = delete; };
  inline namespace v2 { using Alias = Array<Shape *, 2>; }
  namespace { struct Hidden { int x; } hidden; }
}
int geo::Shape::count;
geo::Base::~Base() {}
geo::Shape::Shape(int n) : kind(Kind::deep), inner{n} { count += hidden.x; }
int geo::Shape::area() const noexcept { auto twice = [this](int f) { return f * inner.deep; }; return (int)twice(2); }
template <typename... Pack> int many(Pack &&...pack) { return sizeof...(pack); }
extern "C" int entry(geo::Alias &all, char32_t c, decltype(nullptr)) { return all.at(0)->area() + many(1, 2.0, c); }
`;

const RUST = `
#[repr(C)] pub struct Point { x: i32, y: Option<Box<i32>> }
pub enum Message { Quit, Move(i64, u8), Text { body: u128 } }
#[no_mangle] pub extern "C" fn handle(p: &Point, m: &Message) -> i32 {
  match m { Message::Quit => p.x, Message::Move(a, b) => *a as i32 + *b as i32, Message::Text { body } => *body as i32 } }
`;

/** More sections than fit into the 16 bits of an ELF header. */
const MANY_SECTIONS = `${C}
__asm__(".macro one\\n .section .text.s\\\\@,\\"ax\\"\\n nop\\n .previous\\n .endm\\n .rept 66000\\n one\\n .endr\\n");
`;

/** Forms that compilers have no use for: DW_FORM_indirect (its form stands before the value), and data16 of a constant. */
const FORMS = `
  .section .debug_abbrev,"",@progbits
  .uleb128 1, 0x11; .byte 1
  .uleb128 0x03, 0x08
  .uleb128 0x13, 0x0b
  .uleb128 0, 0
  .uleb128 2, 0x34; .byte 0
  .uleb128 0x03, 0x16
  .uleb128 0x1c, 0x1e
  .uleb128 0x3a, 0x16
  .uleb128 0x3f, 0x19
  .uleb128 0, 0
  .byte 0
  .section .debug_info,"",@progbits
  .long end - begin
begin:
  .value 5; .byte 1, 8; .long 0
  .uleb128 1; .asciz "forms.c"; .byte 29
  .uleb128 2; .uleb128 0x08; .asciz "wide"; .quad 0x1122334455667788, 0x99aabbccddeeff00; .uleb128 0x0f; .uleb128 300
  .uleb128 2; .uleb128 0x08; .asciz "next"; .quad 1, 0; .uleb128 0x0b; .byte 7
  .byte 0
end:
`;

/** One way to make files with debug information. */
export interface Recipe {
  readonly name: string;
  /** Programs that it runs. */
  readonly needs: readonly string[];
  /** Commands, run in a directory of their own that has a.c, a.cc, a.rs and many.c. */
  readonly commands: readonly (readonly string[])[];
  /** Files that LLVM's reader cannot unpack, and one with the same content that it can. */
  readonly sameAs?: Readonly<Record<string, string>>;
}

function one(name: string, ...command: readonly string[]): Recipe {
  return { name, needs: [command[0] ?? ''], commands: [command] };
}

const SHARED = ['-fPIC', '-shared', '-nostdlib', '-g'];

function versions(compiler: string, source: string, label: string): Recipe[] {
  return [2, 3, 4, 5].map((version) =>
    one(`${label} DWARF ${version}`, compiler, ...SHARED, `-gdwarf-${version}`, source, '-o', 'a.so'),
  );
}

/** Targets that clang compiles object files for without headers of theirs. */
const TARGETS = [
  'i386-linux-gnu',
  'aarch64-linux-gnu',
  'armv7-linux-gnueabihf',
  'powerpc-linux-gnu',
  'powerpc64-linux-gnu',
  'powerpc64le-linux-gnu',
  's390x-linux-gnu',
  'riscv32-linux-gnu',
  'riscv64-linux-gnu',
  'mips-linux-gnu',
  'mips64-linux-gnuabi64',
  'mips64el-linux-gnuabi64',
  'sparcv9-linux-gnu',
];

export const RECIPES: readonly Recipe[] = [
  ...versions('gcc', 'a.c', 'gcc C'),
  ...versions('g++', 'a.cc', 'gcc C++'),
  ...versions('clang', 'a.c', 'clang C'),
  ...versions('clang++', 'a.cc', 'clang C++'),
  one('gcc C optimised, hot and cold', 'gcc', ...SHARED, '-O2', '-freorder-blocks-and-partition', 'a.c', '-o', 'a.so'),
  one('gcc C++ optimised', 'g++', ...SHARED, '-O2', 'a.cc', '-o', 'a.so'),
  one('clang C++ optimised, DWARF 4', 'clang++', ...SHARED, '-O2', '-gdwarf-4', 'a.cc', '-o', 'a.so'),
  one('gcc 64-bit DWARF 4', 'gcc', ...SHARED, '-gdwarf-4', '-gdwarf64', 'a.c', '-o', 'a.so'),
  one('gcc 64-bit DWARF 5', 'g++', ...SHARED, '-gdwarf-5', '-gdwarf64', 'a.cc', '-o', 'a.so'),
  one('clang 64-bit DWARF 5', 'clang++', ...SHARED, '-gdwarf-5', '-gdwarf64', 'a.cc', '-o', 'a.so'),
  one('gcc object', 'g++', '-g', '-c', 'a.cc', '-o', 'a.o'),
  one('clang object', 'clang++', '-g', '-c', 'a.cc', '-o', 'a.o'),
  one('gcc 32-bit object', 'gcc', '-m32', '-g', '-c', '-ffreestanding', 'a.c', '-o', 'a.o'),
  one('gcc type units, DWARF 4', 'g++', '-gdwarf-4', '-fdebug-types-section', '-c', 'a.cc', '-o', 'a.o'),
  one('gcc type units, DWARF 5', 'g++', '-gdwarf-5', '-fdebug-types-section', '-c', 'a.cc', '-o', 'a.o'),
  one('gcc linked type units, DWARF 4', 'g++', ...SHARED, '-gdwarf-4', '-fdebug-types-section', 'a.cc', '-o', 'a.so'),
  one('gcc linked type units, DWARF 5', 'g++', ...SHARED, '-gdwarf-5', '-fdebug-types-section', 'a.cc', '-o', 'a.so'),
  one('clang type units, DWARF 4', 'clang++', ...SHARED, '-gdwarf-4', '-fdebug-types-section', 'a.cc', '-o', 'a.so'),
  one('clang type units, DWARF 5', 'clang++', ...SHARED, '-gdwarf-5', '-fdebug-types-section', 'a.cc', '-o', 'a.so'),
  one('gcc zlib', 'g++', ...SHARED, '-gz=zlib', 'a.cc', '-o', 'a.so'),
  one('gcc zlib object', 'g++', '-g', '-gz=zlib', '-c', 'a.cc', '-o', 'a.o'),
  one('gcc .zdebug', 'g++', ...SHARED, '-gz=zlib-gnu', 'a.cc', '-o', 'a.so'),
  {
    name: 'zstd',
    needs: ['g++', 'objcopy'],
    commands: [
      ['g++', ...SHARED, 'a.cc', '-o', 'a.so'],
      ['objcopy', '--compress-debug-sections=zstd', 'a.so', 'z.so'],
    ],
    sameAs: { 'z.so': 'a.so' },
  },
  one('gcc split, DWARF 4', 'g++', '-gdwarf-4', '-gsplit-dwarf', '-c', 'a.cc', '-o', 'a.o'),
  one('gcc split, DWARF 5', 'g++', '-gdwarf-5', '-gsplit-dwarf', '-c', 'a.cc', '-o', 'a.o'),
  one('gcc split type units', 'g++', '-gdwarf-4', '-gsplit-dwarf', '-fdebug-types-section', '-c', 'a.cc', '-o', 'a.o'),
  one('clang split, DWARF 4', 'clang++', '-gdwarf-4', '-gsplit-dwarf', '-c', 'a.cc', '-o', 'a.o'),
  one('clang split, DWARF 5', 'clang++', '-gdwarf-5', '-gsplit-dwarf', '-c', 'a.cc', '-o', 'a.o'),
  one(
    'clang split type units, DWARF 5',
    'clang++',
    '-gdwarf-5',
    '-gsplit-dwarf',
    '-fdebug-types-section',
    '-c',
    'a.cc',
    '-o',
    'a.o',
  ),
  one('clang embedded source', 'clang', '-gdwarf-5', '-gembed-source', '-c', 'a.c', '-o', 'a.o'),
  one('gcc strict DWARF 3', 'gcc', ...SHARED, '-gdwarf-3', '-gstrict-dwarf', 'a.c', '-o', 'a.so'),
  one('gcc link-time optimisation', 'g++', ...SHARED, '-flto', '-O2', 'a.cc', 'b.cc', '-o', 'a.so'),
  one('indirect and data16', 'gcc', '-c', 'forms.s', '-o', 'a.o'),
  one('gcc many sections', 'gcc', '-g', '-c', 'many.c', '-o', 'a.o'),
  ...TARGETS.map((target) =>
    one(
      `clang ${target}`,
      'clang',
      `--target=${target}`,
      '-fintegrated-as',
      '-g',
      '-ffreestanding',
      '-c',
      'a.c',
      '-o',
      'a.o',
    ),
  ),
  one(
    'clang C++ s390x, DWARF 4',
    'clang++',
    '--target=s390x-linux-gnu',
    '-gdwarf-4',
    '-ffreestanding',
    '-c',
    'a.cc',
    '-o',
    'a.o',
  ),
  one(
    'clang C++ powerpc64, DWARF 2',
    'clang++',
    '--target=powerpc64-linux-gnu',
    '-gdwarf-2',
    '-ffreestanding',
    '-c',
    'a.cc',
    '-o',
    'a.o',
  ),
  ...['s390x', 'powerpc64', 'riscv64', 'aarch64'].flatMap((machine) => [
    one(`gcc ${machine} object`, `${machine}-linux-gnu-gcc`, '-g', '-O2', '-c', 'a.c', '-o', 'a.o'),
    one(`gcc ${machine}, DWARF 4`, `${machine}-linux-gnu-gcc`, ...SHARED, '-gdwarf-4', 'a.c', '-o', 'a.so'),
  ]),
  {
    name: 'dwz',
    needs: ['g++', 'dwz'],
    commands: [
      ['g++', ...SHARED, '-gdwarf-4', 'a.cc', 'b.cc', '-o', 'a.so'],
      ['dwz', 'a.so'],
    ],
  },
  {
    name: 'dwz over several files',
    needs: ['g++', 'dwz'],
    commands: [
      ['g++', ...SHARED, '-gdwarf-5', 'a.cc', 'b.cc', '-o', 'a.so'],
      ['g++', ...SHARED, '-gdwarf-5', '-O1', 'b.cc', 'a.cc', '-o', 'b.so'],
      ['dwz', '-m', 'common.debug', 'a.so', 'b.so'],
    ],
  },
  {
    name: 'dwz over several files, DWARF 5 supplement',
    needs: ['g++', 'dwz'],
    commands: [
      ['g++', ...SHARED, '-gdwarf-5', 'a.cc', 'b.cc', '-o', 'a.so'],
      ['g++', ...SHARED, '-gdwarf-5', '-O1', 'b.cc', 'a.cc', '-o', 'b.so'],
      ['dwz', '-5', '-m', 'common.debug', 'a.so', 'b.so'],
    ],
  },
  {
    name: 'package, DWARF 4',
    needs: ['clang++', 'llvm-dwp'],
    commands: [
      ['clang++', '-gdwarf-4', '-gsplit-dwarf', '-fdebug-types-section', '-c', 'a.cc', '-o', 'a.o'],
      ['clang', '-gdwarf-4', '-gsplit-dwarf', '-c', 'a.c', '-o', 'c.o'],
      ['llvm-dwp', 'a.dwo', 'c.dwo', '-o', 'a.dwp'],
    ],
  },
  {
    name: 'package, DWARF 5',
    needs: ['clang++', 'llvm-dwp'],
    commands: [
      ['clang++', '-gdwarf-5', '-gsplit-dwarf', '-c', 'a.cc', '-o', 'a.o'],
      ['clang', '-gdwarf-5', '-gsplit-dwarf', '-c', 'a.c', '-o', 'c.o'],
      ['llvm-dwp', 'a.dwo', 'c.dwo', '-o', 'a.dwp'],
    ],
  },
  {
    name: 'Go',
    needs: ['go'],
    commands: [['go', 'build', '-o', 'a.so', 'a.go']],
  },
  one('rustc', 'rustc', '-g', '--crate-type=cdylib', '-Cpanic=abort', '--emit=obj', 'a.rs', '-o', 'a.o'),
];

/** The second source has no definitions that the first has. */
const CPP_OTHER = CPP.replaceAll('entry', 'other')
  .replace(/^geo::Base::~.*/m, '')
  .replace(/^(?:int )?geo::Shape::.*/gm, '');
const GO = 'package main\n\ntype Point struct{ X, Y int; Next *Point }\n\nfunc main() { println(Point{X: 1}.X) }\n';

/** Makes the files of a recipe and returns their paths. */
export function make(recipe: Recipe, directory: string): readonly string[] {
  const sources = {
    'a.c': C,
    'a.cc': CPP,
    'b.cc': CPP_OTHER,
    'a.rs': RUST,
    'a.go': GO,
    'many.c': MANY_SECTIONS,
    'forms.s': FORMS,
  };
  writeTree(directory, sources);
  for (const [program = '', ...args] of recipe.commands) execFileSync(program, args, { cwd: directory, stdio: 'pipe' });
  return readdirSync(directory)
    .filter((name) => /\.(?:so|o|dwo|dwp|debug)$/.test(name))
    .map((name) => join(directory, name));
}

/** Separate debug files of Debian's -dbg packages, smallest first. */
export function debianDebugFiles(largest: number): readonly string[] {
  const root = '/usr/lib/debug/.build-id';
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .flatMap((part) => readdirSync(join(root, part)).map((name) => join(root, part, name)))
    .map((path) => ({ path, size: statSync(path).size }))
    .filter(({ size }) => size <= largest)
    .sort((a, b) => a.size - b.size)
    .map(({ path }) => path);
}
