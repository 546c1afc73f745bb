import { defineRules } from '../rule.ts';

export const fitRules = defineRules({});
