import { controls } from '../controls.ts';
import { defineRules } from '../rule.ts';

/** The types that exported symbols reach. */
export const abiRules = defineRules({
  'abi/types-not-compared': {
    title: 'Types of exported symbols were not compared',
    severity: 'undecided',
    step: 'compare',
    why: 'A symbol with the same name can take other parameters or point to a struct of another shape; names and versions do not show it.',
    fix: 'Give both files with debug information (-g, or separate debug files).',
    controls: [controls.ssdfTestExecutable, controls.cncfArtifactChecks],
  },
  'abi/headers-unmatched': {
    title: 'The public headers match no file',
    severity: 'undecided',
    step: 'compare',
    why: 'Types declared outside of the public headers are private, and their changes do not count. Where the patterns match nothing, that is every type.',
    fix: 'Correct `headers` in the configuration; paths start from the directory of the configuration file. Without the key, types declared in any header are public.',
    controls: [controls.ssdfTestExecutable, controls.cncfArtifactChecks],
  },
});
