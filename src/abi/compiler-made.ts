import { isRustName } from './demangle/rust.ts';

/** Constructors, destructors and call operators of classes and lambdas inside of functions: nobody outside can name them. */
const LOCAL_CLASS = /^_ZZ.*(?:[CD][0-5]|cl)[IE]/;

/**
 * Virtual tables, type information, guards and thunks of the Itanium C++ ABI (section 5.1.4): compilers make them from
 * the class, which is compared itself; debug information has no types for them. And Rust's own functions, whose names
 * hold a hash: they are no interface. Nor are functions of classes inside of functions: nobody outside can name them.
 */
export function isCompilerMade(name: string, kind?: 'function' | 'variable'): boolean {
  if (kind === 'function' && name.startsWith('_ZZ')) return true;
  return isRustName(name) || LOCAL_CLASS.test(name) || /^_Z(?:T[VTISCWH]|GV|GR|GT|Th|Tv|Tc)/.test(name);
}
