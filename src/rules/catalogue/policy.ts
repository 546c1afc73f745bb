import { defineRules } from '../rule.ts';

export const policyRules = defineRules({});
