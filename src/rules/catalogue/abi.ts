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
  'abi/more-changes': {
    title: 'More types changed than are told',
    severity: 'error',
    step: 'compare',
    why: 'So many types changed that only the worst are told one by one; this stands for the others.',
    fix: 'Look at the first findings: one cause, such as another compiler option or the wrong baseline, often changes all. Name the public headers if most of the types are private.',
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
