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
});
