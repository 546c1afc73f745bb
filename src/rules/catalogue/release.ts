import { controls } from '../controls.ts';
import { defineRules, type Rule } from '../rule.ts';

const FRESH = [controls.slsaVerifyArtifact, controls.ospsUniqueVersion, controls.cncfSupplyChainPolicy] as const;

function refusal(title: string, why: string, fix: string): Rule {
  return { title, severity: 'error', step: 'verify', why, fix, controls: FRESH };
}

/** Rules about what was released before: a signature proves who, never that it is the newest. */
export const releaseRules = defineRules({
  'release/below-floor': refusal(
    'Version below the floor',
    'Versions below the floor have faults that must not come back. Their signatures are still valid, so only the version can tell.',
    'Release a version at or above `rollback.floor`. Lower the floor only when the old version is safe to bring back.',
  ),
  'release/rollback': refusal(
    'Older than what was released before',
    'A genuine old release, offered again, brings back every fault that was mended since. Its signature does not stop that.',
    'Give this release a higher version, or take the wrong line out of the ledger in a change that is reviewed.',
  ),
  'release/version-reused': refusal(
    'Version was released with other content',
    'Two files under one version cannot be told apart by those who deploy them, and caches keep the wrong one.',
    'Give this release a new version.',
  ),
  'release/known-content': refusal(
    'Content was released under another version',
    'An old file under a new version passes every check of the version, and brings its old faults with it.',
    'Build the release anew from the source that the version stands for.',
  ),
});
