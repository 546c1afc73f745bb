import { existsSync, lstatSync, opendirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { readArtifact } from '../artifact/read.ts';
import { UsageError } from '../errors.ts';
import type { Job } from '../gate/plan.ts';
import type { GateReport } from '../gate/report.ts';
import { parseReport } from '../report/schema.ts';
import type { JobSize } from './cost.ts';
import type { ShardReport } from './merge.ts';
import { type Plan, parsePlan } from './plan.ts';

/** Bytes. */
const LARGEST_PLAN = 64 * 1024 * 1024;
const LARGEST_REPORT = 64 * 1024 * 1024;
/** Entries of the directory of reports that are looked at. */
const MOST_ENTRIES = 20_000;
const DEPTH = 3;

function textOf(path: string, shown: string, maxSize: number): string {
  const { artifact, problem } = readArtifact(dirname(path), basename(path), { maxSize });
  if (artifact === undefined) throw new UsageError(`${shown} cannot be read. ${problem.message}`);
  return Buffer.from(artifact.bytes).toString('utf8');
}

/** @param path absolute @throws UsageError */
export function readPlan(path: string, shown: string): Plan {
  return parsePlan(textOf(path, `The plan ${shown}`, LARGEST_PLAN));
}

/** The report of an earlier run, for expected costs. @param path absolute @throws UsageError */
export function readEarlier(path: string, shown: string): GateReport {
  return parseReport(textOf(path, `The report ${shown}`, LARGEST_REPORT));
}

/** The sizes of the files that are there already; a build is yet to make the others. */
export function sizesOf(jobs: readonly Job[], root: string): readonly JobSize[] {
  return jobs.map(({ plugin, target, artifact }) => {
    const size = statSync(join(root, artifact), { throwIfNoEntry: false })?.size;
    return { plugin: plugin.name, target, ...(size === undefined ? {} : { size }) };
  });
}

/**
 * Every `report.json` in a directory and those below it, as `actions/download-artifact` lays them out. What cannot be
 * read is told as such; links are not followed.
 * @param directory absolute
 * @throws UsageError when there is no such directory, or it holds too much
 */
export function readShardReports(directory: string, shown: string): readonly ShardReport[] {
  if (!existsSync(directory)) throw new UsageError(`There is no directory ${shown} with the reports of the shards.`);
  const found: string[] = [];
  let seen = 0;
  const walk = (at: string, depth: number): void => {
    const entries = opendirSync(at);
    try {
      for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
        seen += 1;
        if (seen > MOST_ENTRIES)
          throw new UsageError(`${shown} has more than ${MOST_ENTRIES} files; keep reports only.`);
        const path = join(at, entry.name);
        if (entry.isDirectory() && depth < DEPTH) walk(path, depth + 1);
        else if (entry.name === 'report.json') found.push(path);
      }
    } finally {
      entries.closeSync();
    }
  };
  walk(directory, 0);
  return found.sort().map((path): ShardReport => {
    const from = relative(directory, path);
    try {
      if (!lstatSync(path).isFile()) return { from, problem: 'it is not a regular file' };
      return { from, report: parseReport(textOf(path, from, LARGEST_REPORT)) };
    } catch (error) {
      const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
      return { from, problem: first.replace(/[.:]$/, '') };
    }
  });
}
