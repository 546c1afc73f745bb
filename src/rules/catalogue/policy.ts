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
  'policy/relaxed': {
    title: 'This change relaxes the gate',
    severity: 'warning',
    step: 'config',
    why: 'Configuration, waivers, keys and previous releases that are in the repository are taken from the base of a pull request, so that no change can judge itself. What it takes back would hold from the next change on, and has to be seen by whoever reviews this one.',
    fix: 'Review it as you would review the code, or take it back. To let a change pass that today is blocked, bring the relaxed policy in first, by a change of its own.',
    controls: [controls.ssdfExceptions, controls.ssdfCheckCriteria],
  },
  'policy/own': {
    title: 'The change is judged by its own policy',
    severity: 'warning',
    step: 'config',
    why: 'The base has no usable configuration, so the one that the change brings decides. That is as it should be for the change that brings plugin-gate in, and for no other.',
    fix: 'Review the configuration and the waivers as a whole. If the configuration was moved, keep the old one in place until the new one is on the base.',
    controls: [controls.ssdfExceptions, controls.ssdfCheckCriteria],
  },
});
