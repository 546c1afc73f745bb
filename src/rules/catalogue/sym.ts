import { defineRules } from '../rule.ts';

export const symRules = defineRules({});
