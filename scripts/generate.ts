#!/usr/bin/env node
// Writes what is made from the code: the JSON Schemas, docs/rules.md and docs/configuration.md. Needs Node 24, which
// runs TypeScript as it is.
//   node scripts/generate.ts [--check]     --check writes nothing and exits 1 when a file is not as it would be made
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configJsonSchema, waiversJsonSchema } from '../src/config/json-schema.ts';
import { loadJsonSchema } from '../src/report/load-schema.ts';
import { reportJsonSchema } from '../src/report/schema.ts';
import { verifyJsonSchema } from '../src/report/verify-schema.ts';
import { verifySummaryJsonSchema } from '../src/report/verify-summary-schema.ts';
import { ruleJsonSchema } from '../src/rules/rule-schema.ts';
import { snapshotJsonSchema } from '../src/snapshot/json-schema.ts';
import { configurationPage } from './generate-configuration.ts';
import { rulesPage } from './generate-rules.ts';

const json = (schema: unknown) => `${JSON.stringify(schema, null, 2)}\n`;

/** Every generated file, by its path in the repository. */
export function generatedFiles(): Readonly<Record<string, string>> {
  return {
    'schema/config.v1.json': json(configJsonSchema()),
    'schema/waivers.v1.json': json(waiversJsonSchema()),
    'schema/report.v1.json': json(reportJsonSchema()),
    'schema/load.v1.json': json(loadJsonSchema()),
    'schema/verify.v1.json': json(verifyJsonSchema()),
    'schema/verify-summary.v1.json': json(verifySummaryJsonSchema()),
    'schema/rule.v1.json': json(ruleJsonSchema()),
    'schema/snapshot.v1.json': json(snapshotJsonSchema()),
    'docs/rules.md': rulesPage(),
    'docs/configuration.md': configurationPage(),
  };
}

function main(check: boolean): number {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
  const stale = Object.entries(generatedFiles()).filter(([path, text]) => {
    const file = join(root, path);
    return !existsSync(file) || readFileSync(file, 'utf8') !== text;
  });
  for (const [path, text] of stale) {
    console.log(check ? `${path} is not as it would be generated; run: node scripts/generate.ts` : `wrote ${path}`);
    if (check) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  if (stale.length === 0) console.log('All generated files are as they would be made.');
  return check && stale.length > 0 ? 1 : 0;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = main(process.argv.includes('--check'));
}
