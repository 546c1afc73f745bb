import { defineRules } from '../rule.ts';

export const buildRules = defineRules({});
