import { controls } from '../controls.ts';
import { defineRules } from '../rule.ts';

export const baselineRules = defineRules({
  'baseline/not-configured': {
    title: 'No previous release is configured',
    severity: 'undecided',
    step: 'compare',
    why: 'Whether this release breaks its users can be told only in comparison with the release that they have.',
    fix: 'Set `baseline.file` to the previous release; for a first release set `baseline.none` to the reason.',
    controls: [controls.ssdfArchiveRelease],
  },
  'baseline/first-release': {
    title: 'The first release of the plugin',
    severity: 'warning',
    step: 'compare',
    why: 'No earlier release has this plugin, so nothing was compared. If one should have it, the name of the asset is wrong and every change passes unseen.',
    fix: 'For a first release there is nothing to do. Else correct `baseline.release.asset` or `baseline.release.tag`.',
    controls: [controls.ssdfArchiveRelease],
  },
  'baseline/unreachable': {
    title: 'The place of the previous release does not answer',
    severity: 'undecided',
    step: 'compare',
    why: 'The comparison with the previous release cannot be made, so a breaking change would go unseen.',
    fix: 'Run the gate again. If it stays so, check the token and its permissions, or keep the previous release as a file.',
    controls: [controls.ssdfArchiveRelease],
  },
  'baseline/missing': {
    title: 'The previous release is not there',
    severity: 'undecided',
    step: 'compare',
    why: 'The comparison with the previous release cannot be made, so a breaking change would go unseen.',
    fix: 'Put the file in place, for example by downloading the asset of the last release in a step before the gate.',
    controls: [controls.ssdfArchiveRelease],
  },
  'baseline/unusable': {
    title: 'The previous release cannot be read',
    severity: 'undecided',
    step: 'compare',
    why: 'The comparison with the previous release cannot be made, so a breaking change would go unseen.',
    fix: 'Make `baseline.file` name a regular file inside the repository that holds the previous release.',
    controls: [controls.ssdfArchiveRelease],
  },
  'baseline/is-artifact': {
    title: 'The previous release is the new file itself',
    severity: 'undecided',
    step: 'compare',
    why: 'A file compared with itself never differs: the gate would pass every change.',
    fix: 'Keep the previous release at a path that the build does not write.',
    controls: [controls.ssdfArchiveRelease],
  },
  'baseline/unverified': {
    title: 'The previous release is not signed by whom it must be',
    severity: 'error',
    step: 'compare',
    why: 'A comparison with a file that somebody put in its place says nothing: it could be made to hide any change. The file is neither compared with nor loaded.',
    fix: 'Get the previous release again from where it was published; if its signer was another one, say so in `baseline.signature`.',
    controls: [controls.slsaVerifyArtifact, controls.ssdfArchiveRelease],
  },
  'baseline/none': {
    title: 'There is nothing to compare with',
    severity: 'note',
    step: 'compare',
    why: 'The configuration says on purpose that there is no previous release; no comparison was made.',
    fix: 'After this release, set `baseline.file` to it, so that the next one is compared.',
    controls: [controls.ssdfGatherEvidence],
  },
});
