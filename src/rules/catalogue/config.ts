import { controls } from '../controls.ts';
import { defineRules } from '../rule.ts';

export const configRules = defineRules({
  'config/invalid': {
    title: 'Configuration cannot be used',
    severity: 'error',
    step: 'config',
    why: 'A gate whose configuration has an error does not know what to check. Guessing would let a release pass that nobody meant to pass.',
    fix: 'Mend the places that are named; every one has its line, what is wrong and what would be right. The JSON Schema in schema/config.v1.json lets an editor point them out while you write.',
    controls: [controls.ssdfCheckCriteria, controls.ssdfSecureDefaults],
  },
});
