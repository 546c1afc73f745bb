import { defineRules } from '../rule.ts';

export const depRules = defineRules({});
