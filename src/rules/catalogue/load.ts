import { defineRules } from '../rule.ts';

export const loadRules = defineRules({});
