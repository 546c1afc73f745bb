import { describe, expect, it } from '@jest/globals';
import { demangle, shownSymbol } from '../../../src/abi/demangle/demangle.ts';
import { isRustName } from '../../../src/abi/demangle/rust.ts';

describe('C++ names', () => {
  it.each([
    ['_ZNK3geo5Shape4areaEi', 'geo::Shape::area(int) const'],
    ['_ZN3geo5ShapeC1Ev', 'geo::Shape::Shape()'],
    ['_ZN3geo5ShapeD0Ev', 'geo::Shape::~Shape()'],
    ['_ZTVN3geo5ShapeE', 'vtable for geo::Shape'],
    ['_ZThn16_N1D1fEv', 'non-virtual thunk to D::f()'],
    ['_ZTv0_n24_N1D1fEv', 'virtual thunk to D::f()'],
    ['_ZTch0_v0_n24_N1D1fEv', 'covariant return thunk to D::f()'],
    ['_Z1fPDoFviE', 'f(void (*)(int) noexcept)'],
    ['_Z1fSs', 'f(std::string)'],
    ['_Z1fB5cxx11v', 'f[abi:cxx11]()'],
    [
      '_Z1fNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE',
      'f(std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >)',
    ],
    ['_ZN12_GLOBAL__N_11fEv', '(anonymous namespace)::f()'],
    ['_ZZ4mainENKUlT_E_clIiEEDaS_', 'auto main::{lambda(auto:1)#1}::operator()<int>(int) const'],
    ['_Z1fIJicEEvDpT_', 'void f<int, char>(int, char)'],
    ['_Z1fRA4_KcM1SFviEM1Si', 'f(char const (&) [4], void (S::*)(int), int S::*)'],
    ['_ZN1A1fEv.part.0', 'A::f() [clone .part.0]'],
  ])('%s', (mangled, readable) => {
    expect(demangle(mangled)).toBe(readable);
  });
});

describe('Rust names', () => {
  it.each([
    ['_RNvCs1234_7mycrate3foo', 'mycrate::foo'],
    ['_RNvMCs1234_7mycrateNtB2_3Foo3bar', '<mycrate::Foo>::bar'],
    ['_RNvXCs1234_7mycrateNtB2_3FooNtB2_5Trait3bar', '<mycrate::Foo as mycrate::Trait>::bar'],
    ['_RINvCs1234_7mycrate3fooReAhj4_E', 'mycrate::foo::<&str, [u8; 4]>'],
    ['_RNCNvCs1234_7mycrate3foo0B3_', 'mycrate::foo::{closure#0}'],
    ['_ZN4core3fmt9Formatter3pad17h0123456789abcdefE', 'core::fmt::Formatter::pad'],
    ['_ZN49_$LT$my..Foo$u20$as$u20$core..fmt..Debug$GT$3fmt17h0123456789abcdefE', undefined],
    ['_ZN44_$LT$my..Foo$u20$as$u20$core..fmt..Debug$GT$3fmt17h0123456789abcdefE', '<my::Foo as core::fmt::Debug>::fmt'],
  ])('%s', (mangled, readable) => {
    expect(demangle(mangled)).toBe(readable);
  });

  it('tells Rust from C++', () => {
    expect(isRustName('_ZN4core3fmt9Formatter3pad17h0123456789abcdefE')).toBe(true);
    expect(isRustName('_ZN4core3fmt9Formatter3padEv')).toBe(false);
    expect(isRustName('_Raw_data')).toBe(false);
  });
});

/** Each parameter is a template with the one before as both of its arguments. */
function doubling(count: number): string {
  const number = (at: number): string => (at === 0 ? '' : (at - 1).toString(36).toUpperCase());
  const steps = Array.from({ length: count }, (_, at) => `S_IS${number(at + 1)}_S${number(at + 1)}_E`);
  return `_Z1f1aIiiE${steps.join('')}`;
}

describe('names that are none, or that are made to hurt', () => {
  it.each([
    ['an empty one', ''],
    ['a C name', 'malloc'],
    ['only the prefix', '_Z'],
    ['cut in the middle', '_ZN3geo5Sha'],
    ['a length beyond the end', '_Z999999999f'],
    ['a substitution without source', '_Z1fS5_'],
    ['a parameter without argument', '_Z1fIiEvT5_'],
    ['pointers nested too deeply', `_Z1f${'P'.repeat(30_000)}i`],
    ['names nested too deeply', `_Z${'N1a'.repeat(9000)}`],
    ['expressions nested too deeply', `_Z1fIX${'ng'.repeat(9000)}Li1EEEvv`],
    ['a text that doubles with every substitution', doubling(30)],
    ['too long', `_Z${'1a'.repeat(40_000)}`],
    ['Rust: a path that leads back to itself', '_RNvB_3foo'],
    ['Rust: tuples that double', `_RINvC1a1b${'T'.repeat(3000)}`],
    ['Rust: a lifetime of no binder', '_RINvC1a1bRL3_hE'],
    ['Rust: a constant that is no character', '_RINvC1a1bKcffffffff_E'],
  ])('%s', (_, mangled) => {
    expect(demangle(mangled)).toBeUndefined();
  });

  it('random changes to good names neither throw nor take long', () => {
    const good = [
      '_ZNKSt3tr14hashIRKSsEclES2_',
      '_ZSt3getILm0EIPNSt13__future_base11_Make_readyEEERNSt13tuple_elementIXT_ESt5tupleIIDpT0_EEE4typeERSA_',
      '_RNvXs_NtCs1_5alloc3vecINtB4_3VechEFEuNtNtCs1_4core3fmt5Debug3fmt',
      '_ZZ4mainENKUlT_E_clIiEEDaS_',
    ];
    let seed = 42;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % below;
    };
    const letters = 'NKSTIJEPROXLDtpcvsr_0123456789abdefgilmC';
    let readable = 0;
    for (let round = 0; round < 20_000; round += 1) {
      let name = good[round % good.length] ?? '';
      for (let change = random(4); change >= 0; change -= 1) {
        const at = 2 + random(name.length - 2);
        name = name.slice(0, at) + letters.charAt(random(letters.length)) + name.slice(at + random(3));
      }
      const text = demangle(name);
      if (text !== undefined) readable += 1;
      expect((text ?? '').length).toBeLessThan(70_000);
    }
    expect(readable).toBeGreaterThan(500);
  });
});

describe('symbols in messages', () => {
  it('keeps the version', () => expect(shownSymbol('_ZN3geo4areaEv@@GEO_1')).toBe('geo::area()@@GEO_1'));
  it('leaves C names alone', () => expect(shownSymbol('geo_area@GEO_1')).toBe('geo_area@GEO_1'));
  it('cuts long names', () => expect(shownSymbol(`_Z300${'a'.repeat(300)}v`)).toHaveLength(240));
});
