import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Comparison, compareFiles } from '../../src/compare/files.ts';
import { parseVersionScript } from '../../src/compare/version-script.ts';
import { worstEffect } from '../../src/rules/effects.ts';
import type { Finding } from '../../src/rules/finding.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { buildPair, PAIRS, type PairEntry, TABLE } from './pairs.ts';

const EXPECTED = join(PAIRS, 'expected.txt');

/** UPDATE_EXPECTED=1 writes the file anew; review what changed in it. */
const update = process.env.UPDATE_EXPECTED === '1';

function sections(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const block of text.split(/^== /m).slice(1)) {
    const [name = ''] = block.split(/[ \n]/, 1);
    found.set(name, `== ${block.trimEnd()}`);
  }
  return found;
}

function line({ effect, severity, rule, subject, old, new: now, affected, location, message }: Finding): string {
  const parts = [
    `${effect ?? '-'} ${rule}`,
    subject === undefined ? '' : `(${subject})`,
    old === undefined && now === undefined ? '' : `${old ?? ''} -> ${now ?? ''}`,
    affected === undefined || affected.length === 0 ? '' : `[${affected.join(' ')}]`,
    location === undefined ? '' : `at ${location.line}:${location.column}`,
  ];
  return `  ${severity}: ${parts.filter((part) => part !== '').join(' ')}\n      ${message}`;
}

function rendered(name: string, pair: PairEntry, { verdict, findings }: Comparison): string {
  const known = worstEffect(findings.filter(({ rule }) => rule !== 'abi/types-not-compared'));
  const says = known === verdict ? verdict : `${verdict} (${known} but for the types)`;
  // The list of symbols whose types are open is the same everywhere; it is tested on its own.
  const lines = findings.filter(({ rule }) => rule !== 'abi/types-not-compared').map(line);
  const open = findings.length > lines.length ? ['  types open'] : [];
  return [`== ${name} (${pair.kind})`, pair.about, `verdict: ${says}`, ...lines, ...open]
    .join('\n')
    .replaceAll(PAIRS, '');
}

describeWith(['cc', 'c++'], 'pairs of releases', () => {
  const directory = workspace();
  const results = new Map<string, Comparison>();

  beforeAll(async () => {
    const waiting = [...TABLE];
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [name, pair] = next;
        const { v1, v2 } = await buildPair(directory, name, pair);
        const script = pair.versionScript === undefined ? undefined : join(PAIRS, name, pair.versionScript);
        const comparison = compareFiles(
          { name: 'old', bytes: readFileSync(v1) },
          { name: 'new', bytes: readFileSync(v2) },
          {
            required: pair.required ?? [],
            ...(script && {
              versionScript: parseVersionScript(readFileSync(script, 'latin1'), pair.versionScript ?? ''),
            }),
          },
        );
        results.set(name, comparison);
      }
    };
    await Promise.all([worker(), worker()]);
    if (update) {
      const blocks = [...TABLE].flatMap(([name, pair]) => {
        const comparison = results.get(name);
        return comparison === undefined ? [] : [rendered(name, pair, comparison)];
      });
      writeFileSync(EXPECTED, `${blocks.join('\n\n')}\n`);
    }
  });

  describe('say what the expected file says', () => {
    const expected = sections(update ? '' : readFileSync(EXPECTED, 'utf8'));
    it.each([...TABLE])('%s', (name, pair) => {
      const comparison = results.get(name);
      if (comparison === undefined) throw new Error(`${name} was not built`);
      if (!update) expect(rendered(name, pair, comparison)).toBe(expected.get(name));
      expect(comparison.verdict).not.toBe('compatible');
    });
  });

  it('stay silent on look-alikes: nothing risky or worse but the open types', () => {
    const loud = [...TABLE].flatMap(([name, { kind }]) => {
      const findings = results.get(name)?.findings.filter(({ rule }) => rule !== 'abi/types-not-compared') ?? [];
      const worst = worstEffect(findings);
      return kind === 'look-alike' && worst !== 'identical' && worst !== 'compatible' ? [`${name}: ${worst}`] : [];
    });
    expect(loud).toEqual([]);
  });

  it('hear every change: each says more than that types are open, unless only types can tell', () => {
    const quiet = [...TABLE].flatMap(([name, { kind }]) => {
      const findings = results.get(name)?.findings.filter(({ rule }) => rule !== 'abi/types-not-compared') ?? [];
      return kind === 'change' && name !== 'debug-information-differs' && findings.length === 0 ? [name] : [];
    });
    expect(quiet).toEqual([]);
  });
});
