import { defineRules } from '../rule.ts';

export const hardRules = defineRules({});
