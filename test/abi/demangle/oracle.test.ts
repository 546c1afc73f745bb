import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from '@jest/globals';
import { demangle } from '../../../src/abi/demangle/demangle.ts';
import { describeWith } from '../../support/needs.ts';
import { workspace } from '../../support/workspace.ts';

/** Uses of the library and the language that make names of every form. */
const SOURCE = `
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <string>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>
namespace { struct Anonymous {}; }
struct S {
  int x;
  int f(int) const&; int g() &&; void h() volatile; S operator+(S const&) const; operator bool() const;
  S* operator->(); void operator()(int, ...); void* operator new(std::size_t);
};
int S::f(int) const& { return 1; } int S::g() && { return 2; } void S::h() volatile {}
S S::operator+(S const&) const { return *this; } S::operator bool() const { return true; }
S* S::operator->() { return this; } void S::operator()(int, ...) {} void* S::operator new(std::size_t) { return nullptr; }
struct Base { virtual ~Base(); virtual Base* self(); }; struct Other { virtual ~Other(); virtual void two(); };
struct Derived : Base, virtual Other { Derived* self() override; void two() override; };
Base::~Base() {} Base* Base::self() { return this; } Other::~Other() {} void Other::two() {}
Derived* Derived::self() { return this; } void Derived::two() {}
template <class... T> auto sum(T... t) -> decltype((t + ...)) { return (t + ...); }
template <int N> struct Arr { int a[N]; template <class U> operator U*() const; };
template <int N> template <class U> Arr<N>::operator U*() const { return nullptr; }
template struct Arr<3>; template Arr<3>::operator int*() const;
template <class T> auto length(T const& t) -> decltype(t.size()) { return t.size(); }
template <class T, std::size_t n> void array(T (&)[n]) {}
template <class F> void call(F f) { f(1); }
template <void (*F)(int) noexcept> void pointer() {}
template <class... T> std::tuple<std::decay_t<T>*...> pointers(T&&...) { return {}; }
template <template <class...> class C, class T> C<T> make(T) { return {}; }
template <class T> std::enable_if_t<std::is_integral<T>::value && sizeof(T) == 4, T> only(T t) { return t; }
enum class E : unsigned char { A, B };
template <E e> void enumerator() {} template <bool b, char c, long long l, unsigned u> void literals() {}
template <int S::*P> void member() {}
unsigned long long operator""_kb(unsigned long long x) { return x; }
[[gnu::abi_tag("v2")]] int tagged() { return 1; }
inline namespace v1 { struct __attribute__((abi_tag("x"))) Tagged {}; Tagged makeTagged() { return {}; } }
void odd(void (*)(int) noexcept, std::nullptr_t, char16_t, char32_t, __int128, long double, int S::*, void (S::*)(int) const) {}
auto lambda() { return [](auto x) { return x; }; }
int main() {
  std::vector<int> v; length(v); sum(1, 2.0, 3l); int a[5]; array(a); call([](int) {}); call([&](auto x) { static int q = 1; return q + x; });
  pointer<nullptr>(); pointers(1, 'c', v); make<std::vector>(1); only(1); enumerator<E::B>(); literals<true, 'c', -5ll, 7u>(); member<&S::x>();
  std::regex r("a*b"); std::cout << std::regex_match("ab", r); std::map<std::string, std::function<void(int)>> m; m["x"] = [](int) {};
  std::thread t([] {}); t.join(); lambda()(3); lambda()(std::string()); auto f = std::async([] { return 1; });
  std::variant<int, std::string> vv; std::visit([](auto&&) {}, vv); std::unordered_map<int, Anonymous> ua; ua[1]; auto sp = std::make_shared<S>(); Derived d;
}
`;

/** Of all names of a list, how many read as the oracle reads them; \`> >\` and \`>>\` are one to both of them. */
function agreement(
  names: readonly string[],
  oracle: readonly string[],
): { readonly share: number; readonly other: string[] } {
  const plain = (text: string): string => text.replaceAll(' >', '>');
  const other = names.filter((name, at) => plain(demangle(name) ?? name) !== plain(oracle[at] ?? ''));
  return { share: 1 - other.length / names.length, other };
}

function mangledNames(argv: readonly [string, ...string[]], pattern: RegExp): readonly string[] {
  const [program, ...args] = argv;
  const text = execFileSync(program, args, { encoding: 'latin1', maxBuffer: 1 << 28 });
  const words = text.split('\n').map((line) => (line.split(' ').at(-1) ?? '').replace(/@.*$/, ''));
  return [...new Set(words.filter((name) => pattern.test(name)))].sort();
}

function filtered(names: readonly string[]): readonly string[] {
  // -i: std::string and std::ostream as people write them.
  return spawnSync('c++filt', ['-i'], { input: names.join('\n'), encoding: 'latin1', maxBuffer: 1 << 28 }).stdout.split(
    '\n',
  );
}

describeWith(['c++filt', 'nm', 'g++', 'clang++'], 'C++ names against c++filt', () => {
  const directory = workspace();
  beforeAll(() => writeFileSync(join(directory, 'names.cc'), SOURCE));

  it.each(['g++', 'clang++'])(
    'names of the language and of the standard library by %s',
    (compiler) => {
      const object = join(directory, `${compiler}.o`);
      execFileSync(compiler, ['-std=c++17', '-w', '-c', '-O0', '-o', object, join(directory, 'names.cc')]);
      const names = mangledNames(['nm', object], /^_Z/);
      expect(names.length).toBeGreaterThan(1500);
      const { share, other } = agreement(names, filtered(names));
      // What is left are parentheses in expressions of result types.
      expect(other.length).toBeLessThan(20);
      expect(share).toBeGreaterThan(0.99);
    },
    120_000,
  );

  it('all names that libstdc++ exports', () => {
    const library = execFileSync('g++', ['-print-file-name=libstdc++.so'], { encoding: 'latin1' }).trim();
    const names = mangledNames(['nm', '-D', library], /^_Z/);
    expect(names.length).toBeGreaterThan(4000);
    expect(agreement(names, filtered(names))).toEqual({ share: 1, other: [] });
  });
});
