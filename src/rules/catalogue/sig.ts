import { defineRules } from '../rule.ts';

export const sigRules = defineRules({});
