import { abiRules } from './catalogue/abi.ts';
import { abiCxxRules } from './catalogue/abi-cxx.ts';
import { abiTypeRules } from './catalogue/abi-types.ts';
import { baselineRules } from './catalogue/baseline.ts';
import { buildRules } from './catalogue/build.ts';
import { changeRules } from './catalogue/change.ts';
import { configRules } from './catalogue/config.ts';
import { depRules } from './catalogue/dep.ts';
import { elfRules } from './catalogue/elf.ts';
import { fitRules } from './catalogue/fit.ts';
import { gateRules } from './catalogue/gate.ts';
import { goRules } from './catalogue/go.ts';
import { goSourceRules } from './catalogue/go-source.ts';
import { hardRules } from './catalogue/hard.ts';
import { hostTypeRules } from './catalogue/host-types.ts';
import { loadRules } from './catalogue/load.ts';
import { ociRules } from './catalogue/oci.ts';
import { policyRules } from './catalogue/policy.ts';
import { releaseRules } from './catalogue/release.ts';
import { sigRules } from './catalogue/sig.ts';
import { snapshotRules } from './catalogue/snapshot.ts';
import { swapRules } from './catalogue/swap.ts';
import { symRules } from './catalogue/sym.ts';
import { verdictRules } from './catalogue/verdict.ts';
import { versionRules } from './catalogue/version.ts';
import type { Rule } from './rule.ts';

/** Every rule of the gate, by id. One file a family under catalogue/. */
export const catalogue = {
  ...configRules,
  ...buildRules,
  ...baselineRules,
  ...elfRules,
  ...symRules,
  ...abiRules,
  ...abiTypeRules,
  ...abiCxxRules,
  ...snapshotRules,
  ...changeRules,
  ...versionRules,
  ...depRules,
  ...goRules,
  ...goSourceRules,
  ...hardRules,
  ...fitRules,
  ...hostTypeRules,
  ...sigRules,
  ...ociRules,
  ...releaseRules,
  ...loadRules,
  ...swapRules,
  ...policyRules,
  ...verdictRules,
  ...gateRules,
} as const;

export type RuleId = keyof typeof catalogue;

/** The catalogue entry of a rule id that the type system already vouches for. */
export function ruleOf(id: RuleId): Rule {
  return catalogue[id];
}

/** Whether text from outside (a waiver, an argument) names a rule. */
export function isRuleId(text: string): text is RuleId {
  return Object.hasOwn(catalogue, text);
}
