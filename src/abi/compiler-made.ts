import { isRustName } from './demangle/rust.ts';

/** Constructors, destructors and call operators of classes and lambdas inside of functions: nobody outside can name them. */
const LOCAL_CLASS = /^_ZZ.*(?:[CD][0-5]|cl)[IE]/;

/** Variables in functions of the C++ library: `std::_Sp_make_shared_tag::_S_ti()::__tag`. */
const LIBRARY_LOCAL = /^_ZZ(?:N[rVKRO]*)?(?:St|S[absiod]|9__gnu_cxx|10__cxxabiv1)/;

const MADE = /^_Z(?:T[VTISCWHhvc]|GV|GR|GT)/;

/**
 * Virtual tables, type information, guards and thunks of the Itanium C++ ABI (section 5.1.4): compilers make them from
 * the class, which is compared itself; debug information has no types for them. And Rust's own functions, whose names
 * hold a hash: they are no interface. Nor are functions of classes inside of functions: nobody outside can name them; and
 * variables in functions of the C++ library, which compilers often give no entry, are that library's own.
 */
export function isCompilerMade(name: string, kind?: 'function' | 'variable'): boolean {
  if (isRustName(name)) return true;
  if (!name.startsWith('_Z')) return false;
  switch (name[2]) {
    case 'Z':
      return kind === 'function' || (kind === undefined && LOCAL_CLASS.test(name)) || LIBRARY_LOCAL.test(name);
    case 'T':
    case 'G':
      return MADE.test(name);
    default:
      return false;
  }
}
