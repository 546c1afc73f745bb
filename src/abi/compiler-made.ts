/**
 * Virtual tables, type information, guards and thunks of the Itanium C++ ABI (section 5.1.4): compilers make them from
 * the class, which is compared itself; debug information has no types for them.
 */
export function isCompilerMade(name: string): boolean {
  return /^_Z(?:T[VTISCWH]|GV|GR|Th|Tv|Tc)/.test(name);
}
