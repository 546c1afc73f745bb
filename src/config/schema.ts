import { z } from 'zod';
import { catalogue, isRuleId } from '../rules/catalogue.ts';
import { baselineSchema, pluginSchema, sandboxSchema } from './plugin-schema.ts';
import { flag, name, repositoryPath } from './scalars.ts';
import { rollbackSchema, signatureSchema } from './signature-schema.ts';
import { verdictSchema } from './verdict-schema.ts';

/**
 * The configuration file plugin-gate.yml, version 1. The JSON Schema in schema/ and docs/configuration.md are made
 * from it (scripts/generate.ts); conditions between keys that no schema can express are in cross-checks.ts.
 */

const RULE_IDS = Object.keys(catalogue).filter(isRuleId);

/** What the policy can make of a rule. */
export const LEVELS = ['error', 'warning', 'note', 'off'] as const;

const level = z
  .enum(LEVELS, { error: 'expected error, warning, note or off' })
  .meta({ description: 'error blocks the release, warning and note do not, off leaves the finding out.' });

export const policySchema = z
  .strictObject({
    undecided: z
      .enum(['fail', 'warn', 'ignore'], { error: 'expected fail, warn or ignore' })
      .meta({ description: 'What the gate does where the evidence did not suffice.' })
      .default('fail'),
    rules: z
      .partialRecord(z.enum(RULE_IDS), level, { error: 'expected rules and levels such as { sym/added: off }' })
      .meta({ description: 'Level of a rule in place of its own; docs/rules.md lists the rules.' })
      .default({}),
    waivers: repositoryPath('File with the findings that were accepted, see `plugin-gate accept`.').optional(),
  })
  .meta({ description: 'What blocks a release.' });

const reportSchema = z
  .strictObject({
    directory: repositoryPath('Directory that the reports are written to.').default('plugin-gate-report'),
    comment: z
      .enum(['always', 'on-change', 'on-failure', 'never'], {
        error: 'expected always, on-change, on-failure or never',
      })
      .meta({ description: 'When the report is posted as a comment on the pull request.' })
      .default('always'),
    key: name('Tells the comments of several gates in one pull request apart.').default('default'),
    checkRun: flag('Post a check run with annotations.').default(true),
    record: repositoryPath(
      'File that a line is appended to for each decision: what was decided about which artifact, why, and on what evidence. Each line holds the digest of the one before.',
    ).optional(),
  })
  .meta({ description: 'Where the report goes.' });

export const configSchema = z
  .strictObject({
    $schema: z.string().max(2048).meta({ description: 'For editors: where the JSON Schema is.' }).optional(),
    version: z
      .literal(1, { error: 'expected 1, the version of this format' })
      .meta({ description: 'Version of this format.' }),
    plugins: z
      .array(pluginSchema, { error: 'expected a list of plugins' })
      .min(1, { error: 'expected at least one plugin' })
      .max(10_000, { error: 'expected at most 10000 plugins' })
      .meta({ description: 'The plugins of this release.' }),
    unrelated: z
      .array(repositoryPath('A path or pattern, such as docs/**.'), { error: 'expected a list of paths or patterns' })
      .meta({ description: 'What no plugin is made of. Any other path that changes may be part of every plugin.' })
      .default([]),
    baseline: baselineSchema.optional(),
    signature: signatureSchema.optional(),
    rollback: rollbackSchema.optional(),
    sandbox: sandboxSchema.prefault({}),
    policy: policySchema.prefault({}),
    report: reportSchema.prefault({}),
    verdict: verdictSchema.optional(),
  })
  .meta({ title: 'plugin-gate configuration', description: 'The configuration of plugin-gate.' });

export type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

/** The configuration after defaults: durations in milliseconds, `build.command` always a list of argvs. */
export type GateConfig = DeepReadonly<z.output<typeof configSchema>>;
export type PluginConfig = GateConfig['plugins'][number];
export type BuildConfig = NonNullable<PluginConfig['build']>;
export type GoBuildConfig = NonNullable<BuildConfig['go']>;
export type HostConfig = PluginConfig['hosts'][number];
export type ProbeConfig = NonNullable<PluginConfig['probe']>;
export type BaselineConfig = NonNullable<GateConfig['baseline']>;
export type SignatureConfig = NonNullable<GateConfig['signature']>;
export type RollbackConfig = NonNullable<GateConfig['rollback']>;
export type SandboxConfig = GateConfig['sandbox'];
export type PolicyConfig = GateConfig['policy'];
export type VerdictConfig = NonNullable<GateConfig['verdict']>;
export type ReportConfig = GateConfig['report'];

/** Version of the format, and the file that commands look for. */
export const CONFIG_FILE = 'plugin-gate.yml';
/** Used when it exists and the policy names no other. */
export const DEFAULT_WAIVERS_FILE = '.plugin-gate/waivers.yml';
