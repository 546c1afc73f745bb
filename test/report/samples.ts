import { readFileSync } from 'node:fs';
import type { GateReport, JudgedFinding } from '../../src/gate/report.ts';
import { parseReport } from '../../src/report/schema.ts';

/** The reports under test/fixtures/reports/, read as the program reads a foreign report. */
export const SAMPLES = ['passing', 'failing', 'undecided', 'waived', 'hostile'] as const;
export type SampleName = (typeof SAMPLES)[number];

export function sampleText(name: SampleName): string {
  return readFileSync(new URL(`../fixtures/reports/${name}.json`, import.meta.url), 'utf8');
}

export function sample(name: SampleName): GateReport {
  return parseReport(sampleText(name));
}

/** The failing sample with `count` different errors in place of its findings. */
export function manyFindings(count: number): GateReport {
  const report = sample('failing');
  const [model] = report.findings;
  if (model === undefined) throw new Error('the failing sample has no findings');
  const findings = Array.from({ length: count }, (_, index): JudgedFinding => {
    const symbol = `greet_symbol_number_${index}`;
    const fingerprint = index.toString(16).padStart(32, '0');
    return {
      ...model,
      message: `The exported symbol ${symbol} is gone.`,
      symbol,
      subject: symbol,
      old: symbol,
      fingerprint,
    };
  });
  const counts = { error: count, undecided: 0, warning: 0, note: 0, waived: 0, blocking: count };
  return { ...report, findings, counts };
}

/** Text that a person reviews: compared with a file, which UPDATE_EXPECTED=1 rewrites. */
export function expectedFile(name: string): URL {
  return new URL(`./expected/${name}`, import.meta.url);
}
