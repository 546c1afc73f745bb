import { controls } from '../controls.ts';
import { defineRules } from '../rule.ts';

const evidence = [controls.ssdfTestExecutable];

/** Differences between two releases that only C++ and Rust have. */
export const abiCxxRules = defineRules({
  'abi/enum-scope-changed': {
    title: 'An enumeration became scoped or unscoped',
    severity: 'error',
    step: 'compare',
    why: 'Binaries go on working; sources that name the enumerators, or use them as numbers, no longer compile.',
    fix: 'Keep the enumeration as it is, and add an enum class with another name.',
    controls: evidence,
  },
});
