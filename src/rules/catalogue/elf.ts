import { defineRules } from '../rule.ts';

export const elfRules = defineRules({});
