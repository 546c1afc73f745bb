import { controls } from '../controls.ts';
import { defineRules } from '../rule.ts';

const evidence = [controls.ssdfTestExecutable];

/** Differences between two releases that only C++ and Rust have. */
export const abiCxxRules = defineRules({
  'abi/classes-not-described': {
    title: 'Classes are only declared in the debug information',
    severity: 'note',
    step: 'compare',
    why: 'Compilers leave out classes whose virtual table or constructors are made in another file, such as interfaces of the host: then their layout and slots cannot be compared.',
    fix: 'Compile with -femit-class-debug-always (gcc) or -fstandalone-debug (clang) if headers define these classes; nothing to do if they are opaque.',
    controls: evidence,
  },
  'abi/access-narrowed': {
    title: 'A member became less accessible',
    severity: 'error',
    step: 'compare',
    why: 'Binaries go on working; sources that use the member, or convert to the base, no longer compile.',
    fix: 'Keep it public, marked as deprecated, until the next major version.',
    controls: evidence,
  },
  'abi/enum-scope-changed': {
    title: 'An enumeration became scoped or unscoped',
    severity: 'error',
    step: 'compare',
    why: 'Binaries go on working; sources that name the enumerators, or use them as numbers, no longer compile.',
    fix: 'Keep the enumeration as it is, and add an enum class with another name.',
    controls: evidence,
  },
});
