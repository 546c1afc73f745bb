import { controls } from '../controls.ts';
import { defineRules } from '../rule.ts';

export const policyRules = defineRules({
  'policy/waiver-expiring': {
    title: 'A waiver expires soon',
    severity: 'warning',
    step: 'config',
    why: 'A finding is accepted for a limited time only. After that day it blocks the release again, and then there is no time left to mend it in peace.',
    fix: 'Mend the finding and remove the waiver, or have its owner review it and set a new date with `plugin-gate accept`.',
    controls: [controls.ssdfExceptions, controls.ssdfCheckCriteria],
  },
  'policy/waiver-expired': {
    title: 'A waiver has expired',
    severity: 'error',
    step: 'config',
    why: 'The time for which the finding was accepted is over and the finding is still there. An exception that nobody looks at again is no exception but the rule.',
    fix: 'Mend the finding and remove the waiver, or have its owner review it and set a new date with `plugin-gate accept`.',
    controls: [controls.ssdfExceptions, controls.ssdfCheckCriteria],
  },
  'policy/waiver-unused': {
    title: 'A waiver matches nothing',
    severity: 'warning',
    step: 'config',
    why: 'The finding it was written for is gone, or it never matched: a name was mistyped, or something was renamed. Left in place it can one day cover a finding that nobody has seen.',
    fix: 'Remove the waiver, or correct its rule, subject or plugin.',
    controls: [controls.ssdfExceptions, controls.ssdfCheckCriteria],
  },
});
