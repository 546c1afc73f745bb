import { controls } from '../controls.ts';
import { defineRules } from '../rule.ts';

export const snapshotRules = defineRules({
  'snapshot/refused': {
    title: 'A snapshot cannot be used',
    severity: 'undecided',
    step: 'compare',
    why: 'What the release that it stands for looked like is not known then, so a breaking change would go unseen.',
    fix: 'Make it anew from the released file with `plugin-gate snapshot`, or name the file itself.',
    controls: [controls.ssdfArchiveRelease],
  },
});
