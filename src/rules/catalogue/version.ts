import { controls } from '../controls.ts';
import { defineRules } from '../rule.ts';

/** The version that a release claims, beside what changed in it. */
export const versionRules = defineRules({
  'version/too-low': {
    title: 'The version is too low for what changed',
    severity: 'error',
    step: 'compare',
    why: 'Who takes updates by their version (package managers, version ranges, people) takes this one as harmless, and it is not.',
    fix: 'Raise the version as Semantic Versioning asks: major for what breaks consumers, minor for additions, patch otherwise.',
    controls: [controls.ssdfArchiveRelease, controls.cncfArtifactChecks],
  },
  'version/unknown': {
    title: 'Whether the version is high enough is not known',
    severity: 'note',
    step: 'compare',
    why: 'Parts of the comparison stayed undecided; what was not seen may break consumers, and a version may have to say so.',
    fix: 'Give the evidence that the undecided findings ask for, mostly debug information of both releases.',
    controls: [controls.ssdfArchiveRelease],
  },
});
