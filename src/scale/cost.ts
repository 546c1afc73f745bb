import type { GateReport } from '../gate/report.ts';
import type { CostedJob } from './balance.ts';

/** What is known of one job before it runs. */
export interface JobSize {
  readonly plugin: string;
  readonly target: string;
  /** Bytes of the plugin file, where there is one already. */
  readonly size?: number;
}

function key(plugin: string, target: string): string {
  return JSON.stringify([plugin, target]);
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/**
 * What jobs are expected to cost: what they took in an earlier run (milliseconds), else by the size of the file at the
 * rate of those that are known, else as much as the one in the middle. Without an earlier run sizes alone decide.
 */
export function costs(jobs: readonly JobSize[], earlier?: GateReport): readonly CostedJob[] {
  const took = new Map<string, number>();
  const rates: number[] = [];
  for (const { plugin, target, steps, artifact } of earlier?.plugins ?? []) {
    const duration = steps.reduce((sum, { durationMs }) => sum + durationMs, 0);
    took.set(key(plugin, target), duration);
    if (artifact !== undefined && artifact.size > 0) rates.push(duration / artifact.size);
  }
  // Without durations a byte costs one, and every job as much as a small file on top.
  const rate = median(rates) ?? 1;
  const base = took.size > 0 ? 1 : 65_536;
  const sized = jobs.map(({ plugin, target, size }) => {
    const known = took.get(key(plugin, target));
    return known ?? (size === undefined ? undefined : size * rate + base);
  });
  const usual = median(sized.filter((cost) => cost !== undefined)) ?? base;
  return jobs.map(({ plugin, target }, at) => ({ plugin, target, cost: Math.max(1, Math.round(sized[at] ?? usual)) }));
}
